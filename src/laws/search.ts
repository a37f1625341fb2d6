import type { LawForm } from './forms/form.ts';
import { nonNegativeLeastSquares } from './linearAlgebra.ts';
import { type FitRow, objective } from './objective.ts';

const HALTON_BASES = [2, 3, 5, 7, 11, 13, 17, 19];
/** Passes of reweighting that turn least squares into the Huber objective, nearly. */
const REWEIGHTINGS = 3;

/** k-th number of the van der Corput sequence in `base`: fills [0, 1) evenly without a seed. */
export function vanDerCorput(k: number, base: number): number {
  let value = 0;
  let scale = 1 / base;
  for (let rest = k; rest > 0; rest = Math.floor(rest / base)) {
    value += (rest % base) * scale;
    scale /= base;
  }
  return value;
}

/**
 * Candidate parameter vectors, best first. The shape parameters run through a low-discrepancy (Halton) sequence, evenly
 * in their logarithms; the linear ones follow from non-negative least squares on relative errors, reweighted towards
 * the Huber objective (variable projection: the search is over the shape only).
 */
export function globalSearch(
  form: LawForm,
  rows: readonly FitRow[],
  delta: number,
  count: number,
): number[][] {
  const candidates: { vector: number[]; value: number }[] = [];
  for (let k = 1; k <= count; k++) {
    const shape = form.shape.map(({ lower, upper }, i) => {
      // Exponents of fitted laws lie well inside their bounds; a start at a bound teaches nothing.
      const low = Math.max(lower, 0.05);
      const high = Math.min(upper, 3);
      return low * (high / low) ** vanDerCorput(k, HALTON_BASES[i % HALTON_BASES.length]!);
    });
    const vector = [...solveLinear(form, shape, rows, delta), ...shape];
    candidates.push({ vector, value: objective(form, vector, rows, delta) });
  }
  return candidates
    .filter(({ value }) => Number.isFinite(value))
    .sort((a, b) => a.value - b.value)
    .map(({ vector }) => vector);
}

/** The linear parameters that fit best at a given shape. */
function solveLinear(
  form: LawForm,
  shape: readonly number[],
  rows: readonly FitRow[],
  delta: number,
): number[] {
  const columns = form.linear.length;
  const bases = rows.map((row) => {
    const loss = Math.exp(row.logLoss);
    // Relative errors: for small ones, log L_predicted − log L_measured.
    return form.basis(shape, row).map((value) => value / loss);
  });
  let pulls = rows.map((row) => row.weight);
  let linear: number[] = [];
  for (let pass = 0; pass < REWEIGHTINGS; pass++) {
    const gram = Array.from({ length: columns }, () => new Array<number>(columns).fill(0));
    const target = new Array<number>(columns).fill(0);
    bases.forEach((basis, i) => {
      for (let j = 0; j < columns; j++) {
        target[j]! += pulls[i]! * basis[j]!;
        for (let k = 0; k < columns; k++) gram[j]![k]! += pulls[i]! * basis[j]! * basis[k]!;
      }
    });
    linear = nonNegativeLeastSquares(gram, target);
    pulls = rows.map((row, i) => {
      const relative = bases[i]!.reduce((sum, value, j) => sum + value * linear[j]!, 0) - 1;
      return row.weight * Math.min(1, delta / Math.abs(relative));
    });
  }
  return linear;
}
