import type { LawPoint } from '../laws/types.ts';
import type { SweepObservation } from '../store/types.ts';
import type { LossName } from './figures/types.ts';
import type { DomainAnswer } from './types.ts';

/** What was measured at one model size, domain ratio and token count, over all seeds. */
export interface MeasuredPoint {
  modelSize: number;
  domainRatio: number;
  tokens: number;
  /** Mean over seeds, nats per token. */
  loss: number;
  /** Smallest and largest over seeds. */
  low: number;
  high: number;
  seeds: number;
}

/** One loss of a domain's CPT runs, seeds averaged; by size, then ratio, then tokens. Losses not measured are left out. */
export function measuredPoints(
  observations: readonly SweepObservation[],
  domain: string,
  which: LossName,
): MeasuredPoint[] {
  const groups = new Map<string, { row: SweepObservation; losses: number[] }>();
  for (const row of observations) {
    if (row.kind !== 'cpt' || row.domain !== domain) continue;
    const value = which === 'general' ? row.generalLoss : row.domainLoss;
    if (value === null || !Number.isFinite(value)) continue;
    const key = pointKey(row.modelSize, row.tokens, row.domainRatio);
    const group = groups.get(key);
    if (group) group.losses.push(value);
    else groups.set(key, { row, losses: [value] });
  }
  return [...groups.values()]
    .map(({ row, losses }) => ({
      modelSize: row.modelSize,
      domainRatio: row.domainRatio,
      tokens: row.tokens,
      loss: losses.reduce((sum, value) => sum + value, 0) / losses.length,
      low: Math.min(...losses),
      high: Math.max(...losses),
      seeds: losses.length,
    }))
    .sort((a, b) => a.modelSize - b.modelSize || a.domainRatio - b.domainRatio || a.tokens - b.tokens);
}

/** The largest token count measured at each model size. */
export function finalTokens(points: readonly MeasuredPoint[]): Map<number, number> {
  const last = new Map<number, number>();
  for (const { modelSize, tokens } of points) last.set(modelSize, Math.max(tokens, last.get(modelSize) ?? 0));
  return last;
}

/** Distinct values, ascending. */
export const distinct = (values: Iterable<number>): number[] => [...new Set(values)].sort((a, b) => a - b);

/** The law's own variables of a measurement: billions, and the share of the corpus whose loss is predicted. */
export function lawPoint(which: LossName, modelSize: number, tokens: number, domainRatio: number): LawPoint {
  return { n: modelSize / 1e9, d: tokens / 1e9, ratio: which === 'general' ? 1 - domainRatio : domainRatio };
}

/** The domain ratio of a law's variable `ratio`. */
export const domainRatioOf = (which: LossName, lawRatio: number): number =>
  which === 'general' ? 1 - lawRatio : lawRatio;

/** Tells whether the law of `which` was fitted to a measurement. */
export function fittedTo(answer: DomainAnswer, which: LossName): (point: MeasuredPoint) => boolean {
  const rows = which === 'general' ? answer.generalRows : answer.domainRows;
  const keys = new Set(
    rows.map((row) => pointKey(row.n * 1e9, row.d * 1e9, domainRatioOf(which, row.ratio))),
  );
  return (point) => keys.has(pointKey(point.modelSize, point.tokens, point.domainRatio));
}

/** Joins by value across the laws' billions and the store's counts. */
const pointKey = (modelSize: number, tokens: number, domainRatio: number): string =>
  `${Math.round(modelSize)} ${Math.round(tokens)} ${domainRatio.toFixed(9)}`;
