import * as Plot from '@observablehq/plot';
import { ratio, short } from '../../common/numbers.ts';
import type { SweepObservation } from '../../store/types.ts';
import { predictions } from '../lawCurves.ts';
import { distinct, fittedTo, lawPoint, type MeasuredPoint, measuredPoints } from '../measured.ts';
import type { DomainAnswer } from '../types.ts';
import {
  axis,
  clamp,
  composeFigure,
  emptyPlot,
  FIGURE_WIDTH,
  gridMarks,
  type LegendEntry,
  type Panel,
  thinned,
  visibleRange,
} from './drawing.ts';
import { FAINT_INK, ratioColours } from './palette.ts';
import type { Figure, LossName } from './types.ts';

export interface TokenCurvePoint {
  modelSize: number;
  domainRatio: number;
  tokens: number;
  loss: number;
}

export interface LossAgainstTokensData {
  sizes: number[];
  ratios: number[];
  /** Measured after tokens 0, seeds averaged; at most MOST_POINTS a curve. */
  points: (MeasuredPoint & { fitted: boolean })[];
  /** The law from the first to the last token count it was fitted to. */
  curve: TokenCurvePoint[];
}

const STEPS = 40;
const MOST_POINTS = 40;

/** What the row of one loss shows. */
export function lossAgainstTokensData(
  answer: DomainAnswer,
  observations: readonly SweepObservation[],
  which: LossName,
): LossAgainstTokensData {
  // A logarithmic axis has no place for tokens 0.
  const measured = measuredPoints(observations, answer.domain, which).filter((point) => point.tokens > 0);
  const isFitted = fittedTo(answer, which);
  const sizes = distinct(measured.map((point) => point.modelSize));
  const ratios = distinct(measured.map((point) => point.domainRatio));
  const fit = which === 'general' ? answer.generalLaw : answer.domainLaw;
  const points: LossAgainstTokensData['points'] = [];
  const curve: TokenCurvePoint[] = [];
  for (const modelSize of sizes) {
    for (const domainRatio of ratios) {
      const run = measured
        .filter((point) => point.modelSize === modelSize && point.domainRatio === domainRatio)
        .map((point) => ({ ...point, fitted: isFitted(point) }));
      points.push(...thinned(run, MOST_POINTS));
      const fitted = run.filter((point) => point.fitted).map((point) => point.tokens);
      if (fitted.length < 2) continue;
      const [first, last] = [fitted[0]!, fitted.at(-1)!];
      const tokens = Array.from({ length: STEPS + 1 }, (_, at) => first * (last / first) ** (at / STEPS));
      const variables = tokens.map((count) => lawPoint(which, modelSize, count, domainRatio));
      predictions(fit, variables).forEach((loss, at) => {
        if (Number.isFinite(loss)) curve.push({ modelSize, domainRatio, tokens: tokens[at]!, loss });
      });
    }
  }
  return { sizes, ratios, points, curve };
}

/** Figure: losses while training, a column a model size, a row a loss, one colour a ratio. */
export function lossAgainstTokens(
  answer: DomainAnswer,
  observations: readonly SweepObservation[],
): Omit<Figure, 'name'> {
  const { domain } = answer;
  const general = lossAgainstTokensData(answer, observations, 'general');
  const domainData = lossAgainstTokensData(answer, observations, 'domain');
  const ratios = distinct([...general.ratios, ...domainData.ratios]);
  const colours = ratioColours(ratios);
  const left =
    general.points.some((point) => !point.fitted) || domainData.points.some((point) => !point.fitted);
  const legend: LegendEntry[] = [
    { label: `${domain} ratio:`, colour: FAINT_INK, mark: 'none' },
    ...ratios.map((value, at) => ({ label: ratio(value), colour: colours[at]!, mark: 'dot' as const })),
    { label: `fitted law ${answer.generalLaw.form}`, colour: FAINT_INK, mark: 'line' },
    ...(left ? [{ label: 'left out of the fit', colour: FAINT_INK, mark: 'ring' as const }] : []),
  ];
  const panels = [
    ...rowOfPanels(general, 'General loss', 0, ratios, colours),
    ...rowOfPanels(domainData, `Domain loss: ${domain}`, 1, ratios, colours),
  ];
  const title = 'Loss against tokens of continual pre-training';
  return {
    title,
    caption: `Points: measured${
      general.points.some((point) => point.seeds > 1) ? ' (mean over seeds)' : ''
    }; token counts on a logarithmic axis, so the base model at 0 tokens is not shown. Lines: the fitted law.${
      left ? ' Rings: left out of the fit.' : ''
    }`,
    description: `${title}: general and ${domain} loss of ${ratios.length} mixture ${
      ratios.length === 1 ? 'ratio' : 'ratios'
    } at ${general.sizes.length} model ${general.sizes.length === 1 ? 'size' : 'sizes'}, ${
      general.points.length + domainData.points.length
    } points, with the fitted curves.`,
    svg: composeFigure(panels, legend, title),
  };
}

