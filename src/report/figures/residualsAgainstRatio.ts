import * as Plot from '@observablehq/plot';
import type { DomainAnswer } from '../types.ts';
import { axis, composeFigure, emptyPlot, gridMarks, paddedExtent, thinned } from './drawing.ts';
import { FAINT_INK } from './palette.ts';
import {
  lossPanels,
  MARGINS,
  MOST_POINTS,
  type PredictedPoint,
  sizeLegend,
  twoPanels,
} from './predictedPoints.ts';
import type { Figure } from './types.ts';

/** Figure: relative residuals against the mixture ratio; a pattern here is what the law's form cannot follow. */
export function residualsAgainstRatio(answer: DomainAnswer): Omit<Figure, 'name'> {
  const panels = lossPanels(answer);
  const { sizes } = panels;
  const draw = (points: PredictedPoint[]): Plot.PlotOptions => {
    if (points.length === 0) return emptyPlot('The law has no usable parameters, so nothing is predicted.');
    // Sizes stand side by side around their ratio, in the order of the legend.
    const step = 0.055 / Math.max(1, sizes.length);
    const beside = (point: PredictedPoint): number =>
      point.domainRatio + (sizes.indexOf(point.modelSize) - (sizes.length - 1) / 2) * step;
    const most = Math.max(...points.map((point) => Math.abs(point.relativeResidual))) * 100 || 1;
    const [, high] = paddedExtent([-most, most]);
    return {
      ...MARGINS,
      x: axis(`domain ratio (share of ${answer.domain} tokens)`, {
        domain: [-0.04, 1.04],
        ticks: [0, 0.2, 0.4, 0.6, 0.8, 1],
      }),
      y: axis('residual, % of the loss', { domain: [-high, high], ticks: 5 }),
      marks: [
        ...gridMarks('y', { ticks: 5 }),
        Plot.ruleY([0], { stroke: FAINT_INK }),
        Plot.dot(thinned(points, MOST_POINTS), {
          x: beside,
          y: (point: PredictedPoint) => point.relativeResidual * 100,
          r: 2.2,
          fill: panels.colour,
          fillOpacity: 0.7,
        }),
      ],
    };
  };
  const title = 'Residuals against mixture ratio';
  return {
    title,
    caption: `Predicted minus measured, in per cent of the measured loss${panels.thinnedNote}. Points scattered evenly around zero at every ratio mean that the form fits; a bend means that it cannot follow the data there.`,
    description: `${title}: ${panels.general.length} residuals of the general law, ${panels.domain.length} of the ${answer.domain} law.`,
    svg: composeFigure(
      twoPanels(answer.domain, 240, draw(panels.general), draw(panels.domain)),
      sizeLegend(sizes),
      title,
    ),
  };
}
