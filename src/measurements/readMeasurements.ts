import { UserError } from '../common/errors.ts';
import { counted, filled, numberIn, rangeOf } from './cells.ts';
import { type Role, recogniseColumns, requireColumn } from './columns.ts';
import { readTable, type Table, type TableRow } from './readTable.ts';
import { runsThatDiffer, withoutRepeats } from './repeats.ts';
import { type RowSettings, readRow } from './rows.ts';
import type { Measurement, MeasurementsRead, Problem, ReadOptions } from './types.ts';
import { COUNT_ROLES, RAW_UNITS, suspectUnits, unitOf } from './units.ts';
import { parseWhere } from './where.ts';

export type { Measurement, MeasurementsRead, Problem, ReadOptions } from './types.ts';

const LOSS_ROLES = ['general_loss', 'domain_loss', 'loss'] as const satisfies Role[];

/** One file, before it is looked at together with the others. */
interface FileRead {
  table: Table;
  rows: Measurement[];
  problems: Problem[];
  notes: string[];
  leftOutByWhere: number;
  recognised: MeasurementsRead['recognised'];
}

/**
 * Reads files of measurements, joined by column name. Every row that cannot be used is named with its line and reason in
 * `problems`: the caller refuses, or goes on without them and says so. Throws a UserError for what concerns whole files.
 */
export async function readMeasurements(
  paths: readonly string[],
  options: ReadOptions = {},
): Promise<MeasurementsRead> {
  const files: FileRead[] = [];
  for (const path of paths) files.push(readFile(await readTable(path), options));
  const leftOutByWhere = files.reduce((sum, file) => sum + file.leftOutByWhere, 0);
  const rowsInAll = files.reduce((sum, file) => sum + file.table.rows.length, 0);
  if (leftOutByWhere > 0 && leftOutByWhere === rowsInAll) {
    throw new UserError(
      `--where leaves out all ${rowsInAll} rows: ${options.where}`,
      'Texts in a condition stand in quotes, and a row without a value meets no comparison.',
    );
  }
  const rows = files.flatMap((file) => file.rows);
  const counts = new Map(files.map(({ table }) => [table.path, table.counts]));
  // Base models first, so that the note on a repeat does not depend on where they stand.
  const repeats = withoutRepeats(
    [...rows.filter((row) => row.tokens === 0), ...rows.filter((row) => row.tokens > 0)],
    counts,
  );
  const measurements = repeats.kept.filter((row) => row.tokens > 0);
  return {
    measurements,
    base: repeats.kept.filter((row) => row.tokens === 0),
    problems: [...files.flatMap((file) => file.problems), ...repeats.problems],
    notes: [
      ...new Set([...files.flatMap((file) => file.notes), ...repeats.notes, ...runsThatDiffer(measurements)]),
    ],
    leftOutByWhere,
    recognised: files.flatMap((file) => file.recognised),
    columns: [...new Set(files.flatMap((file) => file.table.columns))],
  };
}

function readFile(table: Table, options: ReadOptions): FileRead {
  const { path, columns } = table;
  const { settings, notes } = settingsFor(table, options);
  const condition = options.where ? parseWhere(options.where, columns) : () => true;
  const used = table.rows.filter(({ cells }) => condition(cells));
  refuseOddUnits(path, used, settings);

  const rows: Measurement[] = [];
  const problems: Problem[] = [];
  for (const row of used) {
    const read = readRow(row, settings);
    if (!Array.isArray(read)) rows.push(read);
    else for (const problem of read) problems.push(problem);
  }
  const { map } = settings;
  return {
    table,
    rows,
    problems,
    notes: [...notes, ...notesOnRuns(used, map.run)],
    leftOutByWhere: table.rows.length - used.length,
    recognised: Object.entries(map).map(([role, column]) => ({ file: path, role: role as Role, column })),
  };
}

