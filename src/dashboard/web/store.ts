import { batch, signal } from '@preact/signals';
import type { LiveEventName, LiveEvents } from '../api/live.ts';
import type { QueueStatus, Throughput } from '../api/queue.ts';
import type { Session } from '../api/session.ts';
import type { Curve, RunRow, SweepDetail, SweepSummary } from '../api/sweeps.ts';
import {
  mergeLog,
  mergeObservations,
  mergeRows,
  mergeSummary,
  mergeThroughput,
  sameRows,
} from './liveState.ts';

export type Connection =
  | { state: 'connecting' | 'connected' }
  | { state: 'reconnecting'; sinceMs: number }
  | { state: 'stopped'; why: string };

/** What the page knows and is told of. Changed here only. */
export const session = signal<Session | null>(null);
export const connection = signal<Connection>({ state: 'connecting' });
export const sweeps = signal<SweepSummary[] | null>(null);
export const detail = signal<SweepDetail | null>(null);
export const rows = signal<readonly RunRow[]>([]);
export const curves = signal<ReadonlyMap<string, Curve>>(new Map());
export const queue = signal<QueueStatus | null>(null);
export const throughput = signal<Throughput | null>(null);
export const log = signal<{ run: string; lines: readonly string[] } | null>(null);
/** The run of a run’s page. */
export const runOnPage = signal<{ run: string; label: string; sweep: string | null } | null>(null);
/** Grows when everything is to be asked for again. */
export const beginnings = signal(0);
/** Grows when a sweep’s laws are new. */
export const lawChanges = signal(0);

/** A sweep as it was asked for. */
export function holdDetail(given: SweepDetail): void {
  batch(() => {
    detail.value = given;
    rows.value = sameRows(rows.value, given.runRows);
  });
}

export function holdCurves(given: readonly Curve[]): void {
  curves.value = new Map(given.map((curve) => [curve.run, curve]));
}

/** Takes what came since the last time, all at once: one picture, however many events. */
export function take(events: readonly LiveEvent[]): void {
  batch(() => {
    const changedRows: RunRow[] = [];
    const observations: LiveEvents['observations'] = [];
    for (const { name, data } of events) {
      if (name === 'begin') beginnings.value++;
      else if (name === 'law') lawChanges.value++;
      else if (name === 'runs') changedRows.push(...(data as LiveEvents['runs']));
      else if (name === 'observations') observations.push(...(data as LiveEvents['observations']));
      else if (name === 'queue') queue.value = data as QueueStatus;
      else if (name === 'throughput')
        throughput.value = mergeThroughput(throughput.value, data as Throughput);
      else if (name === 'log') takeLog(data as LiveEvents['log']);
      else if (name === 'sweeps') {
        sweeps.value = data as SweepSummary[];
        if (detail.value) detail.value = mergeSummary(detail.value, sweeps.value);
      }
    }
    rows.value = mergeRows(rows.value, changedRows);
    curves.value = mergeObservations(curves.value, observations, rows.value);
  });
}

export interface LiveEvent {
  name: LiveEventName;
  data: unknown;
}

function takeLog({ run, from, lines }: LiveEvents['log']): void {
  const known = log.value?.run === run ? log.value.lines : [];
  log.value = { run, lines: mergeLog(known, { from, lines }) };
}
