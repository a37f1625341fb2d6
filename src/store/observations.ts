import type Database from 'libsql';
import type { ObservationRecord, ResultsStore, SweepObservation } from './types.ts';

/**
 * A run was measured twice with different losses. Runs are deterministic, so this means that the arithmetic changed
 * (another library or processor under the same run id) or that a file was damaged: no law may be fitted to both.
 */
export class ContradictionError extends Error {
  override readonly name = 'ContradictionError';
  readonly run: string;
  readonly tokens: number;
  readonly column: string;
  readonly stored: number | null;
  readonly measured: number | null;

  constructor(at: {
    run: string;
    tokens: number;
    column: string;
    stored: number | null;
    measured: number | null;
  }) {
    super(
      `run ${at.run} gave another ${at.column} at ${at.tokens} tokens than before: ${at.stored} is stored, ` +
        `${at.measured} was measured. The same run must give the same bits: compare the machine and the library ` +
        'versions of both measurements, then reset the run',
    );
    this.run = at.run;
    this.tokens = at.tokens;
    this.column = at.column;
    this.stored = at.stored;
    this.measured = at.measured;
  }
}

const VALUES = {
  generalLoss: 'general_loss',
  generalStandardError: 'general_standard_error',
  generalBitsPerByte: 'general_bits_per_byte',
  domainLoss: 'domain_loss',
  domainStandardError: 'domain_standard_error',
  domainBitsPerByte: 'domain_bits_per_byte',
} as const satisfies Partial<Record<keyof ObservationRecord, string>>;
const NAMES = Object.keys(VALUES) as (keyof typeof VALUES)[];
/** `general_loss AS generalLoss, …`: a row of the table is then an ObservationRecord. */
const OBSERVATION = `observations.run, observations.tokens, ${NAMES.map((name) => `${VALUES[name]} AS ${name}`).join(', ')}`;

type ObservationFunctions = Pick<
  ResultsStore,
  'recordObservation' | 'recordObservations' | 'observations' | 'runObservations'
>;

/** The part of the results store that holds what was measured. */
export function recordObservations(database: Database.Database): ObservationFunctions {
  const columns = Object.values(VALUES);
  const insert = database.prepare(
    `INSERT INTO observations (run, tokens, ${columns.join(', ')}) VALUES (?, ?, ${columns.map(() => '?').join(', ')})`,
  );
  const advance = database.prepare('UPDATE runs SET tokens = max(tokens, ?) WHERE run = ?');
  const selectRun = database.prepare(`SELECT ${OBSERVATION} FROM observations WHERE run = ? ORDER BY tokens`);
  const selectOne = database.prepare(`SELECT ${OBSERVATION} FROM observations WHERE run = ? AND tokens = ?`);
  const selectSweep = database.prepare(
    `SELECT ${OBSERVATION}, kind, domain, domain_ratio AS domainRatio, seed, model_size AS modelSize,
       total_parameters AS totalParameters, label
     FROM observations JOIN sweep_runs USING (run) JOIN runs USING (run) WHERE sweep = ?
     ORDER BY kind, domain, model_size, domain_ratio, seed, observations.run, observations.tokens`,
  );

  const record = (row: ObservationRecord): void => {
    const stored = (selectOne.all(row.run, row.tokens) as ObservationRecord[])[0];
    if (stored) {
      for (const name of NAMES) {
        if (stored[name] === row[name]) continue;
        const { run, tokens } = row;
        throw new ContradictionError({
          run,
          tokens,
          column: name,
          stored: stored[name],
          measured: row[name],
        });
      }
      return;
    }
    insert.run(row.run, row.tokens, ...NAMES.map((name) => row[name]));
    advance.run(row.tokens, row.run);
  };
  const recordAll = database.transaction((rows: readonly ObservationRecord[]) => {
    for (const row of rows) record(row);
  });
  const recordObservations: ResultsStore['recordObservations'] = (rows) => {
    for (const row of rows) {
      for (const name of NAMES) {
        const value = row[name];
        if (value === null || Number.isFinite(value)) continue;
        throw new RangeError(
          `run ${row.run} at ${row.tokens} tokens: ${name} is ${value}, not a number to store`,
        );
      }
    }
    if (rows.length > 0) recordAll.immediate(rows);
  };

  return {
    recordObservations,
    recordObservation: (row) => recordObservations([row]),
    observations: (sweep) => selectSweep.all(sweep) as SweepObservation[],
    runObservations: (run) => selectRun.all(run) as ObservationRecord[],
  };
}
