import { fitLaw } from '../fitting/fit.ts';
import { solvePositive } from '../fitting/linearAlgebra.ts';
import { type LawForm, lawJacobian, toVector } from '../forms/form.ts';
import type { LawFit, LawObservation } from '../types.ts';
import { cmrDomainTokens, cmrGeneralTokens, TOKEN_SHARE } from './forms.ts';
import type { RatioGroup } from './trajectories.ts';
import type { SlopeTerm } from './turning.ts';

/** The token laws of one domain ratio: how general and domain loss change with log T. */
export interface TokenLaws {
  generalFit: LawFit;
  domainFit: LawFit;
  general: SlopeTerm[];
  domain: SlopeTerm[];
  /** Standard errors of their slopes at T_max. */
  generalError: number;
  domainError: number;
  /** First token count measured, as a share of T_max. */
  first: number;
}

/** A shape has one or two exponents: this many starts leave none of its optima out. */
const STARTS = 48;

/**
 * Fits Eq 8 of arXiv 2407.17467 to the runs of one ratio, by least squares on the changes of loss. `counts`: how often
 * a run counts (1 without). Null, with the reason, when there are too few token counts or no solution.
 */
export function fitTokenLaws(
  group: RatioGroup,
  maxTokens: number,
  modelSize: number,
  counts: ReadonlyMap<string, number> | null = null,
): TokenLaws | string {
  const rows = (loss: 'general' | 'domain'): LawObservation[] =>
    group.changes
      .map((change) => ({
        n: modelSize,
        d: change.tokens,
        ratio: change.domainRatio,
        loss: change[loss],
        run: change.run,
        weight: counts ? (counts.get(change.run) ?? 0) : 1,
        inputs: { [TOKEN_SHARE]: change.tokens / maxTokens },
      }))
      .filter(({ weight }) => weight > 0);
  const generalRows = rows('general');
  const domainRows = rows('domain');
  const generalFit = fitLaw(cmrGeneralTokens, generalRows, { objective: 'least-squares', starts: STARTS });
  const domainFit = fitLaw(cmrDomainTokens, domainRows, { objective: 'least-squares', starts: STARTS });
  for (const fit of [generalFit, domainFit]) {
    if (fit.starts === 0 || fit.status.startsWith('too-few')) return fit.statusDetail;
  }
  return {
    generalFit,
    domainFit,
    general: generalTerms(generalFit.parameters),
    domain: [{ slope: domainFit.parameters.slope1!, s: domainFit.parameters.s1! }],
    generalError: slopeError(cmrGeneralTokens, generalFit, generalRows, ['slope2', 'slope3']),
    domainError: slopeError(cmrDomainTokens, domainFit, domainRows, ['slope1']),
    first: Math.min(...generalRows.map(({ d }) => d)) / maxTokens,
  };
}

/** The terms of T·d/dT (general + domain / lambda). */
export function combinedTerms(laws: Pick<TokenLaws, 'general' | 'domain'>, lambda: number): SlopeTerm[] {
  return [...laws.general, ...laws.domain.map(({ slope, s }) => ({ slope: slope / lambda, s }))];
}

/** The value of combinedTerms at T_max, and its standard error. */
export function combinedSlope(laws: TokenLaws, lambda: number): { slope: number; error: number } {
  return {
    slope: combinedTerms(laws, lambda).reduce((sum, term) => sum + term.slope, 0),
    error: Math.hypot(laws.generalError, laws.domainError / lambda),
  };
}

function generalTerms(parameters: Readonly<Record<string, number>>): SlopeTerm[] {
  const { slope2, slope3, s2, gap } = parameters as Record<'slope2' | 'slope3' | 's2' | 'gap', number>;
  return [
    { slope: slope2, s: s2 },
    { slope: slope3, s: s2 + gap },
  ];
}

/**
 * Standard error of a sum of parameters, from the scatter of the rows around the law (delta method), and never less
 * than half the range over the fits that are as good. Parameters at a bound are taken as given.
 */
function slopeError(form: LawForm, fit: LawFit, rows: readonly LawObservation[], names: string[]): number {
  const sumOf = (parameters: Readonly<Record<string, number>>) =>
    names.reduce((sum, name) => sum + parameters[name]!, 0);
  const sums = fit.nearOptimal.map(sumOf);
  const disagreement = sums.length === 0 ? 0 : (Math.max(...sums) - Math.min(...sums)) / 2;
  const vector = toVector(form, fit.parameters);
  const free = form.parameters.flatMap(({ lower, upper }, i) =>
    vector[i]! > lower && vector[i]! < upper ? [i] : [],
  );
  if (rows.length <= free.length) return disagreement;
  const jacobian = lawJacobian(form, vector, rows);
  const gram = free.map((i) =>
    free.map((j) => jacobian.reduce((sum, line, k) => sum + (rows[k]!.weight ?? 1) * line[i]! * line[j]!, 0)),
  );
  const size = gram.map((line, i) => Math.sqrt(line[i]!) || 1);
  // A ridge at rounding: an undetermined direction gets a huge error, not none at all.
  const scaled = gram.map((line, i) =>
    line.map((value, j) => value / (size[i]! * size[j]!) + (i === j ? 1e-12 : 0)),
  );
  const wanted = free.map((i, k) => (names.includes(form.parameters[i]!.name) ? 1 / size[k]! : 0));
  const solved = solvePositive(scaled, wanted);
  if (!solved) return Number.POSITIVE_INFINITY;
  const spread = wanted.reduce((sum, value, k) => sum + value * solved[k]!, 0);
  const variance = (2 * fit.objective.value) / (rows.length - free.length);
  return Math.max(disagreement, Math.sqrt(Math.max(0, variance * spread)));
}
