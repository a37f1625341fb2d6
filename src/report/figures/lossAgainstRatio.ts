import * as Plot from '@observablehq/plot';
import { percent, short } from '../../common/numbers.ts';
import type { SweepObservation } from '../../store/types.ts';
import { BAND_LEVEL, bands, predictions } from '../lawCurves.ts';
import { distinct, finalTokens, lawPoint, type MeasuredPoint, measuredPoints } from '../measured.ts';
import type { DomainAnswer } from '../types.ts';
import {
  axis,
  clamp,
  composeFigure,
  emptyPlot,
  FIGURE_WIDTH,
  gridMarks,
  type LegendEntry,
  visibleRange,
} from './drawing.ts';
import { FAINT_INK, sizeColours } from './palette.ts';
import type { Figure, LossName } from './types.ts';

export interface RatioCurvePoint {
  modelSize: number;
  domainRatio: number;
  loss: number;
}

export interface LossAgainstRatioData {
  /** Model sizes measured, ascending. */
  sizes: number[];
  /** Measured at each size's final token count. */
  points: MeasuredPoint[];
  /** The law at the same size and token count, over the measured span of ratios. */
  curve: RatioCurvePoint[];
  /** Empty when the fit has no replicates. */
  band: (RatioCurvePoint & { low: number; high: number })[];
  /** The general loss before CPT (tokens 0) of each size; empty for the domain loss. */
  baseLosses: { modelSize: number; loss: number }[];
  tokens: number[];
}

const STEPS = 100;

/** What the panel of one loss shows. */
export function lossAgainstRatioData(
  answer: DomainAnswer,
  observations: readonly SweepObservation[],
  which: LossName,
): LossAgainstRatioData {
  const measured = measuredPoints(observations, answer.domain, which);
  const last = finalTokens(measured.filter((point) => point.tokens > 0));
  const points = measured.filter((point) => point.tokens === last.get(point.modelSize));
  const sizes = distinct(points.map((point) => point.modelSize));
  const fit = which === 'general' ? answer.generalLaw : answer.domainLaw;
  const curve: RatioCurvePoint[] = [];
  const band: LossAgainstRatioData['band'] = [];
  for (const modelSize of sizes) {
    const ratios = points.filter((point) => point.modelSize === modelSize).map((point) => point.domainRatio);
    const [low, high] = [Math.min(...ratios), Math.max(...ratios)];
    const steps = high > low ? STEPS : 0;
    const grid = Array.from({ length: steps + 1 }, (_, at) => low + ((high - low) * at) / (steps || 1));
    const variables = grid.map((ratio) => lawPoint(which, modelSize, last.get(modelSize)!, ratio));
    const limits = bands(fit, variables);
    predictions(fit, variables).forEach((loss, at) => {
      if (!Number.isFinite(loss)) return;
      const point = { modelSize, domainRatio: grid[at]!, loss };
      curve.push(point);
      if (limits[at]) band.push({ ...point, ...limits[at] });
    });
  }
  const starts = which === 'general' ? measured.filter((point) => point.tokens === 0) : [];
  const baseLosses = sizes.flatMap((modelSize) => {
    const losses = starts.filter((point) => point.modelSize === modelSize).map((point) => point.loss);
    return losses.length
      ? [{ modelSize, loss: losses.reduce((sum, loss) => sum + loss, 0) / losses.length }]
      : [];
  });
  return { sizes, points, curve, band, baseLosses, tokens: distinct(sizes.map((size) => last.get(size)!)) };
}

