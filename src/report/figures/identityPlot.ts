import * as Plot from '@observablehq/plot';
import { fixed, percent, significant } from '../../common/numbers.ts';
import type { LawFit } from '../../laws/types.ts';
import { axis, clamp, emptyPlot, gridMarks, type LegendEntry, visibleRange } from './drawing.ts';
import { FAINT_INK, INK, LIMIT } from './palette.ts';
import { MARGINS, type PredictedPoint } from './predictedPoints.ts';

/** Half the width of the corridor around the identity line, as a share of the loss. */
export const CORRIDOR = 0.01;

export const CORRIDOR_LEGEND: LegendEntry = {
  label: `within ${percent(CORRIDOR)}`,
  colour: LIMIT,
  mark: 'band',
};

/** Predicted against measured losses (nats per token): points along the identity line, a corridor, R² and mean error. */
export function identityPlot<P extends PredictedPoint>(
  points: readonly P[],
  fit: LawFit,
  look: { colour: string | ((point: P) => string); ticks: number; nothing: string },
): Plot.PlotOptions {
  if (points.length === 0) return emptyPlot(look.nothing);
  const { ticks } = look;
  const range = visibleRange(
    points.map((point) => point.measured),
    points.map((point) => point.predicted),
  );
  const [low, high] = range;
  const along = Array.from({ length: 61 }, (_, at) => ({ value: low + ((high - low) * at) / 60 }));
  return {
    ...MARGINS,
    x: axis('measured, nats per token', { domain: range, ticks }),
    y: axis('predicted, nats per token', { domain: range, ticks }),
    marks: [
      ...gridMarks('both', { ticks }),
      Plot.areaY(along, {
        x: 'value',
        y1: (at) => clamp(at.value - CORRIDOR * Math.abs(at.value), range),
        y2: (at) => clamp(at.value + CORRIDOR * Math.abs(at.value), range),
        fill: LIMIT,
        fillOpacity: 0.16,
      }),
      Plot.line([along[0]!, along.at(-1)!], { x: 'value', y: 'value', stroke: FAINT_INK, strokeWidth: 1 }),
      Plot.dot(points, {
        x: 'measured',
        y: (point: P) => clamp(point.predicted, range),
        r: 2.6,
        fill: look.colour,
        fillOpacity: 0.75,
      }),
      Plot.text([`R² ${fixed(fit.quality.r2, 4)}\nMAE ${significant(fit.quality.mae, 2)} nats`], {
        frameAnchor: 'top-left',
        dx: 10,
        dy: 8,
        lineHeight: 1.35,
        fill: INK,
        stroke: '#ffffff',
        strokeWidth: 4,
      }),
    ],
  };
}
