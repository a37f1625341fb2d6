import type { LawObservation } from '../types.ts';

export interface SeedNoise {
  /** Standard deviation of log loss between runs that differ in their seed only. */
  sd: number;
  /** Points (N, D, ratio) that more than one run measured. */
  points: number;
}

/** What luck alone does to a loss: the spread at points that several runs measured. Null where no point repeats. */
export function seedNoise(rows: readonly LawObservation[]): SeedNoise | null {
  const byPoint = new Map<string, Map<string, number>>();
  for (const row of rows) {
    const key = `${row.n} ${row.d} ${row.ratio}`;
    const runs = byPoint.get(key) ?? new Map<string, number>();
    runs.set(row.run, Math.log(row.loss));
    byPoint.set(key, runs);
  }
  let squares = 0;
  let freedom = 0;
  let points = 0;
  for (const runs of byPoint.values()) {
    if (runs.size < 2) continue;
    const logs = [...runs.values()];
    const mean = logs.reduce((sum, log) => sum + log, 0) / logs.length;
    squares += logs.reduce((sum, log) => sum + (log - mean) ** 2, 0);
    freedom += logs.length - 1;
    points++;
  }
  return points === 0 ? null : { sd: Math.sqrt(squares / freedom), points };
}
