import type Database from 'libsql';
import { openDatabase } from '../../store/database.ts';
import type { ObservationRecord, SweepRunRecord } from '../../store/types.ts';
import type { RunStatus } from '../api/sweeps.ts';

/** What never changes about a run, and where it was read. */
export interface RunFacts {
  run: string;
  kind: 'base' | 'cpt';
  parent: string | null;
  totalTokens: number;
  /** The model's spec (JSON). */
  model: string;
}

export interface RunProgress {
  run: string;
  status: RunStatus;
  tokens: number;
}

export interface RunEnd {
  reason: string | null;
  /** Wall seconds of all phases; null before any attempt has told them. */
  trainerSeconds: number | null;
}

/** JSON where it is text. */
export interface RunRecordRow {
  spec: string;
  environment: string | null;
  seconds: string | null;
  generalEpochs: number | null;
  domainEpochs: number | null;
}

export interface SweepRow {
  sweep: string;
  createdAt: string;
  /** The resolved config (JSON). */
  config: string;
}

export interface PlannedRow {
  sweep: string;
  run: string;
  domain: string | null;
  domainRatio: number;
  seed: number;
  modelSize: number;
  label: string;
}

export interface ObservationRow {
  run: string;
  tokens: number;
  generalLoss: number;
  domainLoss: number | null;
  generalBitsPerByte: number;
  domainBitsPerByte: number | null;
}

export interface VersionRow {
  subject: string;
  version: number;
  createdAt: string;
  /** The recommendation (JSON). */
  recommendation: string;
}

const OBSERVATION = `run, tokens, general_loss AS generalLoss, domain_loss AS domainLoss,
  general_bits_per_byte AS generalBitsPerByte, domain_bits_per_byte AS domainBitsPerByte`;

export type Queries = ReturnType<typeof openQueries>;

/** Every question that the dashboard asks of a results store. Nothing is written. Throws as openDatabase. */
export function openQueries(path: string) {
  const database = openDatabase(path);
  database.exec('PRAGMA query_only = ON');
  const all = <Row>(sql: string) => {
    const statement = database.prepare(sql);
    return (...values: unknown[]) => statement.all(...values) as Row[];
  };
  const runFacts = `SELECT run, kind, parent, json_extract(spec, '$.tokens') AS totalTokens,
    json_extract(spec, '$.model') AS model FROM runs`;
  const version = all<{ data_version: number }>('PRAGMA data_version');
  const sweeps = all<SweepRow>(
    'SELECT sweep, created_at AS createdAt, config FROM sweeps ORDER BY created_at, sweep',
  );
  const plan = all<PlannedRow>(
    `SELECT sweep, run, domain, domain_ratio AS domainRatio, seed, model_size AS modelSize, label
     FROM sweep_runs ORDER BY sweep, position`,
  );
  const facts = all<RunFacts>(runFacts);
  const progress = all<RunProgress>('SELECT run, status, tokens FROM runs');
  const running = all<RunProgress>("SELECT run, status, tokens FROM runs WHERE status = 'running'");
  const statuses = all<{ counts: string }>(
    `SELECT group_concat(status || ' ' || count, ', ') AS counts
     FROM (SELECT status, count(*) AS count FROM runs GROUP BY status ORDER BY status)`,
  );
  const end = all<RunEnd>(
    `SELECT reason, json_extract(seconds, '$.setup') + json_extract(seconds, '$.training')
       + json_extract(seconds, '$.evaluation') + json_extract(seconds, '$.checkpoint') AS trainerSeconds
     FROM runs WHERE run = ?`,
  );
  // With max() alone, SQLite takes the other columns from the row that has it.
  const last = all<ObservationRow>(
    `SELECT run, max(tokens) AS tokens, general_loss AS generalLoss, domain_loss AS domainLoss,
       general_bits_per_byte AS generalBitsPerByte, domain_bits_per_byte AS domainBitsPerByte
     FROM observations GROUP BY run`,
  );
  const newest = all<{ count: number; last: number | null }>(
    'SELECT count(*) AS count, max(rowid) AS last FROM observations',
  );
  const since = all<ObservationRow & { id: number }>(
    `SELECT rowid AS id, ${OBSERVATION} FROM observations WHERE rowid > ? ORDER BY rowid`,
  );
  const ofRun = all<ObservationRow>(`SELECT ${OBSERVATION} FROM observations WHERE run = ? ORDER BY tokens`);
  const ofSweep = all<{ count: number }>(
    'SELECT count(*) AS count FROM observations JOIN sweep_runs USING (run) WHERE sweep = ?',
  );
  const versions = all<VersionRow>(
    `SELECT subject, version, created_at AS createdAt, json_extract(content, '$.recommendation') AS recommendation
     FROM law_versions AS newest
     WHERE version = (SELECT max(version) FROM law_versions WHERE subject = newest.subject)`,
  );
  const record = all<RunRecordRow>(
    `SELECT spec, environment, seconds, general_epochs AS generalEpochs, domain_epochs AS domainEpochs
     FROM runs WHERE run = ?`,
  );
  // The order of the store's own observations.
  const csvOrder = all<SweepRunRecord>(
    `SELECT run, kind, domain, domain_ratio AS domainRatio, seed, model_size AS modelSize,
       total_parameters AS totalParameters, label
     FROM sweep_runs JOIN runs USING (run) WHERE sweep = ? ORDER BY kind, domain, model_size, domain_ratio, seed, run`,
  );
  const whole = all<ObservationRecord>(
    `SELECT ${OBSERVATION}, general_standard_error AS generalStandardError,
       domain_standard_error AS domainStandardError FROM observations WHERE run = ? ORDER BY tokens`,
  );
  const versionCount = all<{ count: number }>('SELECT count(*) AS count FROM law_versions');

  return {
    /** All that `read` asks sees one state of the store. */
    snapshot: <Result>(read: () => Result): Result => database.transaction(read as () => unknown)() as Result,
    /** Another number whenever another process has committed something. */
    dataVersion: () => version()[0]!.data_version,
    sweeps: () => sweeps(),
    /** Every sweep's runs, in the plan's order. */
    plan: () => plan(),
    runFacts: () => facts(),
    runProgress: () => progress(),
    /** Of the runs that train now. */
    runningProgress: () => running(),
    /** How many runs have each status, in words: other words when any run has begun or ended. */
    statusCounts: () => statuses()[0]?.counts ?? '',
    runEnd: (run: string): RunEnd | null => end(run)[0] ?? null,
    /** Of each run that has any. */
    lastObservations: () => last(),
    observationCount: () => newest()[0]!.count,
    lastObservationId: () => newest()[0]!.last ?? 0,
    observationsSince: (id: number) => since(id),
    runObservations: (run: string) => ofRun(run),
    sweepObservations: (sweep: string) => ofSweep(sweep)[0]!.count,
    runRecord: (run: string): RunRecordRow | null => record(run)[0] ?? null,
    csvOrder: (sweep: string) => csvOrder(sweep),
    wholeObservations: (run: string) => whole(run),
    newestVersions: () => versions(),
    versionCount: () => versionCount()[0]!.count,
    close: () => (database as Database.Database).close(),
  };
}
