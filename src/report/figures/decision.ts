import * as Plot from '@observablehq/plot';
import { interval, percent, ratio, short } from '../../common/numbers.ts';
import type { SweepObservation } from '../../store/types.ts';
import { BAND_LEVEL } from '../lawCurves.ts';
import type { DomainAnswer } from '../types.ts';
import { CURVE_STEPS, type DecisionData, type DecisionPoint, decisionData } from './decisionData.ts';
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
import { ACCENT, FAINT_INK, INK, LIMIT } from './palette.ts';
import type { Figure } from './types.ts';

/**
 * Figure: the decision at the target. Left, general loss against the mixture ratio with the limit that it must keep;
 * right, the losses that every ratio trades against each other.
 */
export function decision(
  answer: DomainAnswer,
  observations: readonly SweepObservation[],
): Omit<Figure, 'name'> {
  const data = decisionData(answer, observations);
  const { recommendation, domain } = answer;
  const { target } = recommendation;
  const where = `N = ${short(target.n * 1e9)}, D = ${short(target.d * 1e9)} tokens`;
  const name = recommendation.status === 'recommended' ? 'recommended' : 'best guess';
  const ends = interval(recommendation.interval, ratio);
  const range = ends ? ` (${percent(recommendation.interval!.level)} interval ${ends})` : '';
  const chosen = data.chosen
    ? `${name}: ${ratio(data.chosen.domainRatio)}${range}`
    : recommendation.status === 'infeasible'
      ? 'no ratio keeps the limit'
      : 'no ratio can be told';
  const title = `The decision at ${where}`;
  const width = FIGURE_WIDTH / 2;
  return {
    title,
    caption: `Left: predicted general loss for every mixture, with the most that the tolerance allows. Right: what a mixture costs in general loss and buys in ${domain} loss, numbered by domain ratio; down and left is better.${
      data.measured.length ? ' Rings: measured ends of runs close to the target.' : ''
    }`,
    description: `${title}: general loss against mixture ratio and the trade-off curve of general against ${domain} loss; ${chosen}.`,
    svg: composeFigure(
      [
        {
          title: 'General loss of every mixture',
          x: 0,
          y: 0,
          width,
          height: 340,
          plot: limitPlot(answer, data),
        },
        {
          title: `Trade-off with the ${domain} loss`,
          x: width,
          y: 0,
          width,
          height: 340,
          plot: tradeOffPlot(answer, data),
        },
      ],
      decisionLegend(answer, data, chosen),
      `${title}: ${chosen}`,
    ),
  };
}

/** Empty where nothing can be drawn. */
function decisionLegend(answer: DomainAnswer, data: DecisionData, chosen: string): LegendEntry[] {
  if (data.curve.length === 0) return [];
  const [end] = data.measured;
  const entries: (LegendEntry | false | undefined)[] = [
    { label: 'laws at the target', colour: INK, mark: 'line' },
    data.generalBand.length > 0 && { label: `${percent(BAND_LEVEL)} band`, colour: FAINT_INK, mark: 'band' },
    data.threads.length > 0 && { label: 'by fits to resampled runs', colour: '#c3c8cd', mark: 'line' },
    {
      label: `limit: base model + ${percent(answer.recommendation.target.tolerance)}`,
      colour: LIMIT,
      mark: 'dashed',
    },
    data.chosen !== null && { label: chosen, colour: ACCENT, mark: 'dot' },
    end && {
      label: `measured at N = ${short(end.modelSize)}, D = ${short(end.tokens)}`,
      colour: FAINT_INK,
      mark: 'ring',
    },
  ];
  return entries.filter((entry) => !!entry);
}

const MARGINS = { marginLeft: 58, marginRight: 18, marginBottom: 44, marginTop: 10 };
const NO_LAW = 'The laws have no usable parameters, so there is no curve.';

/**
 * What an axis of losses must show: the measurements and the answer; the curve's ends only as far as they allow,
 * since a law may run off where one corpus has no share at all.
 */
function lossRange(
  data: DecisionData,
  loss: 'generalLoss' | 'domainLoss',
  also: number[],
  modelled: number[],
): [number, number] {
  const inner = data.curve.filter((point) => point.domainRatio > 0.04 && point.domainRatio < 0.96);
  const core = [...inner, ...data.measured, ...(data.chosen ? [data.chosen] : [])].map(
    (point) => point[loss],
  );
  return visibleRange([...core, ...also], [...data.curve.map((point) => point[loss]), ...modelled]);
}

const generalRange = (answer: DomainAnswer, data: DecisionData): [number, number] =>
  lossRange(
    data,
    'generalLoss',
    [answer.recommendation.generalLossLimit],
    data.generalBand.flatMap((row) => [row.low, row.high]),
  );

