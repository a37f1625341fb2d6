import * as Plot from '@observablehq/plot';
import { useCallback } from 'preact/hooks';
import { fixed, percent } from '../../common/numbers.ts';
import type { Comparison } from '../api/laws.ts';
import { axis, emptyPanel, gridMarks, tipStyle } from './axes.ts';
import { comparedName, type TradeRow, tradeRows } from './compareData.ts';
import { PlotFigure } from './PlotFigure.tsx';
import { nameColours, type Theme } from './palette.ts';

/** Domains on common axes: the rise of the general loss, and the fall of the domain’s own. */
export function CompareFigure({ comparison, tolerance }: { comparison: Comparison; tolerance: number }) {
  const rows = tradeRows(comparison.rows);
  const sweeps = new Set(comparison.rows.map(({ sweep }) => sweep)).size;
  const names = comparison.rows.map((row) => comparedName(row, sweeps));
  const panels = useCallback(
    (theme: Theme) => {
      const colours = nameColours(names, theme);
      const colour = (row: TradeRow) => colours.get(row.name) ?? theme.faint;
      return [
        { title: 'Paid: rise of the general loss', options: panel(rows, 'rise', colour, theme, tolerance) },
        { title: 'Gained: fall of the domain loss', options: panel(rows, 'gain', colour, theme, tolerance) },
      ];
    },
    [comparison, tolerance],
  );
  return (
    <PlotFigure
      title="What a ratio costs and gains"
      name="comparison"
      description={`For ${names.join(', ')}: rise of the general loss over the base model’s, and fall of the domain loss below that at ratio 0, along the domain ratio.`}
      panels={panels}
      legend={(theme) => [
        ...[...nameColours(names, theme)].map(([label, colour]) => ({
          label,
          colour,
          mark: 'line' as const,
        })),
        { label: `limit of ${percent(tolerance)}`, colour: theme.ink, mark: 'dashed' },
      ]}
      table={() => ({
        header: ['domain', 'domain_ratio', 'general_rise_share', 'domain_gain_nats'],
        rows: rows.map((row) => [row.name, row.domainRatio, row.rise, row.gain]),
      })}
    />
  );
}

function panel(
  rows: readonly TradeRow[],
  y: 'rise' | 'gain',
  colour: (row: TradeRow) => string,
  theme: Theme,
  tolerance: number,
): Plot.PlotOptions {
  if (rows.length === 0) return emptyPanel(theme, 'None of them has a law yet.');
  const isRise = y === 'rise';
  const told = (row: TradeRow) =>
    `${row.name}\nratio ${fixed(row.domainRatio, 2)}\n${isRise ? `general loss ${percent(row.rise)}` : `${fixed(row.gain, 4)} nats gained`}`;
  return {
    height: 320,
    x: axis('domain ratio', { domain: [-0.02, 1.02], ticks: [0, 0.2, 0.4, 0.6, 0.8, 1] }),
    y: isRise
      ? axis('over the base model', { ticks: 6, tickFormat: (value: number) => percent(value) })
      : axis('nats per token', { ticks: 6 }),
    marks: [
      ...gridMarks(theme),
      isRise ? Plot.ruleY([tolerance], { stroke: theme.ink, strokeDasharray: '5 4' }) : null,
      Plot.line(rows, { x: 'domainRatio', y, z: 'name', stroke: colour, strokeWidth: 2 }),
      Plot.tip(rows, Plot.pointer({ x: 'domainRatio', y, title: told, ...tipStyle(theme) })),
    ],
  };
}
