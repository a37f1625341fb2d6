import type { Cell } from './table.ts';

/** Decimal numbers only: no hexadecimal, no unit, no thousands comma; `1_000_000` as programmers write it. */
const DECIMAL = /^[+-]?(\d+(_\d+)*\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** The finite number that a cell holds; null for everything else, also for true and false. */
export function numberIn(cell: Cell | undefined): number | null {
  if (typeof cell === 'number') return Number.isFinite(cell) ? cell : null;
  if (typeof cell !== 'string') return null;
  const text = cell.trim();
  if (!DECIMAL.test(text)) return null;
  const value = Number(text.replaceAll('_', ''));
  return Number.isFinite(value) ? value : null;
}

/** A cell as a message shows it: NaN and Infinity by name, long texts cut. */
export function shown(cell: Cell): string {
  if (typeof cell !== 'string') return String(cell);
  return JSON.stringify(cell.length > 40 ? `${cell.slice(0, 40)}…` : cell);
}

/** Lowest and highest of a list of any length; null for an empty one. */
export function rangeOf(values: readonly number[]): { low: number; high: number } | null {
  if (values.length === 0) return null;
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return { low, high };
}

/** What a cell holds; texts of blanks alone are no value. */
export function filled(cell: Cell | undefined): Cell {
  return cell === undefined || (typeof cell === 'string' && cell.trim() === '') ? null : cell;
}

/** `1 row`, `2 rows`. */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
