import * as Plot from '@observablehq/plot';
import { useCallback } from 'preact/hooks';
import { fixed, percent, short } from '../../common/numbers.ts';
import type { Answer } from '../api/laws.ts';
import { axis, emptyPanel, gridMarks, tipStyle } from './axes.ts';
import { PlotFigure } from './PlotFigure.tsx';
import type { Theme } from './palette.ts';
import { clamp, visibleRange } from './ranges.ts';
import type { LegendEntry } from './svgText.ts';
import { type LossRow, lossRows, nearestTo, TRADE_OFF_COLUMNS, tradeOffTable } from './tradeOffData.ts';

/** Both losses along the ratio, with the limit and the chosen ratio. */
export function TradeOffFigure({ answer, isDimmed }: { answer: Answer; isDimmed: boolean }) {
  const panels = useCallback(
    (theme: Theme) => [
      { title: 'General loss, which must stay under the limit', options: panel(answer, 'general', theme) },
      { title: `Domain loss: ${answer.domain}`, options: panel(answer, 'domain', theme) },
    ],
    [answer],
  );
  const hasChosen = answer.status === 'recommended' && answer.domainRatio !== null;
  const legend = (theme: Theme): LegendEntry[] => [
    { label: `law ${answer.form}, with its interval`, colour: theme.ink, mark: 'line' },
    { label: 'limit of the general loss', colour: theme.limit, mark: 'line' },
    { label: 'base model', colour: theme.faint, mark: 'dashed' },
    ...(hasChosen
      ? [
          { label: 'recommended ratio', colour: theme.accent, mark: 'dot' as const },
          { label: 'its interval', colour: theme.accent, mark: 'band' as const },
        ]
      : []),
  ];
  const { modelSize, tokens } = answer.target;
  return (
    <PlotFigure
      title="Trade-off"
      name={`${answer.sweep} ${answer.domain}`}
      description={`General and domain loss that the law foretells along the domain ratio for ${short(modelSize)} parameters and ${short(tokens)} tokens. ${answer.sentence}`}
      panels={panels}
      legend={legend}
      isDimmed={isDimmed}
      table={() => ({ header: TRADE_OFF_COLUMNS, rows: tradeOffTable(answer) })}
    />
  );
}

function panel(answer: Answer, loss: 'general' | 'domain', theme: Theme): Plot.PlotOptions {
  const rows = lossRows(answer.tradeOff, loss);
  if (rows.length === 0) return emptyPanel(theme, 'The law has no value at this target.');
  const lines = loss === 'general' ? [answer.baseGeneralLoss, answer.generalLossLimit] : [];
  const range = visibleRange(
    [...rows.map((row) => row.loss), ...lines],
    rows.flatMap(({ low, high }) => [low, high]),
  );
  const inside = (value: number) => clamp(value, range);
  const isChosen = answer.status === 'recommended';
  const chosen = isChosen ? nearestTo(rows, answer.domainRatio) : null;
  const interval = isChosen ? answer.interval : null;
  return {
    height: 300,
    x: axis(`domain ratio (share of ${answer.domain} tokens)`, {
      domain: [-0.02, 1.02],
      ticks: [0, 0.2, 0.4, 0.6, 0.8, 1],
    }),
    y: axis('nats per token', { domain: range, ticks: 6 }),
    marks: [
      ...gridMarks(theme),
      interval
        ? Plot.rectX([interval], { x1: 'low', x2: 'high', fill: theme.accent, fillOpacity: 0.14 })
        : null,
      Plot.areaY(
        rows.filter(({ low, high }) => low !== null && high !== null),
        {
          x: 'domainRatio',
          y1: (row: LossRow) => inside(row.low ?? row.loss),
          y2: (row: LossRow) => inside(row.high ?? row.loss),
          fill: theme.ink,
          fillOpacity: 0.12,
        },
      ),
      loss === 'general'
        ? [
            Plot.ruleY([answer.baseGeneralLoss], { stroke: theme.faint, strokeDasharray: '4 3' }),
            Plot.ruleY([answer.generalLossLimit], { stroke: theme.limit, strokeWidth: 2 }),
          ]
        : null,
      Plot.line(rows, {
        x: 'domainRatio',
        y: (row: LossRow) => inside(row.loss),
        stroke: theme.ink,
        strokeWidth: 2,
      }),
      chosen
        ? [
            Plot.ruleX([answer.domainRatio], {
              stroke: theme.accent,
              strokeDasharray: '2 3',
              strokeWidth: 1.4,
            }),
            Plot.dot([chosen], {
              x: 'domainRatio',
              y: 'loss',
              r: 6,
              fill: theme.accent,
              stroke: theme.background,
            }),
          ]
        : null,
      Plot.tip(rows, Plot.pointerX({ x: 'domainRatio', y: 'loss', title: told, ...tipStyle(theme) })),
    ],
  };
}

const told = ({ domainRatio, loss, low, high }: LossRow): string =>
  [
    `ratio ${fixed(domainRatio, 2)} (${percent(domainRatio)})`,
    `${fixed(loss, 4)} nats`,
    ...(low !== null && high !== null ? [`${fixed(low, 4)} to ${fixed(high, 4)}`] : []),
  ].join('\n');
