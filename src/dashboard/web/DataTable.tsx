import type { ComponentChildren } from 'preact';
import { type CsvValue, csvText, fileName } from '../charts/csvText.ts';
import { download } from '../charts/exportFigure.ts';

export interface Column<Row> {
  name: string;
  /** What stands in the file. */
  value: (row: Row) => CsvValue;
  /** What stands on the page, where it is not the value itself. */
  cell?: (row: Row) => ComponentChildren;
  isNumber?: boolean;
  /** Sorting by it, where the table can be sorted. */
  sort?: { isSorted: boolean; isDescending: boolean; onSort: () => void };
  /** The column that names the row. */
  isHead?: boolean;
}

interface Props<Row> {
  caption: string;
  isCaptionShown?: boolean;
  /** Shows the caption as a heading of this level. */
  heading?: 2 | 3;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string;
  /** Without it there is no file of the table. */
  fileWords?: string;
  rowClass?: (row: Row) => string;
  tools?: ComponentChildren;
}

/** A table with headers, which scrolls in itself, becomes a list of cards on a phone, and is saved as CSV. */
export function DataTable<Row>(props: Props<Row>) {
  const {
    caption,
    isCaptionShown = false,
    heading,
    columns,
    rows,
    keyOf,
    fileWords,
    rowClass,
    tools,
  } = props;
  const Heading = heading ? (`h${heading}` as const) : null;
  const save = () =>
    download(
      fileName(fileWords ?? caption, 'csv'),
      'text/csv',
      csvText(
        columns.map(({ name }) => name),
        rows.map((row) => columns.map(({ value }) => value(row))),
      ),
    );
  return (
    <div class="table-frame">
      {(Heading || isCaptionShown || fileWords || tools) && (
        <div class="table-head">
          {Heading ? (
            <Heading>{caption}</Heading>
          ) : (
            <p class="table-title">{isCaptionShown ? caption : ''}</p>
          )}
          <div class="figure-tools">
            {tools}
            {fileWords && (
              <button type="button" class="mini" onClick={save} title={`Save this table as CSV`}>
                CSV<span class="unseen"> of {caption}</span>
              </button>
            )}
          </div>
        </div>
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section class="scroll" tabIndex={0} aria-label={`${caption}: table`}>
        <table class="data">
          <caption class="unseen">{caption}</caption>
          <thead>
            <tr>
              {columns.map(({ name, isNumber, sort }) => (
                <th
                  key={name}
                  scope="col"
                  class={isNumber ? 'number' : ''}
                  aria-sort={sort?.isSorted ? (sort.isDescending ? 'descending' : 'ascending') : undefined}
                >
                  {sort ? (
                    <button type="button" class="sort" onClick={sort.onSort}>
                      {name}
                      <span aria-hidden="true">{sort.isSorted ? (sort.isDescending ? ' ↓' : ' ↑') : ''}</span>
                    </button>
                  ) : (
                    name
                  )}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={keyOf(row)} class={rowClass?.(row) ?? ''}>
                {columns.map(({ name, value, cell, isNumber, isHead }) => {
                  const shown = cell ? cell(row) : (value(row) ?? '–');
                  return isHead ? (
                    <th key={name} scope="row" data-name={name}>
                      {shown}
                    </th>
                  ) : (
                    <td key={name} class={isNumber ? 'number' : ''} data-name={name}>
                      {shown}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </div>
  );
}
