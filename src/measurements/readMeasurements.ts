import { UserError } from '../common/errors.ts';
import { type ColumnMap, type Role, recogniseColumns } from './columns.ts';
import { type Cell, readTable, type Table, type TableRow } from './readTable.ts';
import { type CountUnits, FACTORS, suspectUnits } from './units.ts';
import { parseWhere } from './where.ts';

/** One measured point, in parameters and tokens, losses in nats per token. */
export interface Measurement {
  file: string;
  line: number;
  run: string;
  seed: string | null;
  domain: string | null;
  modelSize: number;
  tokens: number;
  /** null where the file has no such column: one mixture, or none. */
  domainRatio: number | null;
  generalLoss: number | null;
  domainLoss: number | null;
  /** A loss of no named corpus (`--loss-column`, or a column called loss). */
  loss: number | null;
  weight: number | null;
  /** Further inputs of forms, by their names there: meanModelSize, uniqueTokens, learningRate. */
  inputs: Readonly<Record<string, number>>;
}

export interface Problem {
  file: string;
  line: number;
  column: string;
  reason: string;
}

export interface ReadOptions {
  map?: ColumnMap;
  /** The one column whose loss is fitted, whatever corpus it is of. */
  lossColumn?: string;
  units?: CountUnits;
  where?: string;
}

export interface MeasurementsRead {
  measurements: Measurement[];
  /** Rows at 0 tokens: losses of base models, before CPT. */
  base: Measurement[];
  /** Rows that cannot be used, each with its reason; none of them is in `measurements`. */
  problems: Problem[];
  notes: string[];
  leftOutByWhere: number;
}

const INPUTS: Partial<Record<Role, string>> = {
  mean_model_size: 'meanModelSize',
  unique_tokens: 'uniqueTokens',
  learning_rate: 'learningRate',
};

/**
 * Reads files of measurements, joined by column name. Every row that cannot be used is named with its line and reason in
 * `problems`: the caller refuses, or goes on without them and says so. Throws a UserError for what concerns whole files.
 */
export async function readMeasurements(
  paths: readonly string[],
  options: ReadOptions = {},
): Promise<MeasurementsRead> {
  const all: MeasurementsRead = { measurements: [], base: [], problems: [], notes: [], leftOutByWhere: 0 };
  for (const path of paths) {
    const read = readOne(await readTable(path), options);
    all.measurements.push(...read.measurements);
    all.base.push(...read.base);
    all.problems.push(...read.problems);
    all.notes.push(...read.notes);
    all.leftOutByWhere += read.leftOutByWhere;
  }
  const { kept, problems } = withoutRepeats([...all.base, ...all.measurements]);
  return {
    ...all,
    measurements: kept.filter((row) => row.tokens > 0),
    base: kept.filter((row) => row.tokens === 0),
    problems: [...all.problems, ...problems],
    notes: [...new Set(all.notes)],
  };
}

