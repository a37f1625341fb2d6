import * as Plot from '@observablehq/plot';
import { fixed, percent, short, whole } from '../../common/numbers.ts';
import type { LawFit, LawObservation } from '../../laws/types.ts';
import { predictedLosses } from '../fitChoice.ts';
import { distinct } from '../measured.ts';
import {
  axis,
  composeFigure,
  emptyPlot,
  FIGURE_WIDTH,
  gridMarks,
  type LegendEntry,
  type Panel,
  thinned,
} from './drawing.ts';
import { evenly } from './fitCurveData.ts';
import { logAxis } from './fitCurves.ts';
import { CORRIDOR, CORRIDOR_LEGEND, identityPlot } from './identityPlot.ts';
import { FAINT_INK, sizeColours } from './palette.ts';
import { MARGINS, MOST_POINTS, type PredictedPoint } from './predictedPoints.ts';
import type { Figure } from './types.ts';

/** More model sizes than this are named by a few of them. */
const MOST_NAMED = 10;
const LEFT = 400;
const HEIGHT = 424;
const GAP = 36;
const NOTHING = 'The fit has no usable parameters, so nothing is predicted.';

/** `aside`: −0.5 to 0.5, by size, so that the sizes of one ratio or token count do not hide each other. */
type FitPoint = PredictedPoint & { colour: string; aside: number };
/** Of the axis' range, that the sizes of one place are spread over. */
const SPREAD = 0.03;

/** Rows beside what the fit predicts for them; those it has no value for are left out. */
export function fitPointRows(fit: LawFit, rows: readonly LawObservation[]): PredictedPoint[] {
  const predicted = predictedLosses(fit, rows);
  return rows.flatMap((row, at) => {
    const relativeResidual = (predicted[at]! - row.loss) / Math.abs(row.loss);
    if (!Number.isFinite(relativeResidual)) return [];
    return [
      {
        modelSize: Number((row.n * 1e9).toPrecision(12)),
        tokens: Number((row.d * 1e9).toPrecision(12)),
        domainRatio: row.ratio,
        measured: row.loss,
        predicted: predicted[at]!,
        relativeResidual,
      },
    ];
  });
}

/** Figure: predicted against measured, and residuals against ratio (model size where ratios do not vary) and tokens. */
export function fitPoints(
  fit: LawFit,
  rows: readonly LawObservation[],
  lossName: string,
): Omit<Figure, 'name'> {
  const every = fitPointRows(fit, rows);
  const sizes = distinct(every.map((point) => point.modelSize));
  const colours = new Map(sizeColours(sizes).map((colour, at) => [sizes[at]!, colour] as const));
  const points: FitPoint[] = thinned(every, MOST_POINTS).map((point) => ({
    ...point,
    colour: colours.get(point.modelSize)!,
    aside: sizes.length > MOST_NAMED ? 0 : (sizes.indexOf(point.modelSize) + 0.5) / sizes.length - 0.5,
  }));
  const byRatio = new Set(every.map((point) => point.domainRatio)).size > 1;
  const across = byRatio ? 'mixture ratio' : 'model size';
  const title = `${lossName}: predicted by ${fit.form} against measured`;
  const most = every.reduce((high, point) => Math.max(high, Math.abs(point.relativeResidual)), 0);
  const quality = `R² ${fixed(fit.quality.r2, 4)}`;
  const right = { x: LEFT, width: FIGURE_WIDTH - LEFT, height: (HEIGHT - GAP) / 2 };
  const panels: Panel[] = [
    {
      title: 'Predicted against measured',
      x: 0,
      y: 0,
      width: LEFT,
      height: HEIGHT,
      plot: identityPlot(points, fit, { colour: (point) => point.colour, ticks: 5, nothing: NOTHING }),
    },
    {
      title: `Residual against ${across}`,
      ...right,
      y: 0,
      plot: residuals(points, most, byRatio ? 'ratio' : 'modelSize'),
    },
    {
      title: 'Residual against tokens',
      ...right,
      y: right.height + GAP,
      plot: residuals(points, most, 'tokens'),
    },
  ];
  return {
    title,
    caption: `Every row that ${fit.form} has a value for${
      every.length > points.length ? ` (${whole(points.length)} of ${whole(every.length)} drawn)` : ''
    }. Left: line, prediction equals measurement; shaded, within ${percent(CORRIDOR)} of it. Right: predicted minus measured, in per cent of the loss, sizes a little apart; a bend means that the form cannot follow the data there.`,
    description: `${title}: ${every.length} rows along the identity line, ${quality}; residuals up to ${percent(most)} of the loss against ${across} and tokens.`,
    svg: composeFigure(panels, [...sizesLegend(sizes, colours), CORRIDOR_LEGEND], title),
  };
}

const sizesLegend = (sizes: readonly number[], colours: ReadonlyMap<number, string>): LegendEntry[] => [
  ...(sizes.length > MOST_NAMED
    ? [{ label: `${sizes.length} model sizes, e.g.`, colour: FAINT_INK, mark: 'none' as const }]
    : []),
  ...evenly(sizes, sizes.length > MOST_NAMED ? 6 : MOST_NAMED).map((size) => ({
    label: `N = ${short(size)}`,
    colour: colours.get(size)!,
    mark: 'dot' as const,
  })),
];

function residuals(
  every: readonly FitPoint[],
  most: number,
  across: 'ratio' | 'modelSize' | 'tokens',
): Plot.PlotOptions {
  const value = (point: FitPoint): number => (across === 'ratio' ? point.domainRatio : point[across]);
  const points = across === 'ratio' ? every : every.filter((point) => value(point) > 0);
  if (points.length === 0) return emptyPlot(every.length ? 'No row has tokens above 0.' : NOTHING);
  const low = points.reduce((least, point) => Math.min(least, value(point)), Number.POSITIVE_INFINITY);
  const high = points.reduce((top, point) => Math.max(top, value(point)), Number.NEGATIVE_INFINITY);
  const room = Math.max(1.1, (high / low) ** 0.03);
  const limit = (most || 1e-4) * 100 * 1.08;
  return {
    ...MARGINS,
    x:
      across === 'ratio'
        ? axis('ratio r', {
            domain: [Math.min(0, low) - 0.03, Math.max(1, high) + 0.03],
            ticks: [0, 0.2, 0.4, 0.6, 0.8, 1],
          })
        : logAxis(across === 'tokens' ? 'tokens' : 'parameters', [low / room, high * room], 8),
    y: axis('residual, %', { domain: [-limit, limit], ticks: 5 }),
    marks: [
      ...gridMarks('y', { ticks: 5 }),
      Plot.ruleY([0], { stroke: FAINT_INK }),
      Plot.dot(points, {
        x: (point: FitPoint) =>
          across === 'ratio'
            ? value(point) + point.aside * SPREAD * (high - low)
            : across === 'tokens'
              ? value(point) * (high / low) ** (point.aside * SPREAD)
              : value(point),
        y: (point: FitPoint) => point.relativeResidual * 100,
        r: 2.2,
        fill: 'colour',
        fillOpacity: 0.7,
      }),
    ],
  };
}
