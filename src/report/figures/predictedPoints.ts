import { short, whole } from '../../common/numbers.ts';
import type { LawObservation } from '../../laws/types.ts';
import { predictions } from '../lawCurves.ts';
import { distinct, domainRatioOf } from '../measured.ts';
import type { DomainAnswer } from '../types.ts';
import { FIGURE_WIDTH, type LegendEntry, type Panel, type PanelPlot } from './drawing.ts';
import { sizeColours } from './palette.ts';
import type { LossName } from './types.ts';

export interface PredictedPoint {
  modelSize: number;
  tokens: number;
  domainRatio: number;
  measured: number;
  predicted: number;
  /** (predicted − measured) / measured. */
  relativeResidual: number;
}

/** More points than this in a panel hide each other and swell the file. */
export const MOST_POINTS = 2500;

/** The rows of one law beside what it predicts for them; rows it cannot predict are left out. */
export function predictedPoints(answer: DomainAnswer, which: LossName): PredictedPoint[] {
  const [fit, rows]: [DomainAnswer['generalLaw'], LawObservation[]] =
    which === 'general' ? [answer.generalLaw, answer.generalRows] : [answer.domainLaw, answer.domainRows];
  const predicted = predictions(fit, rows);
  return rows.flatMap((row, at) => {
    const prediction = predicted[at]!;
    if (!Number.isFinite(prediction) || !Number.isFinite(row.loss)) return [];
    return [
      {
        modelSize: Math.round(row.n * 1e9),
        tokens: Math.round(row.d * 1e9),
        domainRatio: domainRatioOf(which, row.ratio),
        measured: row.loss,
        predicted: prediction,
        relativeResidual: (prediction - row.loss) / row.loss,
      },
    ];
  });
}

export const MARGINS = { marginLeft: 58, marginRight: 16, marginBottom: 44, marginTop: 10 };

/** Both losses' points with what the figures about residuals share. */
export function lossPanels(answer: DomainAnswer) {
  const general = predictedPoints(answer, 'general');
  const domain = predictedPoints(answer, 'domain');
  const sizes = distinct([...general, ...domain].map((point) => point.modelSize));
  const colours = sizeColours(sizes);
  const most = Math.max(general.length, domain.length);
  return {
    general,
    domain,
    sizes,
    colour: (point: PredictedPoint): string => colours[sizes.indexOf(point.modelSize)]!,
    thinnedNote: most > MOST_POINTS ? ` (at most ${whole(MOST_POINTS)} of ${whole(most)} drawn)` : '',
  };
}

export function sizeLegend(sizes: number[]): LegendEntry[] {
  const colours = sizeColours(sizes);
  return sizes.map((size, at) => ({ label: `N = ${short(size)}`, colour: colours[at]!, mark: 'dot' }));
}

export const twoPanels = (
  domain: string,
  height: number,
  general: PanelPlot,
  domainPlot: PanelPlot,
): Panel[] => [
  { title: 'General loss', x: 0, y: 0, width: FIGURE_WIDTH / 2, height, plot: general },
  {
    title: `Domain loss: ${domain}`,
    x: FIGURE_WIDTH / 2,
    y: 0,
    width: FIGURE_WIDTH / 2,
    height,
    plot: domainPlot,
  },
];
