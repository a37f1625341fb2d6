import { UserError } from '../../common/errors.ts';
import { solvePositive } from '../fitting/linearAlgebra.ts';
import { type Frame, logSlopes, membersByRun, slopesAt } from './frame.ts';
import { type Matrix, zeros } from './information.ts';
import type { NoiseModel } from './types.ts';

/** Runs beyond those that the law's parameters use up, below which their scatter says nothing. */
const LEAST_FREEDOM = 1;

/**
 * Noise of runs and of rows from a fit's residuals in log loss: one-way random effects by run, estimated by moments
 * (analysis of variance) with the expectations of both sums of squares taken through the fit, which has bent the law towards
 * the data and so made them smaller (Henderson 1953, Biometrics 9, method 3, at the fit's tangent plane). A misfit that
 * differs from run to run counts as noise of runs. Throws a UserError when the runs are too few to tell or fit exactly.
 */
export function estimateNoise(frame: Frame): NoiseModel {
  const { rows } = frame;
  const jacobian = logSlopes(frame, rows);
  const { value } = slopesAt(frame, rows);
  const residual = rows.map((row, i) => Math.log(row.loss / value[i]!));
  const runs = membersByRun(rows);

  const size = frame.free.length;
  const inverse = invertGram(jacobian, size);
  const along = (a: readonly number[], b: readonly number[]): number =>
    a.reduce((total, each, j) => total + each * inverse[j]!.reduce((s, v, k) => s + v * b[k]!, 0), 0);
  const sums = runs.map((members) =>
    jacobian[0]!.map((_, j) => members.reduce((total, i) => total + jacobian[i]![j]!, 0)),
  );

  // e = (I − H)ε: what of each sum of squares is left in expectation, per unit of variance of rows and of runs.
  const used = jacobian.reduce((total, row) => total + along(row, row), 0);
  const total = { row: rows.length - used, run: 0 };
  const between = { row: runs.length, run: 0 };
  runs.forEach((members, r) => {
    const own = along(sums[r]!, sums[r]!);
    total.run += members.length - own;
    between.row -= own / members.length;
    runs.forEach((_, s) => {
      const cross = (r === s ? members.length : 0) - along(sums[r]!, sums[s]!);
      between.run += cross ** 2 / members.length;
    });
  });
  if (between.row < LEAST_FREEDOM) {
    throw new UserError(
      `${runs.length} runs are too few for ${frame.form.name} with ${size} free parameters to show their noise`,
      'Give the noise of runs and rows, e.g. from runs that differ in their seed only.',
    );
  }
  const squares = residual.reduce((s, each) => s + each * each, 0);
  const betweenSquares = runs.reduce(
    (s, members) => s + members.reduce((t, i) => t + residual[i]!, 0) ** 2 / members.length,
    0,
  );
  if (!(squares > 1e-20 * rows.length)) {
    throw new UserError(
      'the law fits these rows exactly, so they show no noise',
      'Give the noise of runs and rows; measured losses are never exact.',
    );
  }
  const withinFreedom = total.row - between.row;
  if (runs.length === rows.length || withinFreedom < LEAST_FREEDOM)
    return { run: Math.sqrt(squares / total.row), row: 0 };
  // Two equations: squares and betweenSquares, each = row² · its row part + run² · its run part.
  const determinant = total.row * between.run - total.run * between.row;
  const rowVariance = (squares * between.run - betweenSquares * total.run) / determinant;
  const runVariance = (betweenSquares * total.row - squares * between.row) / determinant;
  if (!(runVariance > 0)) return { run: 0, row: Math.sqrt(squares / total.row) };
  if (!(rowVariance > 0)) return { run: Math.sqrt(squares / total.run), row: 0 };
  return { run: Math.sqrt(runVariance), row: Math.sqrt(rowVariance) };
}

/** Throws a UserError for a noise that is negative, or none at all. */
export function checkNoise({ run, row }: NoiseModel): void {
  if (run >= 0 && row >= 0 && run + row > 0 && Number.isFinite(run + row)) return;
  throw new UserError(
    `noise of ${run} between runs and ${row} along a run`,
    'Give standard deviations of log loss, e.g. 0.01 for 1 %, of which one is above 0.',
  );
}

/** (J'J)⁻¹; directions that no row shows are held by a trace of ridge, and so use nothing up. */
function invertGram(jacobian: readonly (readonly number[])[], size: number): Matrix {
  const gram = zeros(size);
  for (const row of jacobian)
    for (let j = 0; j < size; j++) for (let k = 0; k < size; k++) gram[j]![k]! += row[j]! * row[k]!;
  for (let j = 0; j < size; j++) gram[j]![j]! = gram[j]![j]! * (1 + 1e-10) + 1e-300;
  return gram.map((_, j) => {
    const unit = gram.map((__, k) => (k === j ? 1 : 0));
    const column = solvePositive(gram, unit);
    if (!column)
      throw new UserError(
        "some of the law's parameters compensate for each other entirely, so that the residuals show no noise",
        'Give the noise of runs and rows.',
      );
    return column;
  });
}
