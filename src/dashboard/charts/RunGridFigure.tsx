import type { VNode } from 'preact';
import { useMemo, useRef } from 'preact/hooks';
import { fixed, short } from '../../common/numbers.ts';
import type { RunRow, RunStatus } from '../api/sweeps.ts';
import { Figure } from './Figure.tsx';
import { GRID_COLUMNS, gridRow, linesOf, neighbour, placeOf, type RunGrid, shareOf } from './gridModel.ts';
import { gridSvg, STATE_COLOURS } from './gridSvg.ts';
import { standaloneSvg } from './svgText.ts';
import { theme } from './theme.ts';

export interface RunGridProps {
  grid: RunGrid;
  /** Which loss stands in the cells. */
  loss: 'general' | 'domain';
  selected: string | null;
  name: string;
  onSelect: (run: string) => void;
  onOpen: (run: string) => void;
  /** A run’s state as a shape. */
  glyph: (status: RunStatus) => VNode;
}

/** More runs than these in one place are drawn as small squares without numbers. */
const MOST_NUMBERED = 5;
const KEYS = ['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown', 'Home', 'End'];

/** The runs of one domain by model size and ratio, as cells that fill. */
export function RunGridFigure(props: RunGridProps) {
  const { grid, loss, selected, name, onSelect, onOpen, glyph } = props;
  const lines = useMemo(() => linesOf(grid), [grid]);
  const all = lines.flat();
  const table = useRef<HTMLTableElement>(null);
  /** One cell is in the order of the Tab key; arrows lead on from it. */
  const inOrder = all.some(({ run }) => run === selected) ? selected : (all[0]?.run ?? null);
  const isDense = [...grid.places.values(), ...grid.bases.values()].some(
    (runs) => runs.length > MOST_NUMBERED,
  );
  const cache = useRef(new Map<string, { row: RunRow; look: string; drawn: VNode }>());

  const cell = (row: RunRow): VNode => {
    const isSelected = row.run === selected;
    const look = `${loss} ${isSelected} ${row.run === inOrder} ${isDense}`;
    const before = cache.current.get(row.run);
    // An unchanged element is skipped: with thousands of runs, only the cells that change cost anything.
    if (before?.row === row && before.look === look) return before.drawn;
    const drawn = (
      <Cell
        key={row.run}
        {...{ row, loss, isSelected, isDense }}
        isInOrder={row.run === inOrder}
        mark={glyph(row.status)}
      />
    );
    cache.current.set(row.run, { row, look, drawn });
    return drawn;
  };

  const runAt = (event: Event) => (event.target as Element).closest<HTMLElement>('[data-run]')?.dataset.run;
  const onKeyDown = (event: KeyboardEvent) => {
    const run = runAt(event);
    if (!run) return;
    if (event.key === 'Enter') {
      event.preventDefault();
      onOpen(run);
    } else if (KEYS.includes(event.key)) {
      event.preventDefault();
      const next = neighbour(lines, run, event.key);
      if (!next) return;
      onSelect(next);
      table.current?.querySelector<HTMLElement>(`[data-run="${next}"]`)?.focus();
    }
  };
  const title = grid.domain === null ? 'Base models' : `Runs of ${grid.domain}`;
  const paper = theme.value;
  return (
    <Figure
      title={title}
      name={name}
      level={2}
      description={`${title}: a row a model size, a column a domain ratio. Arrow keys move from run to run, Enter opens one.`}
      table={() => ({ header: GRID_COLUMNS, rows: all.map(gridRow) })}
      svg={() =>
        standaloneSvg({
          title: `${name}: ${title}, ${loss} loss`,
          panels: [gridSvg(grid, loss, paper)],
          legend: Object.entries(STATE_COLOURS[paper.name]).map(([label, colour]) => ({
            ...{ label, colour, mark: 'band' },
          })),
          theme: paper,
        })
      }
    >
      <div class="scroll">
        <table
          ref={table}
          class={`run-grid ${isDense ? 'is-dense' : ''}`}
          // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: cells to walk through with arrow keys are a grid
          role="grid"
          aria-label={title}
          onKeyDown={onKeyDown}
          onClick={(event) => {
            const run = runAt(event);
            if (run) onSelect(run);
          }}
          onDblClick={(event) => {
            const run = runAt(event);
            if (run) onOpen(run);
          }}
        >
          <thead>
            <tr>
              <th scope="col" class="corner">
                <span class="unseen">model size</span>
              </th>
              <th scope="col">base</th>
              {grid.ratios.map((ratio) => (
                <th key={ratio} scope="col">
                  <span class="unseen">domain ratio </span>
                  {ratio}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {grid.modelSizes.map((size) => (
              <tr key={size}>
                <th scope="row">
                  {short(size)}
                  <span class="unseen"> parameters</span>
                </th>
                <td class="bases">{(grid.bases.get(size) ?? []).map(cell)}</td>
                {grid.ratios.map((ratio) => (
                  <td key={ratio}>{(grid.places.get(placeOf(size, ratio)) ?? []).map(cell)}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="grid-axis" aria-hidden="true">
        domain ratio →
      </p>
    </Figure>
  );
}

function Cell(props: {
  row: RunRow;
  loss: 'general' | 'domain';
  isSelected: boolean;
  isInOrder: boolean;
  isDense: boolean;
  mark: VNode;
}) {
  const { row, loss, isSelected, isInOrder, isDense, mark } = props;
  const share = shareOf(row);
  const value = loss === 'general' ? row.generalLoss : row.domainLoss;
  const told = toldOf(row);
  const filled = `${(share * 100).toFixed(1)}%`;
  const button = {
    ...{ type: 'button' as const, 'data-run': row.run, class: `cell is-${row.status}`, title: told },
    ...{ 'aria-pressed': isSelected, 'aria-label': told, tabIndex: isInOrder ? 0 : -1 },
  };
  // Thousands of cells: each is one element, whose filling and mark are drawn by grid.css.
  if (isDense) return <button {...button} style={{ '--filled': filled }} />;
  return (
    <button {...button}>
      <span class="fill" style={{ width: filled }} />
      {mark}
      <span class="value">{value === null ? '' : fixed(value, 3)}</span>
    </button>
  );
}

/** What a cell tells, in one line a fact; a loss with the digits that are seen in the cell, as whoever speaks to it will say them. */
export function toldOf(row: RunRow): string {
  return [
    `${row.label}: ${row.status}`,
    `${short(row.tokens)} of ${short(row.totalTokens)} tokens`,
    ...(row.generalLoss === null ? [] : [`general loss ${fixed(row.generalLoss, 3)}`]),
    ...(row.domainLoss === null ? [] : [`domain loss ${fixed(row.domainLoss, 3)}`]),
    ...(row.reason ? [row.reason] : []),
  ].join('\n');
}
