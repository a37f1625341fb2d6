import * as Plot from '@observablehq/plot';
import { fixed, short } from '../../common/numbers.ts';
import type { LawPoint, LossView } from '../api/laws.ts';
import { axis, emptyPanel, gridMarks, tipStyle } from './axes.ts';
import {
  bandRows,
  curveRows,
  identityRange,
  lastPoints,
  type Residual,
  residuals,
  symmetricRange,
} from './lawData.ts';
import type { Theme } from './palette.ts';
import { clamp, visibleRange } from './ranges.ts';
import { countTick } from './ticks.ts';

export interface PanelInputs {
  view: LossView;
  domain: string;
  /** By model size. */
  colours: ReadonlyMap<number, string>;
  /** One model size only; null: all. */
  modelSize: number | null;
  selected: string | null;
  theme: Theme;
}

const told = (point: LawPoint): string =>
  [
    `${short(point.modelSize)}, ratio ${point.domainRatio}, ${short(point.tokens)} tokens`,
    `measured ${fixed(point.measured, 4)}`,
    point.predicted === null ? 'the law has no value here' : `law ${fixed(point.predicted, 4)}`,
    ...(point.isOutside ? ['outside the band'] : []),
  ].join('\n');

/** A cross around what lies outside the band, so that it is seen without its colour. */
const outsideMark = <Row extends LawPoint>(
  rows: readonly Row[],
  theme: Theme,
  x: keyof Row & string,
  y: (row: Row) => number,
) =>
  Plot.dot(
    rows.filter(({ isOutside }) => isOutside),
    { x, y, symbol: 'times', r: 4.5, stroke: theme.accent, strokeWidth: 1.5 },
  );

/** Loss against domain ratio: points, fitted curve, band. */
export function ratioPanel(inputs: PanelInputs): Plot.PlotOptions {
  const { view, domain, colours, modelSize, theme, selected } = inputs;
  const points = lastPoints(view, modelSize);
  const curve = curveRows(view, modelSize);
  if (points.length === 0) return emptyPanel(theme, 'No run has been measured to its end yet.');
  const range = visibleRange(
    points.map(({ measured }) => measured),
    curve.flatMap(({ low, loss, high }) => [low, loss, high]),
  );
  const inside = (value: number) => clamp(value, range);
  const colour = (row: { modelSize: number }) => colours.get(row.modelSize) ?? theme.faint;
  return {
    height: 340,
    x: axis(`domain ratio (share of ${domain} tokens)`, {
      domain: [-0.02, 1.02],
      ticks: [0, 0.2, 0.4, 0.6, 0.8, 1],
    }),
    y: axis('nats per token', { domain: range, ticks: 6 }),
    marks: [
      ...gridMarks(theme),
      Plot.areaY(bandRows(curve), {
        x: 'domainRatio',
        y1: (row) => inside(row.low),
        y2: (row) => inside(row.high),
        z: 'modelSize',
        fill: colour,
        fillOpacity: 0.18,
      }),
      Plot.line(curve, {
        x: 'domainRatio',
        y: (row) => inside(row.loss),
        z: 'modelSize',
        stroke: colour,
        strokeWidth: 1.75,
      }),
      Plot.dot(points, {
        x: 'domainRatio',
        y: 'measured',
        r: (point) => (point.run === selected ? 6 : 3.6),
        fill: colour,
        stroke: theme.background,
        strokeWidth: 0.8,
      }),
      outsideMark(points, theme, 'domainRatio', (point) => point.measured),
      Plot.tip(points, Plot.pointer({ x: 'domainRatio', y: 'measured', title: told, ...tipStyle(theme) })),
    ],
    r: { type: 'identity' },
  };
}

/** Measured less predicted, against domain ratio or tokens. */
export function residualPanel(inputs: PanelInputs & { against: 'domainRatio' | 'tokens' }): Plot.PlotOptions {
  const { view, domain, colours, modelSize, theme, against } = inputs;
  const rows = residuals(view, modelSize);
  if (rows.length === 0) return emptyPanel(theme, 'There is nothing to compare yet.');
  const isRatio = against === 'domainRatio';
  return {
    height: 240,
    x: isRatio
      ? axis(`domain ratio (share of ${domain} tokens)`, {
          domain: [-0.03, 1.03],
          ticks: [0, 0.2, 0.4, 0.6, 0.8, 1],
        })
      : axis('training tokens', { type: 'log', tickFormat: countTick, ticks: 5, inset: 8 }),
    y: axis('measured − law, nats', {
      domain: symmetricRange(rows.map(({ residual }) => residual)),
      ticks: 5,
    }),
    marks: [
      ...gridMarks(theme, 5),
      Plot.ruleY([0], { stroke: theme.ink, strokeOpacity: 0.6 }),
      Plot.dot(rows, {
        x: against,
        y: 'residual',
        r: 2.4,
        fill: (row) => colours.get(row.modelSize) ?? theme.faint,
        fillOpacity: 0.75,
      }),
      outsideMark(rows, theme, against, (row: Residual) => row.residual),
      Plot.tip(rows, Plot.pointer({ x: against, y: 'residual', title: told, ...tipStyle(theme) })),
    ],
  };
}

/** Predicted against measured, around the diagonal. */
export function identityPanel(inputs: PanelInputs): Plot.PlotOptions {
  const { view, colours, modelSize, theme } = inputs;
  const rows = residuals(view, modelSize);
  if (rows.length === 0) return emptyPanel(theme, 'There is nothing to compare yet.');
  const range = identityRange(rows);
  return {
    height: 340,
    x: axis('measured, nats per token', { domain: range, ticks: 6 }),
    y: axis('law, nats per token', { domain: range, ticks: 6 }),
    marks: [
      ...gridMarks(theme),
      Plot.link([range], {
        ...{ x1: (each) => each[0], y1: (each) => each[0], x2: (each) => each[1], y2: (each) => each[1] },
        ...{ stroke: theme.ink, strokeOpacity: 0.6 },
      }),
      Plot.dot(rows, {
        x: 'measured',
        y: 'predicted',
        r: 2.6,
        fill: (row) => colours.get(row.modelSize) ?? theme.faint,
        fillOpacity: 0.8,
      }),
      outsideMark(rows, theme, 'measured', (row: Residual) => row.predicted ?? Number.NaN),
      Plot.tip(rows, Plot.pointer({ x: 'measured', y: 'predicted', title: told, ...tipStyle(theme) })),
    ],
  };
}
