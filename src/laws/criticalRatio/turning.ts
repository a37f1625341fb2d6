import type { TurningPoint } from './types.ts';

/** slope·t^s: a part of the change of loss per unit of log t, t the tokens as a share of T_max. */
export interface SlopeTerm {
  slope: number;
  s: number;
}

/** How far beyond T_max a turning point is looked for. */
const HORIZON = 10;
const STEPS = 600;

/**
 * T0 (arXiv 2407.17467 Eq 25-26): the token count from which domain loss + lambda·general loss falls until T_max, where
 * alpha1·s1·T^(s1−1) + lambda·(alpha2·s2·T^(s2−1) + alpha3·s3·T^(s3−1)) changes from above to below zero. The closed
 * form that the paper prints (Eq 7) still contains T0, so the root is bracketed and bisected. Multiplied by T the
 * condition is a sum of powers, `terms`, with at most two roots; where loss still rises at T_max the next fall counts.
 * `first`: the first token count measured, as a share of T_max; below it the laws are not looked at.
 */
export function turningPoint(terms: readonly SlopeTerm[], first: number, maxTokens: number): TurningPoint {
  const rises = (log: number) => terms.reduce((sum, { slope, s }) => sum + slope * Math.exp(s * log), 0) > 0;
  const at = (log: number) => maxTokens * Math.exp(log);
  if (!rises(0)) {
    const width = Math.log(first) / STEPS;
    for (let k = 1; k <= STEPS; k++) {
      if (rises(k * width))
        return { where: 'within', tokens: at(lastRise(rises, k * width, (k - 1) * width)) };
    }
    return { where: 'before-first', tokens: null };
  }
  const width = Math.log(HORIZON) / STEPS;
  for (let k = 1; k <= STEPS; k++) {
    if (!rises(k * width))
      return { where: 'beyond-last', tokens: at(lastRise(rises, (k - 1) * width, k * width)) };
  }
  return { where: 'never', tokens: null };
}

function lastRise(rises: (log: number) => boolean, rising: number, falling: number): number {
  let low = rising;
  let high = falling;
  while (high - low > 1e-12) {
    const middle = (low + high) / 2;
    if (rises(middle)) low = middle;
    else high = middle;
  }
  return high;
}
