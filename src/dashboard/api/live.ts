import type { QueueStatus, Throughput } from './queue.ts';
import type { RunRow, SweepSummary } from './sweeps.ts';

/** One new row of a loss curve. */
export interface LiveObservation {
  run: string;
  tokens: number;
  generalLoss: number;
  domainLoss: number | null;
  generalBitsPerByte: number;
  domainBitsPerByte: number | null;
}

/**
 * What /api/live tells, by the event's name. A connection is told everything about the sweep that it named, and of the others their
 * summaries. After a break a page asks for everything again: no event is repeated.
 */
export interface LiveEvents {
  /** First of all; and when the store was replaced: what a page holds is to be asked for again. */
  begin: { sweep: string | null };
  /** All sweeps, at most twice a second. */
  sweeps: SweepSummary[];
  /** Rows of the sweep that changed. */
  runs: RunRow[];
  observations: LiveObservation[];
  queue: QueueStatus;
  /** The newest rates, one time. */
  throughput: Throughput;
  /** A law, a version or another computed result of the sweep is new: ask for it again. */
  law: { sweep: string; domain: string | null };
  /** Lines of the log of the run that the connection named; `from`: how many come before them. The first event has them all. */
  log: { run: string; from: number; lines: string[] };
}
export type LiveEventName = keyof LiveEvents;
