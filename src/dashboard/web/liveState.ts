import type { LiveEvents, LiveObservation } from '../api/live.ts';
import type { QueueStatus, Throughput } from '../api/queue.ts';
import type { Curve, RunRow, SweepSummary } from '../api/sweeps.ts';

/** Half an hour at a sample a second. */
const KEPT_SAMPLES = 1800;

/** Rows whose run is among the new ones are replaced; the same array when nothing is. */
export function mergeRows(rows: readonly RunRow[], changed: readonly RunRow[]): readonly RunRow[] {
  if (changed.length === 0) return rows;
  const byRun = new Map(changed.map((row) => [row.run, row]));
  let isSame = true;
  const merged = rows.map((row) => {
    const next = byRun.get(row.run);
    if (!next) return row;
    isSame = false;
    return next;
  });
  return isSame ? rows : merged;
}

/** Rows as they were asked for; those that say the same as before stay the same objects, and what draws them has nothing to do. */
export function sameRows(known: readonly RunRow[], given: readonly RunRow[]): readonly RunRow[] {
  const byRun = new Map(known.map((row) => [row.run, row]));
  return given.map((row) => {
    const before = byRun.get(row.run);
    return before && (Object.keys(row) as (keyof RunRow)[]).every((key) => before[key] === row[key])
      ? before
      : row;
  });
}

/**
 * Curves with what was measured since. A run’s first measurement begins its curve, with what `rows` know of it. A measurement that is
 * there already (a reconnect, a resumed run) is replaced. Curves that do not change stay the same objects.
 */
export function mergeObservations(
  curves: ReadonlyMap<string, Curve>,
  observations: readonly LiveObservation[],
  rows: readonly RunRow[],
): ReadonlyMap<string, Curve> {
  if (observations.length === 0) return curves;
  const merged = new Map(curves);
  const own = new Set<string>();
  let byRun: Map<string, RunRow> | null = null;
  for (const each of observations) {
    let curve = merged.get(each.run);
    if (!curve) {
      byRun ??= new Map(rows.map((row) => [row.run, row]));
      const row = byRun.get(each.run);
      if (!row) continue;
      curve = emptyCurve(row);
    }
    if (!own.has(each.run)) {
      curve = copied(curve);
      own.add(each.run);
      merged.set(each.run, curve);
    }
    put(curve, each);
  }
  return own.size > 0 ? merged : curves;
}

function emptyCurve({ run, label, kind, domain, modelSize, domainRatio, seed }: RunRow): Curve {
  return {
    ...{ run, label, kind, domain, modelSize, domainRatio, seed, tokens: [] },
    ...{ generalLoss: [], domainLoss: [], generalBitsPerByte: [], domainBitsPerByte: [] },
  };
}

const copied = (curve: Curve): Curve => ({
  ...curve,
  tokens: [...curve.tokens],
  generalLoss: [...curve.generalLoss],
  domainLoss: [...curve.domainLoss],
  generalBitsPerByte: [...curve.generalBitsPerByte],
  domainBitsPerByte: [...curve.domainBitsPerByte],
});

function put(curve: Curve, observation: LiveObservation): void {
  let at = curve.tokens.length;
  while (at > 0 && curve.tokens[at - 1]! >= observation.tokens) at--;
  const replaced = curve.tokens[at] === observation.tokens ? 1 : 0;
  curve.tokens.splice(at, replaced, observation.tokens);
  curve.generalLoss.splice(at, replaced, observation.generalLoss);
  curve.domainLoss.splice(at, replaced, observation.domainLoss);
  curve.generalBitsPerByte.splice(at, replaced, observation.generalBitsPerByte);
  curve.domainBitsPerByte.splice(at, replaced, observation.domainBitsPerByte);
}

/** The newest rates beside the older ones; a worker that was not there before, or is no longer, has null. */
export function mergeThroughput(known: Throughput | null, newest: Throughput): Throughput {
  if (!known) return newest;
  const last = known.times[known.times.length - 1] ?? Number.NEGATIVE_INFINITY;
  const first = newest.times.findIndex((time) => time > last);
  if (first < 0) return known;
  const times = [...known.times, ...newest.times.slice(first)];
  const added = times.length - known.times.length;
  const none = (count: number): null[] => new Array<null>(count).fill(null);
  const ids = new Set([...known.workers, ...newest.workers].map(({ id }) => id));
  const workers = [...ids].map((id) => {
    const before = known.workers.find((worker) => worker.id === id);
    const after = newest.workers.find((worker) => worker.id === id);
    const rates = [
      ...(before?.rates ?? none(known.times.length)),
      ...(after?.rates.slice(first) ?? none(added)),
    ];
    return { id, host: (after ?? before)!.host, rates: rates.slice(-KEPT_SAMPLES) };
  });
  return {
    times: times.slice(-KEPT_SAMPLES),
    workers: workers.filter(({ rates }) => rates.some((rate) => rate !== null)),
  };
}

/** Lines of a log with those that came; what is there already is not doubled, a gap starts it anew. */
export function mergeLog(
  lines: readonly string[],
  { from, lines: added }: Pick<LiveEvents['log'], 'from' | 'lines'>,
): readonly string[] {
  if (from > lines.length) return [...added];
  return [...lines.slice(0, from), ...added];
}

/** A sweep’s own line of the list, put over what a detail knows of it. */
export function mergeSummary<Detail extends SweepSummary>(
  detail: Detail,
  summaries: readonly SweepSummary[],
): Detail {
  const summary = summaries.find(({ sweep }) => sweep === detail.sweep);
  return summary ? { ...detail, ...summary } : detail;
}

/** Whether a sweep is being worked on in this queue. */
export const runsIn = (queue: QueueStatus | null, sweep: string): boolean =>
  queue?.state === 'connected' && queue.sweeps.some((each) => each.sweep === sweep);