function settingsFor(table: Table, options: ReadOptions): { settings: RowSettings; notes: string[] } {
  const { path, columns } = table;
  const { map, notes } = recogniseColumns(path, columns, mapGiven(path, options));
  for (const role of ['model_size', 'tokens'] as const) {
    if (map[role] !== undefined) continue;
    throw new UserError(
      `${path}: no column is recognised as ${role}`,
      `Say which one it is: --map ${role}=COLUMN. Its columns: ${columns.join(', ')}.`,
    );
  }
  const lossRoles: readonly Role[] = options.lossColumn === undefined ? LOSS_ROLES : ['loss'];
  if (lossRoles.every((role) => map[role] === undefined)) {
    throw new UserError(
      `${path}: no column is recognised as a loss`,
      `Name one: --loss-column COLUMN. Its columns: ${columns.join(', ')}.`,
    );
  }
  const shareColumns = options.shareColumns ?? [];
  for (const column of shareColumns) requireColumn(path, columns, column, 'shares');
  if (new Set(shareColumns).size < shareColumns.length) {
    throw new UserError('a column of shares is named twice', 'Name each corpus once.');
  }
  return { settings: { table, map, lossRoles, units: options.units ?? RAW_UNITS, shareColumns }, notes };
}

/** The map as it was given, with the one loss that is asked for in place of all others. */
function mapGiven(path: string, { map = {}, lossColumn }: ReadOptions): NonNullable<ReadOptions['map']> {
  if (lossColumn === undefined) return map;
  if (map.loss !== undefined && map.loss !== lossColumn) {
    throw new UserError(
      `${path}: --map names ${map.loss} as the loss and --loss-column names ${lossColumn}`,
      'Name one of them.',
    );
  }
  const { general_loss: _, domain_loss: __, ...others } = map;
  return { ...others, loss: lossColumn };
}

function notesOnRuns(rows: readonly TableRow[], column: string | undefined): string[] {
  if (column === undefined) {
    return ['no column names the runs: rows of one model size, ratio, domain and seed are taken for one run'];
  }
  const unnamed = rows.filter(({ cells }) => filled(cells.get(column)) === null).length;
  return unnamed === 0
    ? []
    : [
        `no ${column} in ${counted(unnamed, 'row')}: those of one model size, ratio, domain and seed are taken for one run`,
      ];
}

/** Throws a UserError when counts are in another unit than was said, or shares in percent: no row of these can be right. */
function refuseOddUnits(path: string, rows: readonly TableRow[], settings: RowSettings): void {
  const { map, units, shareColumns } = settings;
  const numbersOf = (column: string) =>
    rows.map(({ cells }) => numberIn(cells.get(column))).filter((value) => value !== null);
  for (const role of COUNT_ROLES) {
    const column = map[role];
    if (column === undefined) continue;
    const values = numbersOf(column).filter((value) => value > 0);
    const suspect = suspectUnits(role, column, values, unitOf(role, units));
    if (suspect) throw new UserError(`${path}: ${suspect.problem}`, suspect.remedy);
  }
  if (map.domain_ratio !== undefined) {
    const values = numbersOf(map.domain_ratio);
    const high = rangeOf(values)?.high ?? 0;
    if (high > 1 && high <= 100 && 3 * values.filter((value) => value > 1).length > values.length) {
      throw inPercent(path, map.domain_ratio, high);
    }
  }
  const sums = rows.map(({ cells }) =>
    shareColumns.reduce((sum, column) => sum + (numberIn(cells.get(column)) ?? 0), 0),
  );
  const isPercent = (sum: number) => sum > 99 && sum < 101;
  if (2 * sums.filter(isPercent).length > rows.length) {
    throw inPercent(path, `the sum of ${shareColumns[0]} … ${shareColumns.at(-1)}`, 100);
  }
}

function inPercent(path: string, what: string, high: number): UserError {
  return new UserError(
    `${path}: ${what} goes up to ${high}: these are percent, a ratio is a share from 0 to 1`,
    'Divide the column by 100.',
  );
}
