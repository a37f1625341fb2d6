import { messageOf, UserError } from '../common/errors.ts';
import { type Cell, refuseTooManyCells, type Table, type TableRow } from './table.ts';

const ONE_OBJECT = 'Each line must be one JSON object.';

/**
 * A table of one JSON object a line; blank lines are passed over. Python's bare NaN and Infinity, which JSON has not, become
 * texts, so that the row is named as a bad one and the rest can be read. Throws a UserError with the line.
 */
export function readJsonLines(path: string, text: string): Table {
  const columns = new Set<string>();
  const rows: TableRow[] = [];
  let cellCount = 0;
  for (const [i, raw] of text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .entries()) {
    if (raw.trim() === '') continue;
    const line = i + 1;
    const place = `${path}, line ${line}`;
    const cells = new Map<string, Cell>();
    for (const [column, cell] of Object.entries(objectOf(raw, place))) {
      if (column === '') throw new UserError(`${place}: a cell has no name`, 'Name every column.');
      columns.add(column);
      cells.set(column, cellOf(cell, place));
    }
    rows.push({ line, cells });
    cellCount += cells.size;
    refuseTooManyCells(path, cellCount);
  }
  return { path, columns: [...columns], counts: 'line', rows };
}

/** Lists and objects are no measurement; they are kept as text so that nothing is lost on the way. */
function cellOf(value: unknown, place: string): Cell {
  if (typeof value !== 'object' || value === null) return value as Cell;
  try {
    return JSON.stringify(value);
  } catch (error) {
    throw new UserError(`${place}: ${messageOf(error)}`, 'Leave out what is nested so deep.');
  }
}

function objectOf(raw: string, place: string): object {
  let text = raw;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    text = withoutBareNaN(raw);
    try {
      value = JSON.parse(text);
    } catch {
      throw new UserError(`${place}: ${messageOf(error)}`, ONE_OBJECT);
    }
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UserError(`${place}: not a JSON object`, ONE_OBJECT);
  }
  const repeated = repeatedKey(text);
  if (repeated !== null) {
    throw new UserError(
      `${place}: two cells are called ${repeated}`,
      'Columns are joined by name: rename one.',
    );
  }
  return value;
}

/** `NaN` and `Infinity` outside of strings, put into quotes. */
function withoutBareNaN(raw: string): string {
  let text = '';
  for (const { piece, isString } of pieces(raw)) {
    text += isString ? piece : piece.replace(/-?\b(?:NaN|Infinity)\b/g, '"$&"');
  }
  return text;
}

/** The first key that stands twice in the outermost object of valid JSON, where JSON.parse would keep the last in silence. */
function repeatedKey(text: string): string | null {
  const seen = new Set<string>();
  let depth = 0;
  let candidate: string | null = null;
  for (const { piece, isString } of pieces(text)) {
    if (isString) {
      candidate = depth === 1 ? piece : null;
      continue;
    }
    if (candidate !== null && piece.trimStart().startsWith(':')) {
      const key = JSON.parse(candidate) as string;
      if (seen.has(key)) return key;
      seen.add(key);
    }
    for (const [bracket] of piece.matchAll(/[{}[\]]/g)) depth += bracket === '{' || bracket === '[' ? 1 : -1;
  }
  return null;
}

/** Strings, and what stands between them. Not by one regular expression: a long string would exhaust its stack. */
function* pieces(text: string): Generator<{ piece: string; isString: boolean }> {
  let from = 0;
  while (from < text.length) {
    const opening = text.indexOf('"', from);
    const end = opening < 0 ? text.length : opening;
    if (end > from) yield { piece: text.slice(from, end), isString: false };
    if (opening < 0) return;
    const closing = closingQuote(text, opening);
    yield { piece: text.slice(opening, closing + 1), isString: true };
    from = closing + 1;
  }
}

function closingQuote(text: string, opening: number): number {
  for (let at = opening + 1; at < text.length; at++) {
    const sign = text[at];
    if (sign === '"') return at;
    if (sign === '\\') at++;
  }
  return text.length - 1;
}