function readOne(table: Table, options: ReadOptions): MeasurementsRead {
  const { path, columns } = table;
  const units = options.units ?? { model_size: 'raw', tokens: 'raw' };
  const given = { ...options.map, ...(options.lossColumn ? { loss: options.lossColumn } : {}) };
  const { map, notes } = recogniseColumns(path, columns, given);
  const needed = (role: 'model_size' | 'tokens') => {
    if (map[role] !== undefined) return map[role];
    throw new UserError(
      `${path}: no column is recognised as ${role}`,
      `Say which one it is: --map ${role}=COLUMN. Its columns: ${columns.join(', ')}.`,
    );
  };
  const sizeColumn = needed('model_size');
  const tokensColumn = needed('tokens');
  const lossRoles: Role[] = options.lossColumn ? ['loss'] : ['general_loss', 'domain_loss', 'loss'];
  const losses = lossRoles.filter((role) => map[role] !== undefined);
  if (losses.length === 0) {
    throw new UserError(
      `${path}: no column is recognised as a loss`,
      `Name one: --loss-column COLUMN. Its columns: ${columns.join(', ')}.`,
    );
  }
  const condition = options.where ? parseWhere(options.where, columns) : () => true;
  const rows = table.rows.filter(({ cells }) => condition(cells));

  for (const role of ['model_size', 'tokens'] as const) {
    const values = rows
      .map(({ cells }) => numberOf(cells.get(map[role]!) ?? null))
      .filter((value): value is number => value !== null && value > 0);
    const suspect = suspectUnits(role, values, units[role]);
    if (suspect) throw new UserError(`${path}: ${suspect.problem}`, suspect.remedy);
  }
  if (map.domain_ratio !== undefined) checkShare(path, map.domain_ratio, rows);

  const read: MeasurementsRead = {
    measurements: [],
    base: [],
    problems: [],
    notes,
    leftOutByWhere: table.rows.length - rows.length,
  };
  for (const { line, cells } of rows) {
    const wrong = (column: string, reason: string) =>
      read.problems.push({ file: path, line, column, reason });
    const textOf = (role: Role) => (map[role] === undefined ? null : (cells.get(map[role]) ?? null));
    const count = (column: string, factor: number, least: 'positive' | 'zero') => {
      const value = checkedNumber(cells.get(column) ?? null, (reason) => wrong(column, reason));
      if (value === null) return null;
      if (value < 0 || (least === 'positive' && value === 0)) {
        wrong(column, `is ${value}, not ${least === 'positive' ? 'a positive number' : 'zero or more'}`);
        return null;
      }
      return value * factor;
    };
    const modelSize = count(sizeColumn, FACTORS[units.model_size], 'positive');
    const tokens = count(tokensColumn, FACTORS[units.tokens], 'zero');
    const ratio = textOf('domain_ratio') === null ? null : count(map.domain_ratio!, 1, 'zero');
    if (map.domain_ratio !== undefined && textOf('domain_ratio') === null && tokens !== 0) {
      wrong(map.domain_ratio, 'is missing');
    }
    if (ratio !== null && ratio > 1) wrong(map.domain_ratio!, `is ${ratio}, not in 0…1`);
    const measured = Object.fromEntries(
      lossRoles.map((role) => {
        if (map[role] === undefined || textOf(role) === null) return [role, null];
        const value = checkedNumber(textOf(role), (reason) => wrong(map[role]!, reason));
        if (value !== null && value <= 0) wrong(map[role]!, `is ${value}, not a positive loss`);
        return [role, value];
      }),
    ) as Partial<Record<Role, number | null>>;
    if (losses.every((role) => textOf(role) === null)) {
      wrong(losses.map((role) => map[role]).join(' or '), 'is missing');
    }
    const inputs = Object.fromEntries(
      Object.entries(INPUTS).flatMap(([role, name]) => {
        if (textOf(role as Role) === null) return [];
        const factor =
          role === 'mean_model_size'
            ? FACTORS[units.model_size]
            : role === 'unique_tokens'
              ? FACTORS[units.tokens]
              : 1;
        const value = count(map[role as Role]!, factor, 'positive');
        return value === null ? [] : [[name!, value]];
      }),
    );
    const weight = textOf('weight') === null ? null : count(map.weight!, 1, 'zero');
    if (read.problems.at(-1)?.line === line && read.problems.at(-1)?.file === path) continue;
    const seed = textOf('seed');
    const domain = textOf('domain');
    const named = textOf('run');
    const row: Measurement = {
      file: path,
      line,
      // Without a name: points of one size, mixture, domain and seed are one run's checkpoints.
      run: named === null ? `N=${modelSize} r=${ratio ?? '-'} ${domain ?? ''} s=${seed ?? 1}` : String(named),
      seed: seed === null ? null : String(seed),
      domain: domain === null ? null : String(domain),
      modelSize: modelSize!,
      tokens: tokens!,
      domainRatio: ratio,
      generalLoss: measured.general_loss ?? null,
      domainLoss: measured.domain_loss ?? null,
      loss: measured.loss ?? null,
      weight,
      inputs,
    };
    (row.tokens === 0 ? read.base : read.measurements).push(row);
  }
  if (map.run === undefined) {
    read.notes.push(
      'no column names the runs: rows of one model size, ratio, domain and seed are taken for one run',
    );
  }
  return read;
}

/** A row that stands twice, or says two things about one measurement. The first stays. */
function withoutRepeats(rows: readonly Measurement[]): { kept: Measurement[]; problems: Problem[] } {
  const first = new Map<string, Measurement>();
  const problems: Problem[] = [];
  const kept = rows.filter((row) => {
    const key = JSON.stringify([
      row.run,
      row.seed,
      row.domain,
      row.modelSize,
      row.tokens,
      row.domainRatio,
      row.inputs,
    ]);
    const earlier = first.get(key);
    if (!earlier) {
      first.set(key, row);
      return true;
    }
    const same =
      earlier.generalLoss === row.generalLoss &&
      earlier.domainLoss === row.domainLoss &&
      earlier.loss === row.loss;
    const where = `line ${earlier.line}${earlier.file === row.file ? '' : ` of ${earlier.file}`}`;
    problems.push({
      file: row.file,
      line: row.line,
      column: 'row',
      reason: same ? `repeats ${where}` : `has another loss than ${where} for the same run and tokens`,
    });
    return false;
  });
  return { kept, problems };
}

function checkShare(path: string, column: string, rows: readonly TableRow[]): void {
  const values = rows
    .map(({ cells }) => numberOf(cells.get(column) ?? null))
    .filter((value): value is number => value !== null);
  const highest = Math.max(0, ...values);
  if (highest > 1 && highest <= 100 && values.filter((value) => value > 1).length > values.length / 3) {
    throw new UserError(
      `${path}: ${column} goes up to ${highest}: these are percent, a ratio is a share from 0 to 1`,
      'Divide the column by 100.',
    );
  }
}

function numberOf(cell: Cell): number | null {
  if (typeof cell === 'number') return Number.isFinite(cell) ? cell : null;
  if (typeof cell !== 'string' || cell.trim() === '') return null;
  const value = Number(cell.replaceAll('_', ''));
  return Number.isFinite(value) ? value : null;
}

function checkedNumber(cell: Cell, wrong: (reason: string) => void): number | null {
  if (cell === null) {
    wrong('is missing');
    return null;
  }
  const value = numberOf(cell);
  if (value === null) wrong(`is ${JSON.stringify(cell)}, not a finite number`);
  return value;
}
