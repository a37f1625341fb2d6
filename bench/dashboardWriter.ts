/** Run by bench/dashboard.ts: commits observations at a steady rate, one a commit, and tells when each was in the store. */
import { setTimeout as delay } from 'node:timers/promises';
import { measured, openStore, type PlantedRun } from '../test/dashboard/plantedStore.ts';

export interface Order {
  runsFolder: string;
  sweep: string;
  runs: PlantedRun[];
  perSecond: number;
}
export interface Commit {
  run: string;
  generalLoss: number;
  /** Milliseconds since 1970. */
  committedMs: number;
}

process.once('message', async ({ runsFolder, sweep, runs, perSecond }: Order) => {
  const store = openStore(runsFolder);
  for (const { run } of runs) store.setRunning(run, {});
  const commits: Commit[] = [];
  const points = runs[0]!.tokens.length;
  const beganMs = Date.now();
  for (let point = 0; point < points; point++) {
    for (const run of runs) {
      const waitMs = beganMs + (1000 * commits.length) / perSecond - Date.now();
      if (waitMs > 0) await delay(waitMs);
      // Every measurement of a run is another number, also with the digits that are seen.
      const row = { ...measured(sweep, run, run.tokens[point]!), generalLoss: 4 - 0.005 * point };
      store.recordObservations([row]);
      commits.push({ run: run.run, generalLoss: row.generalLoss, committedMs: Date.now() });
      store.setProgress(run.run, row.tokens);
    }
  }
  store.close();
  process.send!(commits, () => process.disconnect());
});
