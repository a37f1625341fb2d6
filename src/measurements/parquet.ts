import { readFileSync } from 'node:fs';
import { parquetMetadataAsync, parquetRead, parquetSchema } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { messageOf, UserError } from '../common/errors.ts';
import { type Cell, checkedColumns, refuseTooManyCells, type Table } from './table.ts';

/** A Parquet table. Throws a UserError for what is none, and for tables too large to hold. */
export async function readParquet(path: string): Promise<Table> {
  const bytes = readFileSync(path);
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  try {
    const metadata = await parquetMetadataAsync(file);
    const columns = checkedColumns(
      path,
      parquetSchema(metadata).children.map(({ element }) => element.name),
    );
    // Before reading: a small file can hold, or claim, any number of rows.
    refuseTooManyCells(path, Number(metadata.num_rows) * columns.length);
    let rows: unknown[][] = [];
    // Rows as lists: as objects a column called __proto__ would be lost.
    await parquetRead({
      file,
      metadata,
      compressors,
      rowFormat: 'array',
      onComplete: (read) => {
        rows = read;
      },
    });
    return {
      path,
      columns,
      counts: 'row',
      rows: rows.map((row, i) => ({
        line: i + 1,
        cells: new Map(columns.map((column, j) => [column, cellOf(row[j])])),
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
  // Beyond 2^53 a float64 is another number: kept as text, which a column of names needs and a count can still be read from.
  if (typeof value === 'bigint') {
    return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER
      ? Number(value)
      : String(value);
  }
  if (typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean') return value;
  if (value instanceof Date) return value.toISOString();
  return JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? String(inner) : inner));
}
