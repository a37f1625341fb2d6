import { distinct } from '../fitting/checkRows.ts';
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
const STARTS = 32;
/** Larger than any slope of a loss, and finite so that sums with it are numbers. */
const UNDETERMINED = 1e6;
/** One more than the general law has coefficients: through fewer points it passes whatever they say. */
const FEWEST_TOKENS = cmrGeneralTokens.parameters.length + 1;

/** The rows of a token law: one ratio's changes of one loss. */
export function tokenRows(
  group: RatioGroup,
  loss: 'general' | 'domain',
  maxTokens: number,
  modelSize: number,
): LawObservation[] {
  return group.changes.map((change) => ({
    n: modelSize,
    d: change.tokens,
    ratio: change.domainRatio,
    loss: change[loss],
    run: change.run,
    inputs: { [TOKEN_SHARE]: change.tokens / maxTokens },
  }));
}

/**
 * Fits Eq 8 of arXiv 2407.17467 to the runs of one ratio, by least squares on the changes of loss. A string instead,
 * the reason, when there are too few token counts or no solution.
 */
export function fitTokenLaws(group: RatioGroup, maxTokens: number, modelSize: number): TokenLaws | string {
  const counts = distinct(group.changes.map(({ tokens }) => tokens)).length;
  if (counts < FEWEST_TOKENS)
    return `${counts} token counts where the general token law, with ${FEWEST_TOKENS - 1} coefficients, needs ${FEWEST_TOKENS}`;
  const generalRows = tokenRows(group, 'general', maxTokens, modelSize);
  const domainRows = tokenRows(group, 'domain', maxTokens, modelSize);
  const generalFit = fitLaw(cmrGeneralTokens, generalRows, { objective: 'least-squares', starts: STARTS });
  const domainFit = fitLaw(cmrDomainTokens, domainRows, { objective: 'least-squares', starts: STARTS });
  for (const fit of [generalFit, domainFit]) {
    if (fit.starts === 0) return fit.statusDetail;
  }
  return {
    generalFit,
    domainFit,
    general: generalTerms(generalFit.parameters),
    domain: domainTerms(domainFit.parameters),
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

export function domainTerms(parameters: Readonly<Record<string, number>>): SlopeTerm[] {
  return [{ slope: parameters.slope1!, s: parameters.s1! }];
}

export function generalTerms(parameters: Readonly<Record<string, number>>): SlopeTerm[] {
  const { slope2, slope3, s2, gap } = parameters as Record<'slope2' | 'slope3' | 's2' | 'gap', number>;
  return [
    { slope: slope2, s: s2 },
    { slope: slope3, s: s2 + gap },
  ];
}

/**
 * Standard error of a sum of parameters, from the scatter of the rows around the law (delta method), and never less
 * than half the range over the fits that are as good. Parameters at a bound count as free: held there they would promise too much.
 */
function slopeError(form: LawForm, fit: LawFit, rows: readonly LawObservation[], names: string[]): number {
  const sumOf = (parameters: Readonly<Record<string, number>>) =>
    names.reduce((sum, name) => sum + parameters[name]!, 0);
  const sums = fit.nearOptimal.map(sumOf);
  const disagreement = sums.length === 0 ? 0 : (Math.max(...sums) - Math.min(...sums)) / 2;
  const vector = toVector(form, fit.parameters);
  const jacobian = lawJacobian(form, vector, rows);
  const gram = vector.map((_, i) =>
    vector.map((__, j) => jacobian.reduce((sum, line) => sum + line[i]! * line[j]!, 0)),
  );
  const size = gram.map((line, i) => Math.sqrt(line[i]!) || 1);
  // A ridge at rounding: an undetermined direction gets a huge error, not none at all.
  const scaled = gram.map((line, i) =>
    line.map((value, j) => value / (size[i]! * size[j]!) + (i === j ? 1e-12 : 0)),
  );
  const wanted = form.parameters.map(({ name }, k) => (names.includes(name) ? 1 / size[k]! : 0));
  const solved = solvePositive(scaled, wanted);
  if (!solved) return UNDETERMINED;
  const spread = wanted.reduce((sum, value, k) => sum + value * solved[k]!, 0);
  const variance = (2 * fit.objective.value) / (rows.length - vector.length);
  return Math.min(UNDETERMINED, Math.max(disagreement, Math.sqrt(Math.max(0, variance * spread))));
}
