import type { ComponentChildren } from 'preact';
import { useId, useState } from 'preact/hooks';
import { type CsvValue, csvText, fileName } from './csvText.ts';
import { download, type FigureText, pngOf } from './exportFigure.ts';

export interface FigureTable {
  header: readonly string[];
  /** Values as they are, for the file and for reading. */
  rows: readonly (readonly CsvValue[])[];
}

export interface FigureProps {
  title: string;
  /** What it shows, in a sentence or two: for those who do not see it. */
  description: string;
  /** What a reader should know beside it. */
  note?: ComponentChildren;
  /** Begins its files’ names. */
  name: string;
  svg: FigureText;
  table: () => FigureTable;
  /** Shown beside the title. */
  tools?: ComponentChildren;
  isDimmed?: boolean;
  level?: 2 | 3 | 4;
  children: ComponentChildren;
}

const MOST_ROWS = 500;

/** A figure with its heading, its files and its numbers as a table. */
export function Figure(props: FigureProps) {
  const { title, description, note, name, svg, table, tools, isDimmed = false, level = 3, children } = props;
  const [isOpen, setOpen] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const headingId = useId();
  const Heading = `h${level}` as const;
  const save = (type: 'PNG' | 'SVG') => async () => {
    setProblem(null);
    try {
      const figure = await svg();
      if (type === 'PNG') download(fileName(`${name} ${title}`, 'png'), 'image/png', await pngOf(figure));
      else download(fileName(`${name} ${title}`, 'svg'), 'image/svg+xml', figure.svg);
    } catch (error) {
      setProblem(`No ${type}: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  const saveCsv = () => {
    const { header, rows } = table();
    download(fileName(`${name} ${title}`, 'csv'), 'text/csv', csvText(header, rows));
  };
  return (
    <figure class={`figure ${isDimmed ? 'dimmed' : ''}`} aria-labelledby={headingId}>
      <figcaption class="figure-head">
        <Heading id={headingId}>{title}</Heading>
        <div class="figure-tools">
          {tools}
          <fieldset class="files">
            <legend class="unseen">Save {title}</legend>
            <button type="button" class="mini" onClick={save('SVG')} title="Save this figure as SVG">
              SVG
            </button>
            <button type="button" class="mini" onClick={save('PNG')} title="Save this figure as PNG">
              PNG
            </button>
            <button type="button" class="mini" onClick={saveCsv} title="Save its numbers as CSV">
              CSV
            </button>
          </fieldset>
        </div>
      </figcaption>
      {problem && <p role="alert">{problem}</p>}
      <div class="figure-body">
        <p class="unseen">{description}</p>
        {children}
      </div>
      {note && <div class="figure-note">{note}</div>}
      <details class="as-table" onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>Show as table</summary>
        {isOpen && <NumbersTable {...table()} label={title} />}
      </details>
    </figure>
  );
}

function NumbersTable({ header, rows, label }: FigureTable & { label: string }) {
  const shown = rows.slice(0, MOST_ROWS);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section class="scroll tall" tabIndex={0} aria-label={`${label}: numbers`}>
      <table class="numbers">
        <thead>
          <tr>
            {header.map((each) => (
              <th key={each} scope="col">
                {each}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map((row, at) => (
            <tr key={at}>
              {row.map((value, column) => (
                <td key={column} class={typeof value === 'number' ? 'number' : ''}>
                  {shownValue(value)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > shown.length && <p>{rows.length - shown.length} more rows are in the CSV.</p>}
    </section>
  );
}

function shownValue(value: CsvValue): string {
  if (value === null || value === undefined) return '–';
  if (typeof value !== 'number') return String(value);
  return Number.isInteger(value) ? value.toLocaleString('en-US') : String(Number(value.toPrecision(6)));
}
