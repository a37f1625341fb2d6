import { fittedLaw } from './fittedLaw.ts';
import { cmrDomainTokens, cmrGeneralTokens } from './forms.ts';
import type { Evidence } from './resample.ts';
import { combinedSlope, combinedTerms } from './tokenLaws.ts';
import { finalChanges } from './trajectories.ts';
import { turningPoint } from './turning.ts';
import type { BaseLosses, RatioRow } from './types.ts';

/** What was measured and fitted at every ratio, and which conditions each one fails. */
export function ratioTable(evidence: Evidence, base: BaseLosses): RatioRow[] {
  const { tokens, toleranceNats, lambda } = evidence;
  return evidence.ratios.map(({ group, laws }) => {
    const finals = finalChanges(group, tokens);
    const mean = (loss: 'general' | 'domain') =>
      finals.reduce((sum, change) => sum + change[loss], 0) / finals.length;
    const generalChange = mean('general');
    const domainChange = mean('domain');
    const fitted = typeof laws === 'string' ? null : laws;
    const turned = fitted && combinedSlope(fitted, lambda);
    const turning = (atLambda: number) =>
      fitted && turningPoint(combinedTerms(fitted, atLambda), fitted.first, tokens);
    const withinTolerance = generalChange <= toleranceNats;
    const t0 = turning(lambda);
    const turns = turned && turned.slope <= 0;
    const fails: string[] = [];
    if (!withinTolerance)
      fails.push(
        `general loss ends ${generalChange.toFixed(4)} above the base model's, ${toleranceNats} is allowed`,
      );
    if (turns === false)
      fails.push(
        t0!.tokens
          ? `it still rises at T_max and would turn at ${Number(t0!.tokens.toPrecision(3))} billion tokens`
          : 'it still rises at T_max and does not turn within ten times as many tokens',
      );
    return {
      domainRatio: group.domainRatio,
      runs: group.runs,
      generalLoss: base.generalLoss + generalChange,
      domainLoss: base.domainLoss + domainChange,
      generalChange,
      withinTolerance,
      turning: t0,
      generalTurning: turning(Number.POSITIVE_INFINITY),
      slope: turned?.slope ?? null,
      slopeError: turned?.error ?? null,
      domainImproves: domainChange < 0,
      feasible: withinTolerance ? turns : false,
      fails,
      tokenLawProblem: typeof laws === 'string' ? laws : null,
      generalLaw: fitted && fittedLaw(cmrGeneralTokens, fitted.generalFit, tokens),
      domainLaw: fitted && fittedLaw(cmrDomainTokens, fitted.domainFit, tokens),
    };
  });
}
