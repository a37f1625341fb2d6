import { evaluationFor, type LawForm } from '../forms/form.ts';
import { nonNegativeLeastSquares } from './linearAlgebra.ts';
import type { FitData } from './prepare.ts';

/**
 * What a fit makes small: the sum of Huber(delta) on log loss (arXiv 2203.15556, 2406.01375), or of squared errors of
 * the loss itself.
 */
export type Objective = { kind: 'log-huber'; delta: number } | { kind: 'least-squares' };

/** Huber's loss of a residual: quadratic up to delta, linear beyond (Huber 1964), as in arXiv 2203.15556. */
export function huber(residual: number, delta: number): number {
  const size = Math.abs(residual);
  return size <= delta ? (residual * residual) / 2 : delta * (size - delta / 2);
}

export interface Curvature {
  value: number;
  gradient: number[];
  /** Gauss-Newton matrix with Huber's weights: the quadratic that lies above the objective and touches it. */
  matrix: number[][];
  /** Σ |contribution| per parameter: how much cancels in a gradient near zero. */
  magnitude: number[];
}

/** One form, one set of rows, one objective: what search and polish walk on. Its buffers are reused, so it is not shared. */
export interface Problem {
  form: LawForm;
  rows: number;
  /** Sums over rows (never means: averaging made a well-known fit stop early, arXiv 2404.10102). On log loss infinite where the law is not positive. */
  objective(vector: readonly number[]): number;
  /** The objective, its exact gradient, and the matrix that a step needs. */
  curvature(vector: readonly number[]): Curvature;
  /** The same vector with its linear parameters replaced by those that fit best at its shape (variable projection). */
  solveLinear(vector: readonly number[]): number[];
}

/** Passes of reweighting that turn least squares into the Huber objective, nearly. */
const REWEIGHTINGS = 3;

export function makeProblem(
  form: LawForm,
  data: FitData,
  kind: Objective,
  weights: Float64Array = data.weight,
): Problem {
  const { at, loss, logLoss, pinnedFrom } = data;
  const size = form.parameters.length;
  const plain = evaluationFor(form, at.count);
  const full = evaluationFor(form, at.count, { gradient: true });
  const columns = full.gradient!;
  const logarithmic = kind.kind === 'log-huber';
  // A pinned row states what the law must say there, and stays quadratic however far away it is.
  const deltas = Float64Array.from(loss, (_, i) =>
    kind.kind === 'log-huber' && i < pinnedFrom ? kind.delta : Number.POSITIVE_INFINITY,
  );
  const residuals = new Float64Array(at.count);
  const pulls = new Float64Array(at.count);
  const scaled = Array.from({ length: size }, () => new Float64Array(at.count));

  const sum = (value: Float64Array): number => {
    let total = 0;
    for (let i = 0; i < at.count; i++) {
      const predicted = value[i]!;
      if (logarithmic ? !(predicted > 0) : !Number.isFinite(predicted)) return Number.POSITIVE_INFINITY;
      const residual = logarithmic ? Math.log(predicted) - logLoss[i]! : predicted - loss[i]!;
      const delta = deltas[i]!;
      const far = Math.abs(residual);
      total += weights[i]! * (far <= delta ? 0.5 * residual * residual : delta * (far - 0.5 * delta));
    }
    return total;
  };

  const objective = (vector: readonly number[]): number => {
    form.evaluate(vector, at, plain);
    return sum(plain.value);
  };

  const curvature = (vector: readonly number[]): Curvature => {
    form.evaluate(vector, at, full);
    for (let i = 0; i < at.count; i++) {
      const predicted = full.value[i]!;
      const residual = logarithmic ? Math.log(predicted) - logLoss[i]! : predicted - loss[i]!;
      residuals[i] = residual;
      const far = Math.abs(residual);
      pulls[i] = weights[i]! * (far <= deltas[i]! ? 1 : deltas[i]! / far);
    }
    const gradient = new Array<number>(size).fill(0);
    const magnitude = new Array<number>(size).fill(0);
    const matrix = Array.from({ length: size }, () => new Array<number>(size).fill(0));
    for (let j = 0; j < size; j++) {
      const column = columns[j]!;
      const line = scaled[j]!;
      let down = 0;
      let all = 0;
      for (let i = 0; i < at.count; i++) {
        const slope = logarithmic ? column[i]! / full.value[i]! : column[i]!;
        line[i] = slope;
        const part = pulls[i]! * residuals[i]! * slope;
        down += part;
        all += Math.abs(part);
      }
      gradient[j] = down;
      magnitude[j] = all;
      for (let k = 0; k <= j; k++) {
        const other = scaled[k]!;
        let dot = 0;
        for (let i = 0; i < at.count; i++) dot += pulls[i]! * line[i]! * other[i]!;
        matrix[j]![k] = dot;
        matrix[k]![j] = dot;
      }
    }
    return { value: sum(full.value), gradient, matrix, magnitude };
  };

  const solveLinear = (vector: readonly number[]): number[] => {
    const { linear } = form;
    if (linear === 0) return [...vector];
    const shape = vector.map((value, i) => (i < linear ? 0 : value));
    form.evaluate(shape, at, full);
    // Relative errors: for small ones, log L_predicted − log L_measured.
    const per = (i: number) => (logarithmic ? 1 / loss[i]! : 1);
    for (let i = 0; i < at.count; i++) {
      const factor = per(i);
      residuals[i] = (loss[i]! - full.value[i]!) * factor;
      for (let j = 0; j < linear; j++) scaled[j]![i] = columns[j]![i]! * factor;
      pulls[i] = weights[i]!;
    }
    const isFree = form.parameters.slice(0, linear).map(({ lower }) => lower < 0);
    let solution: number[] = [];
    for (let pass = 0; pass < REWEIGHTINGS; pass++) {
      const gram = Array.from({ length: linear }, () => new Array<number>(linear).fill(0));
      const target = new Array<number>(linear).fill(0);
      for (let j = 0; j < linear; j++) {
        const line = scaled[j]!;
        let toward = 0;
        for (let i = 0; i < at.count; i++) toward += pulls[i]! * line[i]! * residuals[i]!;
        target[j] = toward;
        for (let k = 0; k <= j; k++) {
          const other = scaled[k]!;
          let dot = 0;
          for (let i = 0; i < at.count; i++) dot += pulls[i]! * line[i]! * other[i]!;
          gram[j]![k] = dot;
          gram[k]![j] = dot;
        }
      }
      solution = nonNegativeLeastSquares(gram, target, isFree);
      if (!logarithmic) break;
      for (let i = 0; i < at.count; i++) {
        let error = -residuals[i]!;
        for (let j = 0; j < linear; j++) error += solution[j]! * scaled[j]![i]!;
        pulls[i] = weights[i]! * Math.min(1, deltas[i]! / Math.abs(error));
      }
    }
    return [...solution, ...vector.slice(linear)];
  };

  return { form, rows: at.count, objective, curvature, solveLinear };
}
