import type { LawForm } from './forms/form.ts';
import { lawGradient } from './forms/form.ts';
import type { LawPoint } from './types.ts';

/** Rows in the fitter's own units (N and D near 1), with the logarithm of their loss. */
export interface FitRow extends LawPoint {
  logLoss: number;
  weight: number;
}

/** Huber's loss of a residual: quadratic up to delta, linear beyond (Huber 1964), as in arXiv 2203.15556. */
export function huber(residual: number, delta: number): number {
  const size = Math.abs(residual);
  return size <= delta ? (residual * residual) / 2 : delta * (size - delta / 2);
}

/**
 * Sum (never the mean: averaging made a well-known fit stop early, arXiv 2404.10102) of Huber(delta) on
 * log L_predicted − log L_measured. Infinity where the law is not positive.
 */
export function objective(
  form: LawForm,
  vector: readonly number[],
  rows: readonly FitRow[],
  delta: number,
): number {
  const linear = form.linear.length;
  const shape = vector.slice(linear);
  let sum = 0;
  for (const row of rows) {
    const basis = form.basis(shape, row);
    let value = 0;
    for (let j = 0; j < linear; j++) value += vector[j]! * basis[j]!;
    if (!(value > 0)) return Number.POSITIVE_INFINITY;
    sum += row.weight * huber(Math.log(value) - row.logLoss, delta);
  }
  return sum;
}

export interface Curvature {
  value: number;
  gradient: number[];
  /** Gauss-Newton matrix with Huber's weights: the quadratic that lies above the objective and touches it. */
  matrix: number[][];
  /** Σ |contribution| per parameter: how much cancels in a gradient near zero. */
  magnitude: number[];
}

/** The objective, its exact gradient, and the matrix that a step needs. */
export function curvature(
  form: LawForm,
  vector: readonly number[],
  rows: readonly FitRow[],
  delta: number,
): Curvature {
  const size = vector.length;
  const linear = form.linear.length;
  const gradient = new Array<number>(size).fill(0);
  const magnitude = new Array<number>(size).fill(0);
  const matrix = Array.from({ length: size }, () => new Array<number>(size).fill(0));
  let value = 0;
  for (const row of rows) {
    const slopes = lawGradient(form, vector, row);
    let predicted = 0;
    for (let j = 0; j < linear; j++) predicted += vector[j]! * slopes[j]!;
    const residual = Math.log(predicted) - row.logLoss;
    value += row.weight * huber(residual, delta);
    const pull = row.weight * Math.min(1, delta / Math.abs(residual));
    for (let i = 0; i < size; i++) {
      const si = slopes[i]! / predicted;
      if (si === 0) continue;
      const part = pull * residual * si;
      gradient[i]! += part;
      magnitude[i]! += Math.abs(part);
      const line = matrix[i]!;
      for (let j = 0; j <= i; j++) line[j]! += (pull * si * slopes[j]!) / predicted;
    }
  }
  for (let i = 0; i < size; i++) for (let j = 0; j < i; j++) matrix[j]![i] = matrix[i]![j]!;
  return { value, gradient, matrix, magnitude };
}
