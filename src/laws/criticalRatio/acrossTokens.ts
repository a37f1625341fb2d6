import { fitLaw } from '../fitting/fit.ts';
import { lawValue, toVector } from '../forms/form.ts';
import { fittedLaw } from './fittedLaw.ts';
import { cmrAcrossTokens, TOKEN_SHARE } from './forms.ts';
import type { AcrossTokens } from './types.ts';

const WEAK =
  'the law of the ratio against tokens is weakly identified: the sign of alpha4 changes between the published sizes';

/** Turning points further out than this many times the tokens measured are guesses. */
const FURTHEST = 3;
const DISAGREEMENT = 0.05;

/**
 * R_CMR = alpha4·T^s4 + beta3 (arXiv 2407.17467), fitted to the turning points of one model size: a ratio whose general
 * loss turns at T0 is the critical one of a run of T0 tokens, as far as the turning condition goes (the tolerance is not
 * in it). Those beyond three times T_max are left out. `atReference`: the same ratio at T_max by interpolation between
 * measured ratios, to compare with. Tokens in billions. Null with fewer than three turning points.
 */
export function fitAcrossTokens(
  turningPoints: readonly { tokens: number; domainRatio: number }[],
  modelSize: number,
  referenceTokens: number,
  atReference: number | null = null,
): AcrossTokens | null {
  const pairs = turningPoints.filter(({ tokens }) => tokens <= FURTHEST * referenceTokens);
  const rows = pairs.map(({ tokens, domainRatio }) => ({
    n: modelSize,
    d: tokens,
    ratio: domainRatio,
    loss: domainRatio,
    run: `R = ${domainRatio}`,
    inputs: { [TOKEN_SHARE]: tokens / referenceTokens },
  }));
  const fit = fitLaw(cmrAcrossTokens, rows, { objective: 'least-squares' });
  if (fit.starts === 0 || fit.status === 'too-few-tokens') return null;
  const warnings = [WEAK];
  if (pairs.length === 3)
    warnings.push('three turning points fix its three coefficients exactly: nothing tests its shape');
  const beyond = pairs.filter(({ tokens }) => tokens > referenceTokens).length;
  if (beyond > 0) {
    warnings.push(
      `${beyond} of its ${pairs.length} turning points lie beyond the tokens measured, where token laws are extrapolated`,
    );
  }
  const there = fit.parameters.level!;
  if (atReference !== null && Math.abs(there - atReference) > DISAGREEMENT) {
    warnings.push(
      `at T_max it says ${there.toFixed(3)}, interpolation between the measured ratios ${atReference.toFixed(3)}: do not trust it beyond`,
    );
  }
  const sorted = [...pairs].sort((a, b) => a.tokens - b.tokens);
  return {
    law: fittedLaw(cmrAcrossTokens, fit, referenceTokens),
    referenceTokens,
    pairs: sorted,
    warnings,
  };
}

/** The critical ratio at some token count (billions): null when the law puts it at 0 or below, 1 when at 1 or above. */
export function ratioAcrossTokens(
  across: AcrossTokens,
  tokens: number,
): { domainRatio: number | null; warnings: string[] } {
  const value = lawValue(cmrAcrossTokens, toVector(cmrAcrossTokens, across.law.parameters), {
    n: 1,
    d: tokens,
    ratio: 1,
    inputs: { [TOKEN_SHARE]: tokens / across.referenceTokens },
  });
  const warnings = [...across.warnings];
  const [first, last] = [across.pairs[0]!.tokens, across.pairs.at(-1)!.tokens];
  if (tokens < first || tokens > last) {
    warnings.push(
      `${tokens} billion tokens lie outside the turning points (${first} to ${last}): an extrapolation`,
    );
  }
  if (value <= 0) warnings.push('the law allows no domain text at all there');
  return { domainRatio: value <= 0 ? null : Math.min(1, value), warnings };
}
