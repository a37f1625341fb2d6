import * as Plot from '@observablehq/plot';
import { percent, short } from '../../common/numbers.ts';
import type { LawFit, LawObservation } from '../../laws/types.ts';
import {
  axis,
  clamp,
  composeFigure,
  emptyPlot,
  FIGURE_WIDTH,
  gridMarks,
  type LegendEntry,
  thinned,
  visibleRange,
} from './drawing.ts';
import { type CurvePoint, type CurveValue, type FitCurveData, fitCurveData } from './fitCurveData.ts';
import { logTicks } from './lossAgainstTokens.ts';
import { FAINT_INK, sizeColours } from './palette.ts';
import { MOST_POINTS, sizeLegend } from './predictedPoints.ts';
import type { Figure } from './types.ts';

/** Figure: measured losses with the fit's curves, along the ratio where ratios vary, else along tokens. */
export function fitCurves(
  fit: LawFit,
  rows: readonly LawObservation[],
  lossName: string,
): Omit<Figure, 'name'> {
  const data = fitCurveData(fit, rows);
  const byRatio = data.along === 'ratio';
  const hasBand = data.curve.some(({ band }) => band);
  const hasRings = data.curve.length === 0 && data.points.length > 0;
  const averaged = data.points.some((point) => point.rows > 1);
  const title = byRatio
    ? `${lossName} against mixture ratio${tokensNote(data.points)}`
    : `${lossName} against tokens`;
  const legend: LegendEntry[] = [
    ...sizeLegend(data.sizes),
    hasRings
      ? { label: `predicted by ${fit.form}`, colour: FAINT_INK, mark: 'ring' }
      : { label: `fitted ${fit.form}`, colour: FAINT_INK, mark: 'line' },
    ...(hasBand ? [{ label: `${percent(data.level)} band`, colour: FAINT_INK, mark: 'band' as const }] : []),
  ];
  return {
    title,
    caption: `Dots: measured${byRatio ? " at each model size's last token count with the most ratios" : ''}${
      averaged ? ', mean over rows of the same point with their range as a bar' : ''
    }. ${
      hasRings
        ? `Rings: predicted by ${fit.form} for the same rows`
        : `Lines: ${fit.form} at the same model size${byRatio ? ' and token count' : ''}`
    }${hasBand ? `, with its ${percent(data.level)} band over fits to resampled runs` : ''}.${
      data.sizes.length < data.allSizes ? ` Drawn: ${data.sizes.length} of ${data.allSizes} model sizes.` : ''
    }${byRatio ? ' The ratio is the share of the corpus whose loss this is.' : ''}`,
    description: `${title}: ${data.points.length} measured points at ${data.sizes.length} model ${
      data.sizes.length === 1 ? 'size' : 'sizes'
    }, with ${hasRings ? 'the predictions' : 'the curves'} of ${fit.form}.`,
    svg: composeFigure(
      [{ title, x: 0, y: 0, width: FIGURE_WIDTH, height: 380, plot: curvePlot(data) }],
      legend,
      title,
    ),
  };
}

function tokensNote(points: readonly CurvePoint[]): string {
  const tokens = [...new Set(points.map((point) => short(point.tokens)))];
  return tokens.length > 0 && tokens.length <= 3 ? ` after ${tokens.join(' or ')} tokens` : '';
}

function curvePlot({ along, points, curve, sizes }: FitCurveData): Plot.PlotOptions {
  if (points.length === 0) return emptyPlot('No measurement can be drawn here.');
  const range = visibleRange(
    points.flatMap(({ low, high }) => [low, high]),
    [...curve.map(({ loss }) => loss), ...(curve.length ? [] : points.map(({ predicted }) => predicted))],
  );
  const colours = sizeColours(sizes);
  const colour = (row: { modelSize: number }): string => colours[sizes.indexOf(row.modelSize)]!;
  const x = along === 'ratio' ? (point: CurvePoint) => point.ratio : (point: CurvePoint) => point.tokens;
  const xScale = along === 'ratio' ? ratioAxis(points) : tokensAxis(points);
  const drawn = thinned(points, MOST_POINTS);
  return {
    marginLeft: 64,
    marginRight: 20,
    marginBottom: 44,
    marginTop: 10,
    x: xScale,
    y: axis('nats per token', { domain: range, ticks: 6 }),
    marks: [
      ...gridMarks('x', { ticks: xScale.ticks }),
      ...gridMarks('y', { ticks: 6 }),
      Plot.areaY(
        curve.filter(({ band }) => band),
        {
          x: 'x',
          y1: (row: CurveValue) => clamp(row.band!.low, range),
          y2: (row: CurveValue) => clamp(row.band!.high, range),
          z: 'modelSize',
          fill: colour,
          fillOpacity: 0.2,
        },
      ),
      Plot.line(curve, {
        x: 'x',
        y: (row: CurveValue) => clamp(row.loss, range),
        z: 'modelSize',
        stroke: colour,
        strokeWidth: 1.75,
      }),
      Plot.ruleX(
        drawn.filter((point) => point.high > point.low),
        { x, y1: 'low', y2: 'high', stroke: colour },
      ),
      Plot.dot(drawn, { x, y: 'loss', r: 3.4, fill: colour, stroke: '#ffffff', strokeWidth: 0.75 }),
      ...(curve.length
        ? []
        : [
            Plot.dot(
              drawn.filter((point) => Number.isFinite(point.predicted)),
              {
                x,
                y: (point: CurvePoint) => clamp(point.predicted, range),
                r: 5,
                stroke: colour,
                strokeWidth: 1.2,
              },
            ),
          ]),
    ],
  };
}

const ratioAxis = (points: readonly CurvePoint[]): Plot.ScaleOptions => {
  const low = points.reduce((least, point) => Math.min(least, point.ratio), 0);
  const high = points.reduce((most, point) => Math.max(most, point.ratio), 1);
  return axis('ratio r (share of the corpus whose loss this is)', {
    domain: [low - 0.02, high + 0.02],
    ticks: [0, 0.2, 0.4, 0.6, 0.8, 1],
  });
};

function tokensAxis(points: readonly CurvePoint[]): Plot.ScaleOptions {
  const low = points.reduce((least, point) => Math.min(least, point.tokens), Number.POSITIVE_INFINITY);
  const high = points.reduce((most, point) => Math.max(most, point.tokens), 0);
  const domain: [number, number] = [low / 1.3, high * 1.3];
  return logAxis('tokens', domain, 12);
}

/** A logarithmic axis of counts with round ticks. */
export const logAxis = (label: string, domain: [number, number], most: number): Plot.ScaleOptions =>
  axis(label, {
    type: 'log',
    domain,
    ticks: logTicks(domain, most),
    tickFormat: (count: number) => short(count).replace(/\.0+(?=\D|$)/, ''),
  });
