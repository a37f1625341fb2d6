import { UserError } from '../common/errors.ts';

export type Cell = string | number | boolean | null;

export interface TableRow {
  /** 1-based line of the file where the row begins; for Parquet the row's number. */
  line: number;
  cells: ReadonlyMap<string, Cell>;
}

export interface Table {
  path: string;
  columns: string[];
  rows: TableRow[];
  /** What `line` counts: Parquet has rows but no lines. */
  counts: 'line' | 'row';
}

/** Ten million cells take about two gigabytes; tables of losses are far below, and more would end in a crash. */
export const MAX_CELLS = 10_000_000;

/** Throws a UserError beyond MAX_CELLS. */
export function refuseTooManyCells(path: string, cells: number): void {
  if (cells <= MAX_CELLS) return;
  throw new UserError(
    `${path} has more than ${MAX_CELLS} cells (rows times columns)`,
    'Leave columns or rows out.',
  );
}

/** Names of columns as they stand, each non-empty and only once: rows are joined by name. Throws a UserError. */
export function checkedColumns(path: string, columns: readonly string[]): string[] {
  const seen = new Set<string>();
  for (const [i, column] of columns.entries()) {
    if (column === '') throw new UserError(`${path}: column ${i + 1} has no name`, 'Name every column.');
    if (seen.has(column)) {
      throw new UserError(
        `${path}: two columns are called ${column}`,
        'Columns are joined by name: rename one.',
      );
    }
    seen.add(column);
  }
  return [...columns];
}
