import { readFileSync, type Stats, statSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { messageOf, UserError } from '../common/errors.ts';
import { readDelimited } from './delimited.ts';
import { readJsonLines } from './jsonLines.ts';
import type { Table } from './table.ts';

export type { Cell, Table, TableRow } from './table.ts';

const MAX_BYTES = 1_000_000_000;
/** Longer text does not fit into one string of the JavaScript engine (2^29 characters). */
const MAX_TEXT_BYTES = 500_000_000;

const TEXT_READERS = {
  csv: (path: string, text: string) => readDelimited(path, text, ','),
  tsv: (path: string, text: string) => readDelimited(path, text, '\t'),
  jsonl: readJsonLines,
  ndjson: readJsonLines,
} satisfies Record<string, (path: string, text: string) => Table>;

/**
 * Reads CSV, TSV, JSON lines (also .gz) or Parquet. Throws a UserError that names file, line and remedy; a cell is
 * never guessed at, numbers in text stay text until a column is asked for as numbers.
 */
export async function readTable(path: string): Promise<Table> {
  const size = sizeOf(path);
  const { format, packed } = formatOf(path);
  const limit = format === 'parquet' || packed ? MAX_BYTES : MAX_TEXT_BYTES;
  if (size > limit) throw tooLarge(path, `${size} bytes`, limit);
  const table =
    format === 'parquet' ? await parquetTable(path) : TEXT_READERS[format](path, textOf(path, packed));
  if (table.rows.length === 0) throw new UserError(`${path} has no rows`, 'Write at least one row into it.');
  return table;
}

/** Its reader takes 0.1 s to load, which few tables need. */
async function parquetTable(path: string): Promise<Table> {
  const { readParquet } = await import('./parquet.ts');
  return readParquet(path);
}

function sizeOf(path: string): number {
  let stats: Stats | undefined;
  try {
    stats = statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    throw new UserError(`${path} cannot be opened: ${messageOf(error)}`, 'Check the path.');
  }
  if (!stats) throw new UserError(`there is no file ${path}`, 'Check the path.');
  if (!stats.isFile()) throw new UserError(`${path} is not a file`, 'Name a file of measurements.');
  if (stats.size === 0) {
    throw new UserError(`${path} is empty`, 'Write a header and at least one row into it.');
  }
  return stats.size;
}

function formatOf(path: string): { format: keyof typeof TEXT_READERS | 'parquet'; packed: boolean } {
  const name = path.toLowerCase().replace(/.*[\\/]/, '');
  const packed = name.endsWith('.gz');
  const bare = packed ? name.slice(0, -'.gz'.length) : name;
  const extension = bare.includes('.') ? bare.slice(bare.lastIndexOf('.') + 1) : '';
  if (extension === 'parquet' && packed) {
    throw new UserError(
      `${path}: Parquet within gzip is not read`,
      'Unpack it: Parquet compresses by itself.',
    );
  }
  if (extension === 'parquet' || Object.hasOwn(TEXT_READERS, extension)) {
    return { format: extension as keyof typeof TEXT_READERS | 'parquet', packed };
  }
  throw new UserError(
    extension === ''
      ? `${path} has no file extension`
      : `${path}: the format of .${extension} files is unknown`,
    'Use .csv, .tsv, .jsonl, .ndjson (each also with .gz) or .parquet.',
  );
}

function textOf(path: string, packed: boolean): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new UserError(`${path} cannot be read: ${messageOf(error)}`, 'Check its permissions.');
  }
  if (packed) bytes = unpacked(path, bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw notUtf8(path, bytes);
  }
}

function unpacked(path: string, bytes: Buffer): Buffer {
  try {
    return gunzipSync(bytes, { maxOutputLength: MAX_TEXT_BYTES });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
      throw tooLarge(path, 'more when unpacked', MAX_TEXT_BYTES);
    }
    throw new UserError(`${path} cannot be unpacked: ${messageOf(error)}`, 'Pack it again with gzip.');
  }
}

function tooLarge(path: string, size: string, limit: number): UserError {
  return new UserError(
    `${path} has ${size}, the limit is ${limit} bytes`,
    'Split it, leave columns out, or write it as Parquet.',
  );
}

function notUtf8(path: string, bytes: Buffer): UserError {
  const [a, b] = bytes;
  if ((a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff)) {
    return new UserError(`${path} is UTF-16 text`, 'Save it as UTF-8.');
  }
  const decoder = new TextDecoder('utf-8', { fatal: true });
  // No character of UTF-8 holds the byte of a line end, so each line can be tried alone.
  for (let from = 0, line = 1; from < bytes.length; line++) {
    const end = bytes.indexOf(0x0a, from);
    const until = end < 0 ? bytes.length : end;
    try {
      decoder.decode(bytes.subarray(from, until));
    } catch {
      return new UserError(`${path}, line ${line}: not UTF-8 text`, 'Save the file as UTF-8.');
    }
    from = until + 1;
  }
  return new UserError(`${path} is not UTF-8 text`, 'Save it as UTF-8.');
}
