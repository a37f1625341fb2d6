import type Database from 'libsql';
import { canonicalJson } from '../common/canonical.ts';
import type { ResultsStore, RunRecord, RunSeconds, RunStatus, SweepRunRecord } from './types.ts';

interface RunRow {
  run: string;
  kind: RunRecord['kind'];
  parent: string | null;
  spec: string;
  status: RunStatus;
  reason: string | null;
  tokens: number;
  checkpoint: string | null;
  generalEpochs: number | null;
  domainEpochs: number | null;
  seconds: string | null;
  environment: string | null;
}

const RUN = `runs.run, kind, parent, spec, status, reason, tokens, checkpoint,
  general_epochs AS generalEpochs, domain_epochs AS domainEpochs, seconds, environment`;

type RunFunctions = Pick<
  ResultsStore,
  | 'planRuns'
  | 'run'
  | 'runStatus'
  | 'runs'
  | 'setRunning'
  | 'setEnvironment'
  | 'setProgress'
  | 'finishRun'
  | 'divergeRun'
  | 'failRun'
  | 'resetRun'
>;

/** The part of the results store that holds runs and which sweep asks for them. */
export function recordRuns(database: Database.Database): RunFunctions {
  const select = database.prepare(`SELECT ${RUN} FROM runs WHERE run = ?`);
  const selectSweep = database.prepare(
    `SELECT ${RUN}, domain, domain_ratio AS domainRatio, seed, model_size AS modelSize,
       total_parameters AS totalParameters, label
     FROM runs JOIN sweep_runs USING (run) WHERE sweep = ? ORDER BY position`,
  );
  const insert = database.prepare(
    `INSERT INTO runs (run, kind, parent, spec, status, tokens) VALUES (?, ?, ?, ?, 'planned', 0)
     ON CONFLICT (run) DO NOTHING`,
  );
  const emptySweep = database.prepare('DELETE FROM sweep_runs WHERE sweep = ?');
  const insertLabel = database.prepare(
    `INSERT INTO sweep_runs
       (sweep, run, position, domain, domain_ratio, seed, model_size, total_parameters, label)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const updateStatus = database.prepare('UPDATE runs SET status = ?, reason = ? WHERE run = ?');
  const updateEnvironment = database.prepare('UPDATE runs SET environment = ? WHERE run = ?');
  const updateTokens = database.prepare('UPDATE runs SET tokens = max(tokens, ?) WHERE run = ?');
  const updateSeconds = database.prepare('UPDATE runs SET seconds = ? WHERE run = ?');
  const updateResult = database.prepare(
    'UPDATE runs SET checkpoint = ?, general_epochs = ?, domain_epochs = ? WHERE run = ?',
  );
  const clear = database.prepare(
    `UPDATE runs SET status = 'planned', reason = NULL, tokens = 0, checkpoint = NULL, general_epochs = NULL,
       domain_epochs = NULL, seconds = NULL, environment = NULL WHERE run = ?`,
  );
  const deleteObservations = database.prepare('DELETE FROM observations WHERE run = ?');

  const find = (id: string): RunRecord | null => {
    const row = (select.all(id) as RunRow[])[0];
    return row ? fromRow(row) : null;
  };
  const known = (id: string): RunRecord => {
    const record = find(id);
    if (!record) throw new Error(`the results store has no run ${id}`);
    return record;
  };
  const hasResult = (record: RunRecord): boolean => record.status === 'done' || record.status === 'diverged';
  const storeSeconds = (record: RunRecord, more: RunSeconds): void => {
    const before = record.seconds ?? { setup: 0, training: 0, evaluation: 0, checkpoint: 0 };
    const sum: RunSeconds = {
      setup: before.setup + more.setup,
      training: before.training + more.training,
      evaluation: before.evaluation + more.evaluation,
      checkpoint: before.checkpoint + more.checkpoint,
    };
    updateSeconds.run(canonicalJson(sum), record.run);
  };
  /** Reads and writes of one call belong together, also against another process's. */
  const atomic = <Arguments extends unknown[], Result>(work: (...args: Arguments) => Result) =>
    database.transaction(work as (...args: unknown[]) => Result).immediate as (...args: Arguments) => Result;

  return {
    planRuns: atomic((sweep, plan) => {
      emptySweep.run(sweep);
      const labelled = new Set<string>();
      plan.forEach(({ run, label }, position) => {
        if (label.run !== run.run || label.kind !== run.kind) {
          throw new Error(`the label of run ${run.run} belongs to another run (${label.run}, ${label.kind})`);
        }
        if (labelled.has(run.run)) throw new Error(`run ${run.run} (${label.label}) is planned twice`);
        labelled.add(run.run);
        const spec = canonicalJson(run.spec);
        insert.run(run.run, run.kind, run.parent, spec);
        if (canonicalJson(known(run.run).spec) !== spec) {
          throw new Error(
            `run ${run.run} (${label.label}) is stored with another spec: its id is not its hash`,
          );
        }
        insertLabel.run(
          sweep,
          run.run,
          position,
          label.domain,
          label.domainRatio,
          label.seed,
          label.modelSize,
          label.totalParameters,
          label.label,
        );
      });
    }) satisfies ResultsStore['planRuns'],
    run: find,
    runStatus: (id) => find(id)?.status ?? null,
    runs: (sweep) =>
      (selectSweep.all(sweep) as (RunRow & SweepRunRecord)[]).map((row) => ({ ...row, ...fromRow(row) })),
    setRunning: atomic((id, environment) => {
      if (hasResult(known(id))) return false;
      updateStatus.run('running', null, id);
      updateEnvironment.run(canonicalJson(environment), id);
      return true;
    }),
    setEnvironment: (id, environment) => {
      updateEnvironment.run(canonicalJson(environment), id);
    },
    setProgress: (id, tokens) => {
      if (updateTokens.run(tokens, id).changes === 0) known(id);
    },
    finishRun: atomic((id, end) => {
      const record = known(id);
      if (record.status === 'done') return;
      if (record.status === 'diverged') throw new Error(`run ${id} diverged before and has finished now`);
      updateStatus.run('done', null, id);
      updateResult.run(end.checkpoint, end.epochs.general, end.epochs.domain, id);
      storeSeconds(record, end.seconds);
    }),
    divergeRun: atomic((id, reason, tokens) => {
      if (known(id).status === 'done')
        throw new Error(`run ${id} finished before and has diverged now: ${reason}`);
      updateStatus.run('diverged', reason, id);
      updateTokens.run(tokens, id);
    }),
    failRun: atomic((id, reason) => {
      if (!hasResult(known(id))) updateStatus.run('failed', reason, id);
    }),
    resetRun: atomic((id, options) => {
      known(id);
      clear.run(id);
      if (options.forgetObservations) deleteObservations.run(id);
    }),
  };
}

function fromRow(row: RunRow): RunRecord {
  return {
    run: row.run,
    kind: row.kind,
    parent: row.parent,
    spec: JSON.parse(row.spec),
    status: row.status,
    reason: row.reason,
    tokens: row.tokens,
    checkpoint: row.checkpoint,
    generalEpochs: row.generalEpochs,
    domainEpochs: row.domainEpochs,
    seconds: row.seconds === null ? null : JSON.parse(row.seconds),
    environment: row.environment === null ? null : JSON.parse(row.environment),
  };
}