const ROW_HEIGHT = 250;
const AXIS_WIDTH = 46;

function rowOfPanels(
  data: LossAgainstTokensData,
  title: string,
  row: number,
  ratios: number[],
  colours: string[],
): Panel[] {
  const y = row * (ROW_HEIGHT + 32);
  if (data.points.length === 0) {
    const plot = emptyPlot('Nothing was measured.');
    return [{ title, x: 0, y, width: FIGURE_WIDTH, height: ROW_HEIGHT, plot }];
  }
  const losses = data.points.map((point) => point.loss);
  const range = visibleRange(
    losses,
    data.curve.map((point) => point.loss),
  );
  const inner = (FIGURE_WIDTH - AXIS_WIDTH - 12) / data.sizes.length;
  const [least, most] = [
    Math.min(...data.points.map((point) => point.tokens)),
    Math.max(...data.points.map((point) => point.tokens)),
  ];
  const tokenRange = least < most ? [least / 1.12, most * 1.12] : [least / 2, least * 2];
  const colour = (point: { domainRatio: number }): string => colours[ratios.indexOf(point.domainRatio)]!;
  // Losses of one row share their scale; only the first panel of a row carries its axis.
  return data.sizes.map((size, at) => {
    const points = data.points.filter((point) => point.modelSize === size);
    const first = at === 0;
    return {
      title: first ? `${title}, N = ${short(size)}` : `N = ${short(size)}`,
      x: first ? 0 : AXIS_WIDTH + at * inner,
      y,
      width: first ? AXIS_WIDTH + inner : inner,
      height: ROW_HEIGHT,
      plot: {
        marginLeft: first ? AXIS_WIDTH + 4 : 4,
        marginRight: 10,
        marginBottom: 42,
        marginTop: 8,
        x: axis('tokens', {
          type: 'log',
          domain: tokenRange,
          ticks: logTicks(tokenRange as [number, number], inner / 60),
          tickFormat: (tokens: number) => short(tokens).replace(/\.0+(?=\D|$)/, ''),
        }),
        y: axis(first ? 'nats per token' : '', { domain: range, ticks: first ? 5 : [] }),
        marks: [
          ...gridMarks('y', { ticks: 5 }),
          Plot.line(
            data.curve.filter((point) => point.modelSize === size),
            {
              x: 'tokens',
              y: (point) => clamp(point.loss, range),
              z: 'domainRatio',
              stroke: colour,
              strokeOpacity: 0.55,
              strokeWidth: 1.25,
            },
          ),
          Plot.dot(
            points.filter((point) => point.fitted),
            { x: 'tokens', y: 'loss', r: 2.2, fill: colour },
          ),
          Plot.dot(
            points.filter((point) => !point.fitted),
            { x: 'tokens', y: 'loss', r: 2, fill: '#ffffff', stroke: colour, strokeWidth: 1 },
          ),
        ],
      },
    };
  });
}

/** Round token counts inside a range, at most `most` of them: 1, 2, 5 of each decade while they fit, else 1 only. */
export function logTicks([low, high]: readonly [number, number], most: number): number[] {
  const ticks = (steps: readonly number[]): number[] => {
    const found: number[] = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++)
      for (const step of steps) {
        const tick = step * 10 ** power;
        if (tick >= low && tick <= high) found.push(tick);
      }
    return found;
  };
  for (const steps of [[1, 2, 5], [1, 3], [1]]) {
    const found = ticks(steps);
    if (found.length > 0 && found.length <= most) return found;
  }
  const decades = ticks([1]);
  return decades.length ? thinned(decades, Math.max(2, Math.floor(most))) : [Math.sqrt(low * high)];
}
