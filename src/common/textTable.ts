import { stripVTControlCharacters } from 'node:util';

export interface TextColumn {
  header: string;
  /** Numbers read best on the right; `left` when absent. */
  align?: 'left' | 'right';
}

export interface TextTableOptions {
  /** Spaces before every line. */
  indent?: number;
  /** Spaces between columns. */
  gap?: number;
  /** Applied to the finished header line, e.g. a colour. */
  paintHeader?(line: string): string;
}

/**
 * A plain text table: a header line, a rule and one line a row, columns as wide as their widest cell. Cells may
 * carry terminal colours, which take no width. A line break inside a cell becomes a space.
 * Throws a RangeError when a row has not one cell a column.
 */
export function textTable(
  columns: readonly (string | TextColumn)[],
  rows: readonly (readonly string[])[],
  options: TextTableOptions = {},
): string {
  const { indent = 0, gap = 2, paintHeader = (line: string) => line } = options;
  const wanted = columns.map((column) => (typeof column === 'string' ? { header: column } : column));
  for (const row of rows) {
    if (row.length !== wanted.length)
      throw new RangeError(`textTable: ${row.length} cells for ${wanted.length} columns`);
  }
  const header = wanted.map((column) => oneLine(column.header));
  const body = rows.map((row) => row.map(oneLine));
  const widths = header.map((cell, at) => Math.max(width(cell), ...body.map((row) => width(row[at]!))));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, at) => {
        const padding = ' '.repeat(widths[at]! - width(cell));
        return wanted[at]!.align === 'right' ? padding + cell : cell + padding;
      })
      .join(' '.repeat(gap))
      .trimEnd();
  const rule = widths.map((columnWidth) => '─'.repeat(columnWidth)).join(' '.repeat(gap));
  const margin = ' '.repeat(indent);
  return [paintHeader(line(header)), rule, ...body.map(line)].map((text) => margin + text).join('\n');
}

const oneLine = (cell: string): string => cell.replaceAll(/\s*[\r\n]+\s*/g, ' ');

/** Columns on a terminal: code points, less colours and combining marks. */
const width = (text: string): number =>
  [...stripVTControlCharacters(text).replaceAll(/\p{Mark}/gu, '')].length;
