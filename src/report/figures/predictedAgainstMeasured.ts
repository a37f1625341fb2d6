import { fixed, percent } from '../../common/numbers.ts';
import type { DomainAnswer } from '../types.ts';
import { composeFigure, thinned } from './drawing.ts';
import { CORRIDOR, CORRIDOR_LEGEND, identityPlot } from './identityPlot.ts';
import { lossPanels, MOST_POINTS, type PredictedPoint, sizeLegend, twoPanels } from './predictedPoints.ts';
import type { Figure } from './types.ts';

/** Figure: every fitted row, predicted against measured. */
export function predictedAgainstMeasured(answer: DomainAnswer): Omit<Figure, 'name'> {
  const panels = lossPanels(answer);
  const sizes = panels.sizes;
  const draw = (points: PredictedPoint[], fit: DomainAnswer['generalLaw']) =>
    identityPlot(thinned(points, MOST_POINTS), fit, {
      colour: panels.colour,
      ticks: 6,
      nothing: 'The law has no usable parameters, so nothing is predicted.',
    });
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
      [...sizeLegend(sizes), CORRIDOR_LEGEND],
      title,
    ),
  };
}
