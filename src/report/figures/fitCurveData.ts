import { lawForm } from '../../laws/forms/registry.ts';
import { percentileInterval, predictAll } from '../../laws/predict.ts';
import type { LawFit, LawObservation, LawPoint } from '../../laws/types.ts';
import { predictedLosses } from '../fitChoice.ts';
import { BAND_LEVEL } from '../lawCurves.ts';
import { distinct } from '../measured.ts';

/** What was measured at one point, over all rows there. */
export interface CurvePoint {
  /** Parameters and tokens, not billions. */
  modelSize: number;
  tokens: number;
  ratio: number;
  /** Mean, smallest and largest loss, nats per token. */
  loss: number;
  low: number;
  high: number;
  rows: number;
  /** What the fit says there; NaN where it has no value. */
  predicted: number;
}

export interface CurveValue {
  modelSize: number;
  /** A ratio or a token count. */
  x: number;
  loss: number;
  /** null without resampled fits. */
  band: { low: number; high: number } | null;
}

export interface FitCurveData {
  along: 'ratio' | 'tokens';
  /** Model sizes drawn, ascending, and how many there are. */
  sizes: number[];
  allSizes: number;
  points: CurvePoint[];
  /** Empty for forms that need more than N, D and ratio: their curve is not a line in this plane. */
  curve: CurveValue[];
  /** Coverage of the band. */
  level: number;
}

/** More model sizes than this cannot be told apart by colour. */
const MOST_SIZES = 8;
const STEPS = 80;
/** By how much a curve along tokens goes beyond its first and last measurement. */
const BEYOND = 1.15;

/** Counts without the noise of having been billions. */
const countOf = (billions: number): number => Number((billions * 1e9).toPrecision(12));

/** Rows averaged by N, D, ratio and further inputs; losses that are not finite are left out. */
export function curvePoints(fit: LawFit, rows: readonly LawObservation[]): CurvePoint[] {
  const predicted = predictedLosses(fit, rows);
  const groups = new Map<string, { row: LawObservation; losses: number[]; predicted: number }>();
  rows.forEach((row, at) => {
    if (!Number.isFinite(row.loss)) return;
    const key = `${countOf(row.n)} ${countOf(row.d)} ${row.ratio.toFixed(9)} ${JSON.stringify(row.inputs ?? {})}`;
    const group = groups.get(key);
    if (group) group.losses.push(row.loss);
    else groups.set(key, { row, losses: [row.loss], predicted: predicted[at]! });
  });
  return [...groups.values()]
    .map(({ row, losses, predicted }) => ({
      modelSize: countOf(row.n),
      tokens: countOf(row.d),
      ratio: row.ratio,
      loss: losses.reduce((sum, loss) => sum + loss, 0) / losses.length,
      low: losses.reduce((low, loss) => Math.min(low, loss)),
      high: losses.reduce((high, loss) => Math.max(high, loss)),
      rows: losses.length,
      predicted,
    }))
    .sort((a, b) => a.modelSize - b.modelSize || a.tokens - b.tokens || a.ratio - b.ratio);
}

/**
 * Measurements with the fit's curves: along the ratio at each size's last token count (the last of those with the most
 * ratios) where ratios vary, else along tokens.
 */
export function fitCurveData(fit: LawFit, rows: readonly LawObservation[]): FitCurveData {
  const all = curvePoints(fit, rows);
  const last = new Map<number, { tokens: number; ratios: number }>();
  for (const [modelSize, points] of grouped(all, (point) => point.modelSize))
    for (const [tokens, here] of grouped(points, (point) => point.tokens)) {
      const ratios = new Set(here.map((point) => point.ratio)).size;
      // Token counts ascend, so that the last of several with as many ratios wins.
      if (ratios >= (last.get(modelSize)?.ratios ?? 0)) last.set(modelSize, { tokens, ratios });
    }
  const along = [...last.values()].some(({ ratios }) => ratios > 1) ? 'ratio' : 'tokens';
  const drawable = all.filter((point) =>
    along === 'ratio' ? point.tokens === last.get(point.modelSize)!.tokens : point.tokens > 0,
  );
  const every = distinct(drawable.map((point) => point.modelSize));
  const sizes = evenly(every, MOST_SIZES);
  const kept = new Set(sizes);
  const points = drawable.filter((point) => kept.has(point.modelSize));
  const level = Object.values(fit.intervals ?? {})[0]?.level ?? BAND_LEVEL;
  return {
    along,
    sizes,
    allSizes: every.length,
    points,
    curve: lawForm(fit.form).inputs.length > 0 ? [] : curveOf(fit, points, along, level),
    level,
  };
}

function curveOf(
  fit: LawFit,
  points: readonly CurvePoint[],
  along: FitCurveData['along'],
  level: number,
): CurveValue[] {
  const grid = [...grouped(points, (point) => point.modelSize)].flatMap(([modelSize, here]) =>
    (along === 'ratio'
      ? between(
          here.map((point) => point.ratio),
          false,
        )
      : between(
          here.flatMap((point) => [point.tokens / BEYOND, point.tokens * BEYOND]),
          true,
        )
    ).map((x) => ({ modelSize, x, tokens: along === 'ratio' ? here[0]!.tokens : x, ratio: here[0]!.ratio })),
  );
  const variables = grid.map(
    ({ modelSize, x, tokens, ratio }): LawPoint => ({
      n: modelSize / 1e9,
      d: tokens / 1e9,
      ratio: along === 'ratio' ? x : ratio,
    }),
  );
  const losses = predictedLosses(fit, variables);
  const replicates = fit.replicates.map((parameters) =>
    predictAll({ form: fit.form, parameters }, variables),
  );
  return grid.flatMap(({ modelSize, x }, at) => {
    if (!Number.isFinite(losses[at]!)) return [];
    const ends = replicates.map((each) => each[at]!).filter(Number.isFinite);
    const band = ends.length > 0 ? percentileInterval(ends, level) : null;
    return [{ modelSize, x, loss: losses[at]!, band }];
  });
}

function between(values: readonly number[], logarithmic: boolean): number[] {
  const low = values.reduce((a, b) => Math.min(a, b));
  const high = values.reduce((a, b) => Math.max(a, b));
  if (low === high) return [low];
  return Array.from({ length: STEPS + 1 }, (_, at) => {
    const share = at / STEPS;
    // Laws of the ratio bend most where a corpus is nearly absent: finer steps towards both ends.
    return logarithmic ? low * (high / low) ** share : low + (high - low) * share * share * (3 - 2 * share);
  });
}

/** At most `most` of some items, evenly by rank, with the first and the last. */
export function evenly<T>(items: readonly T[], most: number): T[] {
  if (items.length <= most) return [...items];
  return Array.from({ length: most }, (_, at) => items[Math.round((at * (items.length - 1)) / (most - 1))]!);
}

function grouped<T>(items: readonly T[], key: (item: T) => number): Map<number, T[]> {
  const groups = new Map<number, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group) group.push(item);
    else groups.set(key(item), [item]);
  }
  return groups;
}
