import { CsvError, parse } from 'csv-parse/sync';
import { messageOf, UserError } from '../common/errors.ts';
import { counted } from './cells.ts';
import { checkedColumns, refuseTooManyCells, type Table } from './table.ts';

interface DelimitedRecord {
  line: number;
  cells: string[];
}

/** pandas writes its index without a name, and reads it back as this. */
const UNNAMED_INDEX = 'Unnamed: 0';

/**
 * A table of delimited text after RFC 4180 with a header; empty cells are null, all others text. An unnamed first column is
 * called `Unnamed: 0`. Throws a UserError with the line where the record that cannot be read begins.
 */
export function readDelimited(path: string, text: string, delimiter: ',' | '\t'): Table {
  const [header, ...body] = recordsOf(path, text, delimiter);
  if (!header) throw new UserError(`${path} has no header`, 'Its first line must name the columns.');
  refuseOtherDelimiter(path, header.cells, delimiter);
  const [first = '', ...rest] = header.cells;
  const columns = checkedColumns(path, [first === '' && rest.length > 0 ? UNNAMED_INDEX : first, ...rest]);
  return {
    path,
    columns,
    counts: 'line',
    rows: body.map(({ line, cells }) => ({
      line,
      cells: new Map(columns.map((column, i) => [column, cells[i] === '' ? null : cells[i]!])),
    })),
  };
}

function recordsOf(path: string, text: string, delimiter: string): DelimitedRecord[] {
  const records: DelimitedRecord[] = [];
  const bytes = Buffer.from(text);
  const nextLine = lineFinder(bytes, delimiter);
  let endOfLast = 0;
  try {
    parse(bytes, {
      delimiter,
      skip_empty_lines: true,
      trim: true,
      on_record: (cells: string[], context: { bytes: number }) => {
        records.push({ line: nextLine(endOfLast), cells });
        endOfLast = context.bytes;
        refuseTooManyCells(path, records.length * cells.length);
        return null;
      },
    });
  } catch (error) {
    if (error instanceof UserError) throw error;
    // With decimal commas, `1;2,5` has more cells than the header: the delimiter is the trouble, not the line.
    refuseOtherDelimiter(path, records[0]?.cells ?? [], delimiter);
    const [problem, remedy] = explained(error, records[0]?.cells.length);
    throw new UserError(`${path}, line ${nextLine(endOfLast)}: ${problem}`, remedy);
  }
  return records;
}

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const TAB = 0x09;

/**
 * The 1-based line of the first line with any content from a line's first byte on; to be asked in rising order. The parser's own
 * count is of no use here: it tells where records end, and takes \r\n within a cell for two lines.
 */
function lineFinder(bytes: Buffer, delimiter: string): (from: number) => number {
  let line = 1;
  let at = 0;
  const isBlank = (byte: number) => byte === SPACE || (byte === TAB && delimiter !== '\t');
  const step = () => {
    if (bytes[at] === LF || (bytes[at] === CR && bytes[at + 1] !== LF)) line++;
    at++;
  };
  return (from) => {
    while (at < from) step();
    let end = at;
    while (end < bytes.length) {
      if (bytes[end] === LF || bytes[end] === CR) {
        while (at <= end) step();
      } else if (!isBlank(bytes[end]!)) break;
      end++;
    }
    return line;
  };
}

function refuseOtherDelimiter(path: string, header: readonly string[], delimiter: string): void {
  const other = [';', '\t', '|', ','].find((sign) => sign !== delimiter && header[0]?.includes(sign));
  if (header.length !== 1 || other === undefined) return;
  throw new UserError(
    `${path}: its columns seem to be separated by ${JSON.stringify(other)}`,
    'Separate them by commas (.csv) or tabs (.tsv), with decimal points in the numbers.',
  );
}

function explained(error: unknown, width: number | undefined): [problem: string, remedy: string] {
  const code = error instanceof CsvError ? error.code : '';
  const isQuote =
    code === 'CSV_INVALID_CLOSING_QUOTE' ||
    code === 'INVALID_OPENING_QUOTE' ||
    code === 'CSV_NON_TRIMABLE_CHAR_AFTER_CLOSING_QUOTE';
  if (error instanceof CsvError && code === 'CSV_RECORD_INCONSISTENT_FIELDS_LENGTH') {
    const { record } = error as { record?: unknown };
    const count = Array.isArray(record) ? counted(record.length, 'cell') : 'another number of cells';
    return [
      `${count}, but the header has ${width}`,
      'Each line needs as many cells as the header; quote cells that hold the delimiter.',
    ];
  }
  if (code === 'CSV_QUOTE_NOT_CLOSED') {
    return [
      'a quote is opened here and never closed',
      'Close it, or double a quote that belongs to the cell.',
    ];
  }
  if (isQuote) {
    return [
      'a quote stands in the middle of a cell',
      'Quote the whole cell and double the quotes within it.',
    ];
  }
  return [messageOf(error), 'Write the table as RFC 4180 says.'];
}
