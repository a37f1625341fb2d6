import { existsSync, readFileSync, statSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { CsvError, parse } from 'csv-parse/sync';
import { messageOf, UserError } from '../common/errors.ts';

export type Cell = string | number | boolean | null;

export interface TableRow {
  /** 1-based line of the file; for Parquet the row's number. */
  line: number;
  cells: ReadonlyMap<string, Cell>;
}

export interface Table {
  path: string;
  columns: string[];
  rows: TableRow[];
}

const MAX_BYTES = 1_000_000_000;

/**
 * Reads CSV, TSV, JSON lines (also .gz) or Parquet. Throws a UserError that names file, line and remedy; a cell is
 * never guessed at, numbers in text stay text until a column is asked for as numbers.
 */
export async function readTable(path: string): Promise<Table> {
  if (!existsSync(path)) throw new UserError(`there is no file ${path}`, 'Check the path.');
  const { size } = statSync(path);
  if (!statSync(path).isFile()) throw new UserError(`${path} is not a file`, 'Name a file of measurements.');
  if (size > MAX_BYTES) {
    throw new UserError(
      `${path} has ${size} bytes, more than ${MAX_BYTES}`,
      'Split it, or leave columns out.',
    );
  }
  if (size === 0) throw new UserError(`${path} is empty`, 'Write a header and at least one row into it.');
  const name = path.toLowerCase().replace(/\.gz$/, '');
  const extension = name.slice(name.lastIndexOf('.') + 1);
  const table =
    extension === 'parquet'
      ? await readParquet(path)
      : extension === 'csv' || extension === 'tsv' || extension === 'jsonl' || extension === 'ndjson'
        ? readText(path, extension)
        : null;
  if (!table) {
    throw new UserError(
      `${path}: the format of .${extension} files is unknown`,
      'Use .csv, .tsv, .jsonl, .ndjson (each also with .gz) or .parquet.',
    );
  }
  if (table.rows.length === 0) throw new UserError(`${path} has no rows`, 'Write at least one row into it.');
  return table;
}

function readText(path: string, extension: 'csv' | 'tsv' | 'jsonl' | 'ndjson'): Table {
  const bytes = readFileSync(path);
  let raw: Buffer = bytes;
  if (path.toLowerCase().endsWith('.gz')) {
    try {
      raw = gunzipSync(bytes, { maxOutputLength: MAX_BYTES });
    } catch (error) {
      throw new UserError(`${path} cannot be unpacked: ${messageOf(error)}`, 'Pack it again with gzip.');
    }
  }
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(raw);
  } catch {
    throw new UserError(`${path} is not UTF-8 text`, 'Save it as UTF-8.');
  }
  return extension === 'csv' || extension === 'tsv'
    ? readDelimited(path, text, extension === 'csv' ? ',' : '\t')
    : readJsonLines(path, text);
}

function readDelimited(path: string, text: string, delimiter: string): Table {
  let records: { record: string[]; info: { lines: number } }[];
  try {
    records = parse(text, { delimiter, bom: true, info: true, skip_empty_lines: true, trim: true }) as never;
  } catch (error) {
    const line = error instanceof CsvError && typeof error.lines === 'number' ? `, line ${error.lines}` : '';
    throw new UserError(
      `${path}${line}: ${messageOf(error)}`,
      'Each line needs as many cells as the header; quote cells that hold the delimiter.',
    );
  }
  const [header, ...body] = records;
  if (!header) throw new UserError(`${path} has no header`, 'Its first line must name the columns.');
  const columns = checkedColumns(path, header.record);
  return {
    path,
    columns,
    rows: body.map(({ record, info }) => ({
      line: info.lines,
      cells: new Map(columns.map((column, i) => [column, record[i] === '' ? null : record[i]!])),
    })),
  };
}

function readJsonLines(path: string, text: string): Table {
  const columns = new Set<string>();
  const rows = text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .flatMap((raw, i): TableRow[] => {
      if (raw.trim() === '') return [];
      const line = i + 1;
      let value: unknown;
      try {
        value = JSON.parse(raw);
      } catch (error) {
        throw new UserError(
          `${path}, line ${line}: ${messageOf(error)}`,
          'Each line must be one JSON object.',
        );
      }
      if (typeof value !== 'object' || value === null || Array.isArray(value)) {
        throw new UserError(`${path}, line ${line}: not a JSON object`, 'Each line must be one JSON object.');
      }
      const cells = new Map<string, Cell>();
      for (const [column, cell] of Object.entries(value)) {
        columns.add(column);
        // Lists and objects are no measurement; they are kept as text so that nothing is lost on the way.
        cells.set(column, typeof cell === 'object' && cell !== null ? JSON.stringify(cell) : (cell as Cell));
      }
      return [{ line, cells }];
    });
  return { path, columns: [...columns], rows };
}

async function readParquet(path: string): Promise<Table> {
  const { parquetReadObjects, parquetSchema, parquetMetadataAsync } = await import('hyparquet');
  const { compressors } = await import('hyparquet-compressors');
  const bytes = readFileSync(path);
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  try {
    const metadata = await parquetMetadataAsync(file);
    const columns = checkedColumns(
      path,
      parquetSchema(metadata).children.map(({ element }) => element.name),
    );
    const objects = (await parquetReadObjects({ file, metadata, compressors })) as Record<string, unknown>[];
    return {
      path,
      columns,
      rows: objects.map((object, i) => ({
        line: i + 1,
        cells: new Map(columns.map((column) => [column, cellOf(object[column])])),
      })),
    };
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(
      `${path} cannot be read as Parquet: ${messageOf(error)}`,
      'Write it again, or as CSV.',
    );
  }
}

function cellOf(value: unknown): Cell {
  if (value === null || value === undefined) return null;
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean') return value;
  return value instanceof Date ? value.toISOString() : JSON.stringify(value);
}

function checkedColumns(path: string, columns: readonly string[]): string[] {
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
