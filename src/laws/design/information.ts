import { solvePositive } from '../fitting/linearAlgebra.ts';
import type { NoiseModel } from './types.ts';

export type Matrix = number[][];

/** Row noise that was never seen apart from the run's is still not zero: a share of the run's standard deviation. */
const LEAST_ROW_SHARE = 1e-3;

/**
 * Fisher information of one run about the parameters: J'V⁻¹J with J the slopes of its rows' log losses and
 * V = run²·11' + diag(row²/weight), inverted by the Woodbury formula: rows of one run share its luck, so many of them
 * are worth little more than one about anything that is constant along a run.
 */
export function runInformation(
  jacobian: readonly (readonly number[])[],
  noise: NoiseModel,
  weights: readonly number[] = jacobian.map(() => 1),
): Matrix {
  const size = jacobian[0]?.length ?? 0;
  const rowVariance = Math.max(noise.row, LEAST_ROW_SHARE * noise.run) ** 2;
  const matrix = zeros(size);
  const total = new Array<number>(size).fill(0);
  let precision = 0;
  jacobian.forEach((row, i) => {
    const weight = weights[i]! / rowVariance;
    precision += weight;
    for (let j = 0; j < size; j++) {
      total[j]! += weight * row[j]!;
      for (let k = 0; k < size; k++) matrix[j]![k]! += weight * row[j]! * row[k]!;
    }
  });
  const shared = noise.run ** 2 / (1 + noise.run ** 2 * precision);
  for (let j = 0; j < size; j++)
    for (let k = 0; k < size; k++) matrix[j]![k]! -= shared * total[j]! * total[k]!;
  return matrix;
}

export function zeros(size: number): Matrix {
  return Array.from({ length: size }, () => new Array<number>(size).fill(0));
}

export function sum(matrices: readonly Matrix[], size: number): Matrix {
  const total = zeros(size);
  for (const matrix of matrices) addTo(total, matrix, 1);
  return total;
}

/** total += factor · matrix. */
export function addTo(total: Matrix, matrix: Matrix, factor: 1 | -1): void {
  matrix.forEach((row, i) => {
    row.forEach((value, j) => {
      total[i]![j]! += factor * value;
    });
  });
}

/** g'M⁻¹g and the direction M⁻¹g; null when M is singular. */
export function varianceOf(
  information: Matrix,
  gradient: readonly number[],
): { variance: number; direction: number[] } | null {
  const direction = solvePositive(information, gradient);
  if (!direction) return null;
  return { variance: direction.reduce((total, each, i) => total + each * gradient[i]!, 0), direction };
}
