import { makeRandom } from '../common/random.ts';

/** Mixture ratios by list, evenly spaced, or from a scrambled Sobol sequence. */
export type MixturePlan =
  | { ratios: readonly number[] }
  | { sample: 'grid'; count: number }
  | { sample: 'sobol'; count: number; seed: number };

/** Ratios are written into run labels and tables: four decimals keep them readable and are finer than any answer. */
const DECIMALS = 1e4;

/**
 * The domain ratios of a sweep, ascending. A sample always holds 0 and 1: pure general text and pure domain text
 * are the ends between which the laws interpolate. `grid` spaces the rest evenly. `sobol` takes them from the
 * one-dimensional Sobol sequence (in base 2 that is van der Corput's), scrambled by a digital shift drawn from
 * `seed`: every prefix of it fills the range about evenly, so another count adds ratios rather than moving them all.
 */
export function expandRatios(plan: MixturePlan): number[] {
  if ('ratios' in plan) return [...plan.ratios].sort((a, b) => a - b);
  const inner = plan.count - 2;
  if (plan.sample === 'grid') {
    return Array.from({ length: plan.count }, (_, i) => round(i / (plan.count - 1)));
  }
  const shift = makeRandom('mixture ratios', plan.seed).integer(2 ** 32);
  const ratios = new Set<number>();
  for (let index = 0; ratios.size < inner; index++) {
    const ratio = round(((reverseBits(index) ^ shift) >>> 0) / 2 ** 32);
    if (ratio > 0 && ratio < 1) ratios.add(ratio);
  }
  return [0, ...[...ratios].sort((a, b) => a - b), 1];
}

function round(ratio: number): number {
  return Math.round(ratio * DECIMALS) / DECIMALS;
}

/** The 32 bits of a whole number in reverse order: van der Corput's sequence is this, divided by 2^32. */
function reverseBits(index: number): number {
  let reversed = 0;
  for (let bit = 0; bit < 32; bit++) reversed = (reversed << 1) | ((index >>> bit) & 1);
  return reversed >>> 0;
}
