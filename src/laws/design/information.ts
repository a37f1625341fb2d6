import { solvePositive } from '../fitting/linearAlgebra.ts';
import { rowDeviation, type Scores } from './estimator.ts';
import type { NoiseModel } from './types.ts';

export type Matrix = number[][];

/** Free parameters by free parameters; what runs say adds up over runs. */
export interface Information {
  /** Fisher information J'V⁻¹J: what the best possible fit could know. */
  fisher: Matrix;
  /** Of the fit as it is, which takes all rows for independent and clips residuals: its curvature and its scores' variance. */
  bread: Matrix;
  meat: Matrix;
}

/**
 * What one run says about the parameters, from the slopes J of its rows' log losses. V = run²·11' + diag(row²/weight) is
 * inverted by the Woodbury formula: rows of one run share its luck, so that many of them are worth little more than one
 * about anything that is constant along a run.
 */
export function runInformation(
  jacobian: readonly (readonly number[])[],
  noise: NoiseModel,
  scores: Scores,
  weights: readonly number[] = jacobian.map(() => 1),
): Information {
  const size = jacobian[0]?.length ?? 0;
  const [plain, squared] = [zeros(size), zeros(size)];
  const total = new Array<number>(size).fill(0);
  let weightSum = 0;
  jacobian.forEach((row, i) => {
    const weight = weights[i]!;
    weightSum += weight;
    for (let j = 0; j < size; j++) {
      total[j]! += weight * row[j]!;
      for (let k = 0; k < size; k++) {
        plain[j]![k]! += weight * row[j]! * row[k]!;
        squared[j]![k]! += weight ** 2 * row[j]! * row[k]!;
      }
    }
  });
  const precision = 1 / rowDeviation(noise) ** 2;
  const shared = (noise.run * precision) ** 2 / (1 + noise.run ** 2 * precision * weightSum);
  // Scaled so that with one row a run and squared errors all three are the same matrix.
  const variance = scores.own + scores.shared;
  const [breadScale, meatScale] = [scores.slope ** 2 / variance, scores.slope ** 2 / variance ** 2];
  const build = (entry: (j: number, k: number) => number): Matrix =>
    plain.map((row, j) => row.map((_, k) => entry(j, k)));
  return {
    fisher: build((j, k) => precision * plain[j]![k]! - shared * total[j]! * total[k]!),
    bread: build((j, k) => breadScale * plain[j]![k]!),
    meat: build((j, k) => meatScale * (scores.own * squared[j]![k]! + scores.shared * total[j]! * total[k]!)),
  };
}

/** A normal prior of independent parameters, as information. */
export function priorInformation(precisions: readonly number[]): Information {
  const diagonal = () => precisions.map((_, j) => precisions.map((each, k) => (j === k ? each : 0)));
  return { fisher: diagonal(), bread: diagonal(), meat: diagonal() };
}

export function zeros(size: number): Matrix {
  return Array.from({ length: size }, () => new Array<number>(size).fill(0));
}

export function plus(a: Matrix, b: Matrix): Matrix {
  return a.map((row, i) => row.map((value, j) => value + b[i]![j]!));
}

export function addUp(parts: readonly Information[]): Information {
  return parts.reduce((a, b) => ({
    fisher: plus(a.fisher, b.fisher),
    bread: plus(a.bread, b.bread),
    meat: plus(a.meat, b.meat),
  }));
}

/** g'M⁻¹g: the variance of a quantity with gradient g under the best possible fit. Infinite where M is singular. */
export function leastVariance(fisher: Matrix, gradient: readonly number[]): number {
  const direction = solvePositive(fisher, gradient);
  return direction ? dot(direction, gradient) : Number.POSITIVE_INFINITY;
}

/** g'A⁻¹BA⁻¹g: the same under the fit as it is (Huber 1967, Proceedings of the fifth Berkeley symposium 1). */
export function fitVariance({ bread, meat }: Information, gradient: readonly number[]): number {
  const direction = solvePositive(bread, gradient);
  if (!direction) return Number.POSITIVE_INFINITY;
  return dot(
    direction,
    meat.map((row) => dot(row, direction)),
  );
}

/** Share of g'M⁻¹g that stems from the prior's part of M: 1 where the data say nothing about the quantity. */
export function priorShare(fisher: Matrix, prior: Matrix, gradient: readonly number[]): number {
  const direction = solvePositive(fisher, gradient);
  if (!direction) return 1;
  const fromPrior = direction.reduce((total, each, i) => total + each * each * prior[i]![i]!, 0);
  return fromPrior / dot(direction, gradient);
}

export function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((total, each, i) => total + each * b[i]!, 0);
}
