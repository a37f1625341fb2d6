import type { QueueConnection } from './connection.ts';

/** Durations that differ between one machine and many, or in tests. */
export interface BoardTiming {
  /** A job whose lock was not renewed for this long belongs to nobody. */
  lockDurationMs: number;
  /** How often such jobs are looked for. */
  stalledIntervalMs: number;
  /** Wait before the second attempt; doubles for each further one. */
  backoffMs: number;
}

export const TIMING: Record<QueueConnection['kind'], BoardTiming> = {
  embedded: { lockDurationMs: 15_000, stalledIntervalMs: 5_000, backoffMs: 500 },
  redis: { lockDurationMs: 60_000, stalledIntervalMs: 30_000, backoffMs: 2_000 },
};

const REPEATED_LINE_MS = 10_000;

/** A connection that is down says so on every attempt, from every client: one line in a while is enough. */
export function unrepeated(log: (line: string) => void): (line: string) => void {
  const saidAt = new Map<string, number>();
  return (line) => {
    const now = performance.now();
    if (now - (saidAt.get(line) ?? Number.NEGATIVE_INFINITY) < REPEATED_LINE_MS) return;
    saidAt.set(line, now);
    log(line);
  };
}
