import { percentileInterval, predictAll } from '../predict.ts';
import type { LawFit, LawObservation, LawPoint } from '../types.ts';

export interface ParameterChange {
  name: string;
  before: number;
  after: number;
  /** False where the newer value lies inside the older interval; null without one. */
  outsideInterval: boolean | null;
}

export interface PredictionChange {
  /** Of newer against older predictions, at the points given; nats per token. */
  meanAbsolute: number;
  largest: number;
  at: LawPoint | null;
}

export interface BandReport {
  checked: number;
  /** Expected outside by chance at the band's level. */
  expectedOutside: number;
  outside: { row: LawObservation; predicted: number; low: number; high: number }[];
}

/** How a law's parameters moved from one version to the next. Names that only one of them has are left out. */
export function compareParameters(older: LawFit, newer: LawFit): ParameterChange[] {
  return Object.entries(older.parameters).flatMap(([name, before]) => {
    const after = newer.parameters[name];
    if (after === undefined) return [];
    const interval = older.intervals?.[name];
    return [
      {
        name,
        before,
        after,
        outsideInterval: interval ? after < interval.low || after > interval.high : null,
      },
    ];
  });
}

/** How the predictions moved at some points, e.g. those that were measured and the target. */
export function comparePredictions(
  older: LawFit,
  newer: LawFit,
  points: readonly LawPoint[],
): PredictionChange {
  if (points.length === 0) return { meanAbsolute: 0, largest: 0, at: null };
  const before = predictAll(older, points);
  const after = predictAll(newer, points);
  const changes = points.map((_, i) => Math.abs(after[i]! - before[i]!));
  const largest = Math.max(...changes);
  return {
    meanAbsolute: changes.reduce((sum, each) => sum + each, 0) / changes.length,
    largest,
    at: points[changes.indexOf(largest)]!,
  };
}

/**
 * Which rows fall outside a law's band: the interval of its resampled fits widened, in log loss, by what its own rows scatter
 * around it (`fitted`), both at `level`. Rows that the law was fitted to belong inside, but for a share of 1 − level.
 */
export function pointsOutsideBand(
  fit: LawFit,
  fitted: readonly LawObservation[],
  rows: readonly LawObservation[],
  level: number,
): BandReport {
  const residuals = [...predictAll(fit, fitted)].map((predicted, i) => Math.log(fitted[i]!.loss / predicted));
  const noise = residuals.length > 0 ? percentileInterval(residuals, level) : { low: 0, high: 0 };
  const predictions = predictAll(fit, rows);
  const replicated = fit.replicates.map((parameters) => predictAll({ form: fit.form, parameters }, rows));
  const outside = rows.flatMap((row, i) => {
    const predicted = predictions[i]!;
    const own =
      replicated.length > 0
        ? percentileInterval(
            replicated.map((each) => Math.log(each[i]! / predicted)),
            level,
          )
        : { low: 0, high: 0 };
    // Independent errors: their half widths add in squares, on each side.
    const low = predicted * Math.exp(-Math.hypot(Math.min(0, own.low), Math.min(0, noise.low)));
    const high = predicted * Math.exp(Math.hypot(Math.max(0, own.high), Math.max(0, noise.high)));
    return row.loss < low || row.loss > high ? [{ row, predicted, low, high }] : [];
  });
  return { checked: rows.length, expectedOutside: (1 - level) * rows.length, outside };
}
