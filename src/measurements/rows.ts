import { filled, numberIn, shown } from './cells.ts';
import type { ColumnMap, Role } from './columns.ts';
import type { Cell, Table, TableRow } from './table.ts';
import type { Measurement, Problem } from './types.ts';
import { type CountRole, type CountUnits, FACTORS, unitOf } from './units.ts';

/** What rows of one file are read by. */
export interface RowSettings {
  table: Pick<Table, 'path' | 'counts'>;
  /** Has columns for model_size, tokens and every role in `lossRoles` that the file has. */
  map: ColumnMap;
  lossRoles: readonly Role[];
  units: CountUnits;
  shareColumns: readonly string[];
}

const INPUTS: readonly [role: Role, name: string, isCount: boolean][] = [
  ['mean_model_size', 'meanModelSize', true],
  ['unique_tokens', 'uniqueTokens', true],
  ['learning_rate', 'learningRate', false],
  ['base_general_loss', 'baseGeneralLoss', false],
];

/** Shares are written with three digits or more, each rounded: so much may their sum be off. */
const shareTolerance = (columns: number): number => Math.max(1e-3, 5e-4 * columns) + 1e-9;

type Complain = (column: string, reason: string) => void;
/** What a number may be; a share is from 0 to 1. */
type Range = keyof typeof OUTSIDE;
const OUTSIDE = {
  positive: 'not a positive number',
  loss: 'not a positive loss',
  'zero or more': 'not zero or more',
  share: 'not in 0…1',
};

/** A row as a measurement, or all that is wrong with it. */
export function readRow(row: TableRow, settings: RowSettings): Measurement | Problem[] {
  const { table, map, lossRoles, units, shareColumns } = settings;
  const problems: Problem[] = [];
  const complain: Complain = (column, reason) =>
    problems.push({ file: table.path, line: row.line, place: `${table.counts} ${row.line}`, column, reason });
  const cell = (role: Role) => (map[role] === undefined ? null : filled(row.cells.get(map[role])));
  const optional = (role: Role, range: Range) =>
    cell(role) === null ? null : checkedNumber(cell(role), range, map[role]!, complain);
  const count = (role: CountRole, range: Range) => {
    const value = checkedNumber(cell(role), range, map[role]!, complain);
    return value === null ? null : value * FACTORS[unitOf(role, units)];
  };

  const modelSize = count('model_size', 'positive');
  const tokens = count('tokens', 'zero or more');
  const isBase = tokens === 0;
  const domainRatio = optional('domain_ratio', 'share');
  if (map.domain_ratio !== undefined && cell('domain_ratio') === null && !isBase) {
    complain(map.domain_ratio, 'is missing');
  }
  const losses = new Map(lossRoles.map((role) => [role, optional(role, 'loss')]));
  const present = lossRoles.filter((role) => map[role] !== undefined);
  if (present.every((role) => cell(role) === null)) {
    complain(present.map((role) => map[role]).join(' or '), 'is missing');
  }
  const errorOf = (loss: Role, error: Role) =>
    lossRoles.includes(loss) ? optional(error, 'zero or more') : null;
  const inputs = Object.fromEntries(
    INPUTS.flatMap(([role, name, isCount]) => {
      if (cell(role) === null) return [];
      const value = isCount ? count(role as CountRole, 'positive') : optional(role, 'positive');
      return value === null ? [] : [[name, value]];
    }),
  );
  const shares = sharesOf(row, shareColumns, isBase, complain);
  const seed = cell('seed');
  const domain = cell('domain');
  const named = cell('run');
  const measurement = {
    file: table.path,
    line: row.line,
    seed: seed === null ? null : String(numberIn(seed) ?? seed),
    domain: domain === null ? null : String(domain),
    modelSize: modelSize!,
    tokens: tokens!,
    domainRatio,
    generalLoss: losses.get('general_loss') ?? null,
    domainLoss: losses.get('domain_loss') ?? null,
    loss: losses.get('loss') ?? null,
    standardError: {
      general: errorOf('general_loss', 'general_standard_error'),
      domain: errorOf('domain_loss', 'domain_standard_error'),
    },
    weight: optional('weight', 'zero or more'),
    inputs,
    shares,
  };
  if (problems.length > 0) return problems;
  return { ...measurement, run: named === null ? trajectoryOf(measurement) : String(named) };
}

/** Without a name, points of one size, mixture, domain and seed are one run's checkpoints. */
function trajectoryOf(row: Omit<Measurement, 'run'>): string {
  const mixture = row.shares ? ` h=${row.shares.join('/')}` : '';
  return `N=${row.modelSize} r=${row.domainRatio ?? '-'}${mixture} ${row.domain ?? ''} s=${row.seed ?? 1}`;
}

function checkedNumber(cell: Cell, range: Range, column: string, complain: Complain): number | null {
  if (cell === null) {
    complain(column, 'is missing');
    return null;
  }
  const value = numberIn(cell);
  if (value === null) {
    complain(column, `is ${shown(cell)}, not a finite number`);
    return null;
  }
  const isInside =
    range === 'positive' || range === 'loss' ? value > 0 : value >= 0 && (range !== 'share' || value <= 1);
  if (isInside) return value;
  complain(column, `is ${value}, ${OUTSIDE[range]}`);
  return null;
}

/** null where none are asked for, and for a base model's row without any. */
function sharesOf(
  row: TableRow,
  columns: readonly string[],
  isBase: boolean,
  complain: Complain,
): number[] | null {
  const cells = columns.map((column) => filled(row.cells.get(column)));
  if (columns.length === 0 || (isBase && cells.every((cell) => cell === null))) return null;
  const shares = cells.map((cell, i) => checkedNumber(cell, 'share', columns[i]!, complain));
  const known = shares.filter((share) => share !== null);
  if (known.length < columns.length) return null;
  const sum = known.reduce((total, share) => total + share, 0);
  if (Math.abs(sum - 1) <= shareTolerance(columns.length)) return known;
  complain(namesOf(columns), `add up to ${Number(sum.toPrecision(6))}, not to 1`);
  return null;
}

function namesOf(columns: readonly string[]): string {
  return columns.length > 3 ? `${columns[0]} … ${columns.at(-1)}` : columns.join(' + ');
}
