import { canonicalJson } from '../common/canonical.ts';
import { openDatabase } from './database.ts';
import { recordLawVersions } from './lawVersions.ts';
import { recordObservations } from './observations.ts';
import { recordRuns } from './runs.ts';
import type { ResultsStore, SweepRecord } from './types.ts';

export { ContradictionError } from './observations.ts';
export type { NewRun, ResultsStore } from './types.ts';

/** Opens the store at `path`, or makes it. Throws a UserError when the file is damaged, foreign or of another schema. */
export function openResultsStore(path: string): ResultsStore {
  const database = openDatabase(path);
  const runs = recordRuns(database);
  const observations = recordObservations(database);
  const laws = recordLawVersions(database);

  const upsertSweep = database.prepare(
    `INSERT INTO sweeps (sweep, name, config, created_at) VALUES (?, ?, ?, ?)
     ON CONFLICT (sweep) DO UPDATE SET name = excluded.name, config = excluded.config`,
  );
  const selectSweeps = database.prepare('SELECT * FROM sweeps ORDER BY created_at, sweep');

  const sweeps = (): SweepRecord[] =>
    (selectSweeps.all() as { sweep: string; name: string; config: string; created_at: string }[]).map(
      (row) => ({
        sweep: row.sweep,
        name: row.name,
        config: JSON.parse(row.config),
        createdAt: row.created_at,
      }),
    );

  return {
    path,
    saveSweep: (sweep) => {
      upsertSweep.run(sweep.sweep, sweep.name, canonicalJson(sweep.config), sweep.createdAt);
    },
    sweep: (id) => sweeps().find((sweep) => sweep.sweep === id) ?? null,
    sweeps,
    ...runs,
    ...observations,
    ...laws,
    close: () => {
      // Leaves one file behind instead of three; a reader elsewhere may prevent it, which is harmless.
      database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').all();
      database.close();
    },
  };
}
