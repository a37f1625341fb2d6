/** The rate is measured over at most this long: runs of several sizes average out. */
const WINDOW_MS = 120_000;
/** Below this there is no rate worth telling. */
const LEAST_MS = 3000;

/** How fast each sweep gets on, from what is done of it at some times; work in any unit. */
export function openPace() {
  const samples = new Map<string, { ms: number; work: number }[]>();
  return {
    /** Remembers how much is done now. */
    note(sweep: string, work: number, nowMs: number): void {
      const known = samples.get(sweep) ?? [];
      // Work that was taken back (a run begins again) says nothing about the rate.
      if (known.length > 0 && work < known.at(-1)!.work) known.length = 0;
      if (known.length === 0 || nowMs - known.at(-1)!.ms >= 500) known.push({ ms: nowMs, work });
      while (known.length > 2 && nowMs - known[1]!.ms >= WINDOW_MS) known.shift();
      samples.set(sweep, known);
    },
    /** Seconds until `left` is done; null without a rate. */
    secondsLeft(sweep: string, left: number, nowMs: number): number | null {
      if (left <= 0) return 0;
      const known = samples.get(sweep);
      if (!known || known.length < 2) return null;
      const elapsedMs = nowMs - known[0]!.ms;
      const gained = known.at(-1)!.work - known[0]!.work;
      return elapsedMs < LEAST_MS || gained <= 0 ? null : (left * elapsedMs) / gained / 1000;
    },
    /** A sweep that does not run has no rate. */
    forget(sweep: string): void {
      samples.delete(sweep);
    },
  };
}
export type Pace = ReturnType<typeof openPace>;