/** Figure: final losses against the mixture ratio, one colour a model size. */
export function lossAgainstRatio(
  answer: DomainAnswer,
  observations: readonly SweepObservation[],
): Omit<Figure, 'name'> {
  const { domain } = answer;
  const general = lossAgainstRatioData(answer, observations, 'general');
  const domainData = lossAgainstRatioData(answer, observations, 'domain');
  const sizes = distinct([...general.sizes, ...domainData.sizes]);
  const colours = sizeColours(sizes);
  const tokens = distinct([...general.tokens, ...domainData.tokens])
    .map(short)
    .join(' or ');
  const hasBand = general.band.length + domainData.band.length > 0;
  const hasBase = general.baseLosses.length > 0;
  const legend: LegendEntry[] = [
    ...sizes.map((size, at) => ({ label: `N = ${short(size)}`, colour: colours[at]!, mark: 'dot' as const })),
    { label: `fitted law ${answer.generalLaw.form}`, colour: FAINT_INK, mark: 'line' },
    ...(hasBand ? [{ label: `${percent(BAND_LEVEL)} band`, colour: FAINT_INK, mark: 'band' as const }] : []),
    ...(hasBase ? [{ label: 'base model before CPT', colour: FAINT_INK, mark: 'dashed' as const }] : []),
  ];
  const width = FIGURE_WIDTH / 2;
  const panel = (title: string, x: number, data: LossAgainstRatioData) => ({
    title,
    x,
    y: 0,
    width,
    height: 330,
    plot: ratioPlot(data, domain, sizes, colours),
  });
  const title = `Loss against mixture ratio${tokens ? ` after ${tokens} tokens` : ''}`;
  return {
    title,
    caption: `Points: measured at the end of each CPT run${
      general.points.some((point) => point.seeds > 1) ? ', mean over seeds with their range as a bar' : ''
    }. Lines: the fitted law at the same model size and token count${
      hasBand ? `, with its ${percent(BAND_LEVEL)} band over fits to resampled runs` : ''
    }.${hasBase ? ' Dashed: general loss of the base model, before any domain text.' : ''}`,
    description: `${title}, for the general loss and the ${domain} loss: ${general.points.length} and ${
      domainData.points.length
    } points at ${sizes.length} model ${sizes.length === 1 ? 'size' : 'sizes'}, with fitted curves.`,
    svg: composeFigure(
      [panel('General loss', 0, general), panel(`Domain loss: ${domain}`, width, domainData)],
      legend,
      title,
    ),
  };
}

function ratioPlot(
  data: LossAgainstRatioData,
  domain: string,
  sizes: number[],
  colours: string[],
): Plot.PlotOptions {
  if (data.points.length === 0) return emptyPlot('No run has been measured at its end.');
  const range = visibleRange(
    [...data.points.flatMap((point) => [point.low, point.high]), ...data.baseLosses.map((base) => base.loss)],
    data.curve.map((point) => point.loss),
  );
  const inside = (value: number): number => clamp(value, range);
  const colour = (row: { modelSize: number }): string => colours[sizes.indexOf(row.modelSize)]!;
  return {
    marginLeft: 58,
    marginRight: 16,
    marginBottom: 44,
    marginTop: 10,
    x: axis(`domain ratio (share of ${domain} tokens)`, {
      domain: [-0.02, 1.02],
      ticks: [0, 0.2, 0.4, 0.6, 0.8, 1],
    }),
    y: axis('nats per token', { domain: range, ticks: 6 }),
    marks: [
      ...gridMarks('both', { ticks: 6 }),
      Plot.areaY(data.band, {
        x: 'domainRatio',
        y1: (row) => inside(row.low),
        y2: (row) => inside(row.high),
        z: 'modelSize',
        fill: colour,
        fillOpacity: 0.2,
      }),
      Plot.link(data.baseLosses, {
        x1: 0,
        x2: 1,
        y1: 'loss',
        y2: 'loss',
        stroke: colour,
        strokeDasharray: '4 3',
        strokeOpacity: 0.7,
      }),
      Plot.line(data.curve, {
        x: 'domainRatio',
        y: (row) => inside(row.loss),
        z: 'modelSize',
        stroke: colour,
        strokeWidth: 1.75,
      }),
      Plot.ruleX(
        data.points.filter((point) => point.high > point.low),
        { x: 'domainRatio', y1: 'low', y2: 'high', stroke: colour },
      ),
      Plot.dot(data.points, {
        x: 'domainRatio',
        y: 'loss',
        r: 3.75,
        fill: colour,
        stroke: '#ffffff',
        strokeWidth: 0.75,
      }),
    ],
  };
}