function limitPlot(answer: DomainAnswer, data: DecisionData): Plot.PlotOptions {
  const { recommendation, domain } = answer;
  if (data.curve.length === 0) return emptyPlot(NO_LAW);
  const range = generalRange(answer, data);
  const inside = (value: number): number => clamp(value, range);
  const bars = recommendation.interval ? [recommendation.interval] : [];
  return {
    ...MARGINS,
    x: axis(`domain ratio (share of ${domain} tokens)`, {
      domain: [-0.02, 1.02],
      ticks: [0, 0.2, 0.4, 0.6, 0.8, 1],
    }),
    y: axis('general loss, nats per token', { domain: range, ticks: 6 }),
    marks: [
      ...gridMarks('both', { ticks: 6 }),
      Plot.rect(bars, { x1: 'low', x2: 'high', y1: range[0], y2: range[1], fill: ACCENT, fillOpacity: 0.12 }),
      Plot.areaY(data.generalBand, {
        x: 'domainRatio',
        y1: (row) => inside(row.low),
        y2: (row) => inside(row.high),
        fill: FAINT_INK,
        fillOpacity: 0.25,
      }),
      ...limitLine(recommendation.generalLossLimit),
      Plot.line(data.curve, {
        x: 'domainRatio',
        y: (row) => inside(row.generalLoss),
        stroke: INK,
        strokeWidth: 1.75,
      }),
      Plot.dot(data.measured, { x: 'domainRatio', y: 'generalLoss', ...RING }),
      ...(data.chosen
        ? [
            Plot.ruleX([data.chosen], {
              x: 'domainRatio',
              y1: range[0],
              y2: (point: DecisionPoint) => inside(point.generalLoss),
              stroke: ACCENT,
              strokeWidth: 1.5,
            }),
            Plot.dot([data.chosen], {
              x: 'domainRatio',
              y: (point: DecisionPoint) => inside(point.generalLoss),
              ...CHOSEN,
            }),
          ]
        : []),
    ],
  };
}

function tradeOffPlot(answer: DomainAnswer, data: DecisionData): Plot.PlotOptions {
  if (data.curve.length === 0) return emptyPlot(NO_LAW);
  const range = generalRange(answer, data);
  const domainRange = lossRange(data, 'domainLoss', [], []);
  const visible = (point: DecisionPoint): boolean =>
    point.domainLoss >= domainRange[0] &&
    point.domainLoss <= domainRange[1] &&
    point.generalLoss >= range[0] &&
    point.generalLoss <= range[1];
  const curve = data.curve.filter(visible);
  const tenths = curve.filter(
    (point) => Math.round(point.domainRatio * CURVE_STEPS) % (CURVE_STEPS / 10) === 0,
  );
  return {
    ...MARGINS,
    x: axis(`${answer.domain} loss, nats per token`, { domain: domainRange, ticks: 6 }),
    y: axis('general loss, nats per token', { domain: range, ticks: 6 }),
    marks: [
      ...gridMarks('both', { ticks: 6 }),
      ...limitLine(answer.recommendation.generalLossLimit),
      Plot.line(data.threads.filter(visible), {
        x: 'domainLoss',
        y: 'generalLoss',
        z: 'replicate',
        stroke: FAINT_INK,
        strokeOpacity: 0.25,
        strokeWidth: 0.8,
      }),
      Plot.line(data.inInterval.filter(visible), {
        x: 'domainLoss',
        y: 'generalLoss',
        stroke: ACCENT,
        strokeOpacity: 0.35,
        strokeWidth: 11,
        strokeLinecap: 'round',
      }),
      Plot.line(curve, { x: 'domainLoss', y: 'generalLoss', stroke: INK, strokeWidth: 1.75 }),
      Plot.dot(data.measured, { x: 'domainLoss', y: 'generalLoss', ...RING }),
      Plot.dot(tenths, { x: 'domainLoss', y: 'generalLoss', r: 2.2, fill: INK }),
      Plot.text(spread(tenths, domainRange, range), {
        x: 'domainLoss',
        y: 'generalLoss',
        text: (point: DecisionPoint) => point.domainRatio.toFixed(1),
        dx: 7,
        dy: -7,
        textAnchor: 'start',
        fill: FAINT_INK,
        stroke: '#ffffff',
        strokeWidth: 3,
      }),
      ...(data.chosen ? [Plot.dot([data.chosen], { x: 'domainLoss', y: 'generalLoss', ...CHOSEN })] : []),
    ],
  };
}

/** Points whose labels have room: at least a fourteenth of the panel away from the last one that was kept. */
function spread(
  points: readonly DecisionPoint[],
  [x0, x1]: readonly [number, number],
  [y0, y1]: readonly [number, number],
): DecisionPoint[] {
  const kept: DecisionPoint[] = [];
  for (const point of points) {
    const last = kept.at(-1);
    const apart = last
      ? Math.hypot(
          (point.domainLoss - last.domainLoss) / (x1 - x0),
          (point.generalLoss - last.generalLoss) / (y1 - y0),
        )
      : 1;
    if (apart > 1 / 14) kept.push(point);
  }
  return kept;
}

const limitLine = (limit: number): Plot.Markish[] =>
  Number.isFinite(limit)
    ? [Plot.ruleY([limit], { stroke: LIMIT, strokeWidth: 1.75, strokeDasharray: '6 4' })]
    : [];

const RING = { r: 3.5, fill: '#ffffff', stroke: FAINT_INK, strokeWidth: 1.5 };
const CHOSEN = { r: 6, fill: ACCENT, stroke: '#ffffff', strokeWidth: 1.5 };
