import type { FitOptions } from '../fitting/fit.ts';
import { fitLaw } from '../fitting/fit.ts';
import { solvePositive } from '../fitting/linearAlgebra.ts';
import { type LawForm, lawValues, toVector } from '../forms/form.ts';
import type { FitStatus, LawObservation, LawPoint } from '../types.ts';

/** Anything that learns from rows and then predicts losses: a law, or a baseline that a law must beat. */
export interface Predictor {
  name: string;
  kind: 'law' | 'baseline';
  /** Free parameters; null for baselines, which keep all rows. */
  parameters: number | null;
  /** Points that it has no value for (a form that diverges at ratio 0) are not asked of it. */
  covers(point: LawPoint): boolean;
  learn(rows: readonly LawObservation[]): Learned;
}

export interface Learned {
  predict(points: readonly LawPoint[]): Float64Array;
  status: FitStatus | null;
}

/** A law form as a predictor. */
export function lawPredictor(form: LawForm, options: Partial<FitOptions>): Predictor {
  return {
    name: form.name,
    kind: 'law',
    parameters: form.parameters.length,
    covers: (point) => form.ratios === 'all' || point.ratio > 0,
    learn: (rows) => {
      const fit = fitLaw(form, rows, options);
      const vector = toVector(form, fit.parameters);
      return { predict: (points) => lawValues(form, vector, points), status: fit.status };
    },
  };
}

/** Ranges of log N, log D and ratio to 0…1, so that distances mean the same in each. */
function scaling(rows: readonly LawObservation[]): (point: LawPoint) => number[] {
  const raw = (point: LawPoint) => [Math.log(point.n), Math.log(point.d), point.ratio];
  const all = rows.map(raw);
  const ranges = [0, 1, 2].map((k) => {
    const values = all.map((each) => each[k]!);
    const low = Math.min(...values);
    return { low, width: Math.max(...values) - low || 1 };
  });
  return (point) => raw(point).map((value, k) => (value - ranges[k]!.low) / ranges[k]!.width);
}

const squaredDistance = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, k) => sum + (value - b[k]!) ** 2, 0);

/** The loss of the nearest row (log N, log D and ratio, each scaled to its range). A tie goes to the first by value. */
export const nearestRun: Predictor = {
  name: 'nearest-run',
  kind: 'baseline',
  parameters: null,
  covers: () => true,
  learn: (rows) => {
    const place = scaling(rows);
    const known = rows.map((row) => ({ at: place(row), loss: row.loss }));
    return {
      status: null,
      predict: (points) =>
        Float64Array.from(points, (point) => {
          const at = place(point);
          return known.reduce(
            (best, each) => {
              const distance = squaredDistance(each.at, at);
              return distance < best.distance ? { distance, loss: each.loss } : best;
            },
            { distance: Number.POSITIVE_INFINITY, loss: 0 },
          ).loss;
        }),
    };
  },
};

/** So little smoothing that it passes through the (averaged) rows nearly, and so much that the system is sound. */
const SMOOTHING = 1e-4;

/** Matérn 3/2 covariance (Rasmussen and Williams 2006, Eq 4.17) at the length scale √3 of all scaled ranges. */
const covariance = (a: readonly number[], b: readonly number[]): number => {
  const distance = Math.sqrt(squaredDistance(a, b));
  return (1 + distance) * Math.exp(-distance);
};

/**
 * A smooth interpolation of log loss that knows no law: a plane in scaled log N, log D and ratio, and a Gaussian process on what
 * the plane leaves. Rows at the same point are averaged first.
 */
export const smoothInterpolation: Predictor = {
  name: 'smooth-interpolation',
  kind: 'baseline',
  parameters: null,
  covers: () => true,
  learn: (rows) => {
    const place = scaling(rows);
    const { centres, values } = averaged(rows, place);
    const plane = regressPlane(centres, values);
    const rest = values.map((value, i) => value - plane(centres[i]!));
    const matrix = centres.map((a, i) => centres.map((b, j) => covariance(a, b) + (i === j ? SMOOTHING : 0)));
    const weights = solvePositive(matrix, rest) ?? rest.map(() => 0);
    return {
      status: null,
      predict: (points) =>
        Float64Array.from(points, (point) => {
          const at = place(point);
          return Math.exp(
            plane(at) + centres.reduce((sum, centre, i) => sum + weights[i]! * covariance(centre, at), 0),
          );
        }),
    };
  },
};

function averaged(rows: readonly LawObservation[], place: (point: LawPoint) => number[]) {
  const byPlace = new Map<string, { at: number[]; logs: number[] }>();
  for (const row of rows) {
    const key = `${row.n} ${row.d} ${row.ratio}`;
    const there = byPlace.get(key);
    if (there) there.logs.push(Math.log(row.loss));
    else byPlace.set(key, { at: place(row), logs: [Math.log(row.loss)] });
  }
  const all = [...byPlace.values()];
  return {
    centres: all.map(({ at }) => at),
    values: all.map(({ logs }) => logs.reduce((sum, log) => sum + log, 0) / logs.length),
  };
}

function regressPlane(points: readonly (readonly number[])[], values: readonly number[]) {
  const rows = points.map((point) => [1, ...point]);
  const gram = rows[0]!.map((_, j) =>
    rows[0]!.map((__, k) => rows.reduce((sum, row) => sum + row[j]! * row[k]!, 0) + (j === k ? 1e-9 : 0)),
  );
  const target = rows[0]!.map((_, j) => rows.reduce((sum, row, i) => sum + row[j]! * values[i]!, 0));
  const solution = solvePositive(gram, target) ?? target.map(() => 0);
  return (point: readonly number[]) => [1, ...point].reduce((sum, each, j) => sum + each * solution[j]!, 0);
}
