import * as Plot from '@observablehq/plot';
import { fixed, percent, significant } from '../numbers.ts';
import type { DomainAnswer } from '../types.ts';
import { axis, clamp, composeFigure, emptyPlot, gridMarks, thinned, visibleRange } from './drawing.ts';
import { FAINT_INK, INK, LIMIT } from './palette.ts';
import {
  lossPanels,
  MARGINS,
  MOST_POINTS,
  type PredictedPoint,
  sizeLegend,
  twoPanels,
} from './predictedPoints.ts';
import type { Figure } from './types.ts';

/** Half the width of the grey corridor around the identity line, as a share of the loss. */
const CORRIDOR = 0.01;

/** Figure: every fitted row, predicted against measured. */
export function predictedAgainstMeasured(answer: DomainAnswer): Omit<Figure, 'name'> {
  const panels = lossPanels(answer);
  const sizes = panels.sizes;
  const draw = (points: PredictedPoint[], fit: DomainAnswer['generalLaw']): Plot.PlotOptions => {
    if (points.length === 0) return emptyPlot('The law has no usable parameters, so nothing is predicted.');
    const measured = points.map((point) => point.measured);
    const range = visibleRange(
      measured,
      points.map((point) => point.predicted),
    );
    const [low, high] = range;
    const along = Array.from({ length: 61 }, (_, at) => ({ value: low + ((high - low) * at) / 60 }));
    const ends = [along[0]!, along.at(-1)!];
    return {
      ...MARGINS,
      x: axis('measured, nats per token', { domain: range, ticks: 6 }),
      y: axis('predicted', { domain: range, ticks: 6 }),
      marks: [
        ...gridMarks('both', { ticks: 6 }),
        Plot.areaY(along, {
          x: 'value',
          y1: (at) => clamp(at.value * (1 - CORRIDOR), range),
          y2: (at) => clamp(at.value * (1 + CORRIDOR), range),
          fill: LIMIT,
          fillOpacity: 0.16,
        }),
        Plot.line(ends, { x: 'value', y: 'value', stroke: FAINT_INK, strokeWidth: 1 }),
        Plot.dot(thinned(points, MOST_POINTS), {
          x: 'measured',
          y: (point: PredictedPoint) => clamp(point.predicted, range),
          r: 2.6,
          fill: panels.colour,
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
  };
  const title = 'Predicted against measured loss';
  return {
    title,
    caption: `Every row the laws were fitted to${panels.thinnedNote}. Line: prediction equals measurement; shaded: within ${percent(
      CORRIDOR,
    )} of it.`,
    description: `${title}: ${panels.general.length} rows of the general loss (R² ${fixed(
      answer.generalLaw.quality.r2,
      3,
    )}) and ${panels.domain.length} of the ${answer.domain} loss (R² ${fixed(answer.domainLaw.quality.r2, 3)}), along the identity line.`,
    svg: composeFigure(
      twoPanels(
        answer.domain,
        360,
        draw(panels.general, answer.generalLaw),
        draw(panels.domain, answer.domainLaw),
      ),
      [...sizeLegend(sizes), { label: `within ${percent(CORRIDOR)}`, colour: LIMIT, mark: 'band' }],
      title,
    ),
  };
}
