import type { DomainData } from '../../analysis/domainData.ts';
import { pointsOutsideBand } from '../../laws/answers/compareVersions.ts';
import { lawForm } from '../../laws/forms/registry.ts';
import { percentileInterval, predictAll } from '../../laws/predict.ts';
import type { LawFit, LawObservation } from '../../laws/types.ts';
import { bands, predictions } from '../../report/lawCurves.ts';
import type { FitView, LawCurve, LawPoint, LawView } from '../api/laws.ts';

const MOST_POINTS = 4000;
const RATIOS = Array.from({ length: 61 }, (_, i) => i / 60);
/** Coverage of the band that single measurements are held against. */
const POINT_LEVEL = 0.95;

type Which = 'general' | 'domain';
export const finite = (value: number | null | undefined): number | null =>
  value !== null && value !== undefined && Number.isFinite(value) ? value : null;
const ascending = (values: Iterable<number>) => [...new Set(values)].sort((a, b) => a - b);
const counted = (billions: number) => Math.round(billions * 1e9);

export function fitView(fit: LawFit): FitView {
  const { quality } = fit;
  return {
    ...{ form: fit.form, status: fit.status, statusDetail: fit.statusDetail },
    parameters: Object.entries(fit.parameters).map(([name, value]) => ({
      ...{ name, value },
      interval: fit.intervals?.[name] ?? null,
    })),
    isTrusted: fit.status === 'converged',
    r2: finite(quality.r2),
    meanAbsoluteError: finite(quality.mae),
    meanRelativeError: finite(quality.meanRelativeError),
    rows: quality.rows,
    objective: finite(fit.objective.value) ?? 0,
    ...{ delta: fit.delta, starts: fit.starts, startsNearBest: fit.startsNearBest },
    nearOptimalSpread: finite(fit.nearOptimalSpread),
    conditionNumber: finite(fit.conditionNumber),
    gradientNorm: finite(fit.gradientNorm),
    ...{ resamples: fit.replicates.length, warnings: fit.warnings },
  };
}

/** One loss of a domain: its fit, the law along the ratio, and every row beside what the law says of it. */
export function lossView(fit: LawFit, rows: readonly LawObservation[], which: Which): LawView['general'] {
  const domainRatio = (ratio: number) => Number((which === 'general' ? 1 - ratio : ratio).toPrecision(12));
  const lastOf = new Map<number, number>();
  for (const { n, d } of rows) lastOf.set(n, Math.max(d, lastOf.get(n) ?? 0));
  const curves = ascending(lastOf.keys()).map((n): LawCurve => {
    const d = lastOf.get(n)!;
    const points = RATIOS.map((ratio) => ({ n, d, ratio: which === 'general' ? 1 - ratio : ratio }));
    const band = bands(fit, points);
    return {
      ...{ modelSize: counted(n), tokens: counted(d), ratios: RATIOS },
      loss: predictions(fit, points).map(finite),
      low: band.map((each) => finite(each?.low)),
      high: band.map((each) => finite(each?.high)),
    };
  });
  const placed = placedRows(fit, rows);
  const points = placed.map(
    ({ row, predicted, low, high, isOutside }): LawPoint => ({
      ...{
        run: row.run,
        modelSize: counted(row.n),
        tokens: counted(row.d),
        domainRatio: domainRatio(row.ratio),
      },
      ...{ measured: row.loss, predicted, low, high, isOutside, isLast: lastOf.get(row.n) === row.d },
    }),
  );
  const outside = points.filter(({ isOutside }) => isOutside);
  const inside = points.filter(({ isOutside }) => !isOutside);
  const step = Math.max(1, inside.length / Math.max(1, MOST_POINTS - outside.length));
  const shown = inside.filter((_, i) => Math.floor(i / step) !== Math.floor((i - 1) / step));
  return {
    fit: fitView(fit),
    curves,
    points: [...shown, ...outside],
    pointsInAll: points.length,
    outside: outside.length,
    expectedOutside: (1 - POINT_LEVEL) * points.filter(({ low }) => low !== null).length,
  };
}

interface Placed {
  row: LawObservation;
  predicted: number | null;
  low: number | null;
  high: number | null;
  isOutside: boolean;
}

/** The band of single measurements: what resampled fits leave open, widened by what rows scatter around the law. */
function placedRows(fit: LawFit, rows: readonly LawObservation[]): Placed[] {
  const nothing = (row: LawObservation): Placed => ({
    row,
    predicted: null,
    low: null,
    high: null,
    isOutside: false,
  });
  if (fit.starts === 0) return rows.map(nothing);
  const covered = rows.filter(({ ratio }) => ratio > 0 || lawForm(fit.form).ratios === 'all');
  const outside = new Set(
    pointsOutsideBand(fit, covered, covered, POINT_LEVEL).outside.map(({ row }) => row),
  );
  const predicted = predictAll(fit, covered);
  const scatter = [...predicted].map((value, i) => Math.log(covered[i]!.loss / value));
  const noise = scatter.length > 0 ? percentileInterval(scatter, POINT_LEVEL) : { low: 0, high: 0 };
  const at = new Map(covered.map((row, i) => [row, predicted[i]!]));
  return rows.map((row) => {
    const value = at.get(row);
    if (value === undefined || !Number.isFinite(value)) return nothing(row);
    const low = finite(value * Math.exp(Math.min(0, noise.low)));
    const high = finite(value * Math.exp(Math.max(0, noise.high)));
    return { row, predicted: value, low, high, isOutside: outside.has(row) };
  });
}

/** What was measured, for sliders to start from. */
export function measuredRanges({ points }: DomainData): LawView['measured'] {
  const tokens = points.map((point) => point.tokens).filter((count) => count > 0);
  return {
    modelSizes: ascending(points.map(({ modelSize }) => modelSize)),
    tokens: {
      low: tokens.reduce((least, each) => Math.min(least, each), Number.POSITIVE_INFINITY),
      high: tokens.reduce((most, each) => Math.max(most, each), 0),
    },
    ratios: ascending(points.map(({ domainRatio }) => domainRatio)),
  };
}
