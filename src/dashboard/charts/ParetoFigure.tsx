import * as Plot from '@observablehq/plot';
import { useCallback } from 'preact/hooks';
import { fixed } from '../../common/numbers.ts';
import type { Answer } from '../api/laws.ts';
import { axis, emptyPanel, gridMarks, tipStyle } from './axes.ts';
import { PlotFigure } from './PlotFigure.tsx';
import type { Theme } from './palette.ts';
import type { LegendEntry } from './svgText.ts';
import { nearestTo, type ParetoRow, paretoRows, TRADE_OFF_COLUMNS, tradeOffTable } from './tradeOffData.ts';

/** Domain loss against general loss, a point a ratio: what can be had at all. */
export function ParetoFigure({ answer, isDimmed }: { answer: Answer; isDimmed: boolean }) {
  const panels = useCallback((theme: Theme) => [{ options: panel(answer, theme) }], [answer]);
  const legend = (theme: Theme): LegendEntry[] => [
    { label: 'no other ratio is better in both losses', colour: theme.pair[0], mark: 'dot' },
    { label: 'beaten in both', colour: theme.faint, mark: 'ring' },
    { label: 'limit of the general loss', colour: theme.limit, mark: 'line' },
    ...(answer.pareto.knee === null ? [] : [{ label: 'knee', colour: theme.ink, mark: 'ring' as const }]),
    ...(answer.status === 'recommended'
      ? [{ label: 'recommended ratio', colour: theme.accent, mark: 'dot' as const }]
      : []),
  ];
  return (
    <PlotFigure
      title="Pareto front"
      name={`${answer.sweep} ${answer.domain}`}
      description={`Domain loss against general loss along the domain ratio. ${answer.pareto.sentence}`}
      panels={panels}
      legend={legend}
      note={answer.pareto.sentence}
      isDimmed={isDimmed}
      table={() => ({ header: TRADE_OFF_COLUMNS, rows: tradeOffTable(answer) })}
    />
  );
}

function panel(answer: Answer, theme: Theme): Plot.PlotOptions {
  const rows = paretoRows(answer);
  if (rows.length === 0) return emptyPanel(theme, 'The law has no value at this target.');
  const chosen = answer.status === 'recommended' ? nearestTo(rows, answer.domainRatio) : null;
  const knee = nearestTo(rows, answer.pareto.knee);
  const every = Math.max(1, Math.round(rows.length / 25));
  const marked = rows.filter((_, at) => at % every === 0 || at === rows.length - 1);
  const named = rows.filter(({ domainRatio }) =>
    [0, 0.25, 0.5, 0.75, 1].some((each) => Math.abs(each - domainRatio) < 1e-6),
  );
  const place = { x: 'generalLoss', y: 'domainLoss' } as const;
  return {
    height: 320,
    x: axis('general loss, nats per token', { ticks: 6, inset: 10 }),
    y: axis(`${answer.domain} loss, nats per token`, { ticks: 6, inset: 10 }),
    marks: [
      ...gridMarks(theme),
      Plot.ruleX([answer.generalLossLimit], { stroke: theme.limit, strokeWidth: 2 }),
      Plot.line(rows, { ...place, stroke: theme.faint, strokeWidth: 1 }),
      Plot.dot(marked, {
        ...place,
        r: 3.4,
        fill: (row: ParetoRow) => (row.isBest ? theme.pair[0] : theme.background),
        stroke: (row: ParetoRow) => (row.isBest ? theme.pair[0] : theme.faint),
      }),
      Plot.text(named, {
        ...place,
        text: (row: ParetoRow) => String(row.domainRatio),
        dx: 10,
        dy: -8,
        fill: theme.faint,
      }),
      knee && Plot.dot([knee], { ...place, r: 8, stroke: theme.ink, strokeWidth: 1.6 }),
      chosen && Plot.dot([chosen], { ...place, r: 6, fill: theme.accent, stroke: theme.background }),
      Plot.tip(rows, Plot.pointer({ ...place, title: told, ...tipStyle(theme) })),
    ],
  };
}

const told = (row: ParetoRow): string =>
  [
    `ratio ${fixed(row.domainRatio, 2)}`,
    `general ${fixed(row.generalLoss, 4)}${row.isWithinLimit ? '' : ', over the limit'}`,
    `domain ${fixed(row.domainLoss, 4)}`,
  ].join('\n');
