import { normalCdf } from '../fitting/normal.ts';
import type { LawFit } from '../types.ts';
import type { NoiseModel } from './types.ts';

/**
 * How the fit's objective sees normal noise: Huber's score ψ clips residuals at delta, which costs precision where delta
 * is below the noise (as it nearly always is: with delta → 0 the fit is a median, with π/2 times the variance).
 */
export interface Scores {
  /** E ψ': the share of rows whose residual is not clipped. */
  slope: number;
  /** Var ψ = own + shared; shared: covariance of ψ between two rows of one run. */
  own: number;
  shared: number;
}

/** Row noise that was never seen apart from the run's is still not zero: a share of the run's standard deviation. */
const LEAST_ROW_SHARE = 1e-3;
const REACH = 8;
const STEPS = 800;

export const rowDeviation = ({ run, row }: NoiseModel): number => Math.max(row, LEAST_ROW_SHARE * run);

/** Moments of ψ under noise of runs and rows (Huber 1964, Annals of Mathematical Statistics 35); log loss throughout. */
export function scoresOf(
  noise: NoiseModel,
  { objective, delta }: Pick<LawFit, 'objective' | 'delta'>,
): Scores {
  const row = rowDeviation(noise);
  // Squares of the loss itself are nearly squares of log loss, up to a weight that hardly varies.
  if (objective.kind === 'least-squares') return { slope: 1, own: row ** 2, shared: noise.run ** 2 };
  const all = Math.hypot(noise.run, row);
  const at = delta / all;
  const slope = 2 * normalCdf(at) - 1;
  const square = all ** 2 * (slope - 2 * at * density(at)) + delta ** 2 * (1 - slope);
  // Rows of a run are independent once its own luck u is known: covariance = Var E(ψ | u), by Simpson's rule over u.
  let shared = 0;
  for (let k = 0; noise.run > 0 && k <= STEPS; k++) {
    const z = REACH * ((2 * k) / STEPS - 1);
    const weight = k === 0 || k === STEPS ? 1 : k % 2 === 1 ? 4 : 2;
    shared += weight * density(z) * clippedMean(noise.run * z, row, delta) ** 2;
  }
  shared *= (2 * REACH) / STEPS / 3;
  return { slope, own: Math.max(0, square - shared), shared };
}

/** Mean of a normal variable (mean, deviation) clipped to ±delta. */
function clippedMean(mean: number, deviation: number, delta: number): number {
  const a = (-delta - mean) / deviation;
  const b = (delta - mean) / deviation;
  const [below, upTo] = [normalCdf(a), normalCdf(b)];
  return delta * (1 - upTo) - delta * below + mean * (upTo - below) - deviation * (density(b) - density(a));
}

const density = (x: number): number => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
