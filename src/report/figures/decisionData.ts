import type { SweepObservation } from '../../store/types.ts';
import { finiteBand, predictions, predictionsOf, tradeOff } from '../lawCurves.ts';
import { finalTokens, lawPoint, measuredPoints } from '../measured.ts';
import type { DomainAnswer } from '../types.ts';
import { thinned } from './drawing.ts';

export interface DecisionPoint {
  domainRatio: number;
  generalLoss: number;
  domainLoss: number;
}

export interface DecisionData {
  /** Both laws at the target N and D, domainRatio from 0 to 1; points that a law cannot predict are left out. */
  curve: DecisionPoint[];
  /** Of the general loss at the target; empty when the fit has no replicates. */
  generalBand: { domainRatio: number; low: number; high: number }[];
  /** The same curve by some of the fits to resampled runs; empty without them. */
  threads: (DecisionPoint & { replicate: number })[];
  /** The part of the curve inside the recommendation's interval; empty without one. */
  inInterval: DecisionPoint[];
  /** The recommended (or, when not identified, the most likely) point; null when there is none. */
  chosen: DecisionPoint | null;
  /** Measured ends of runs, where size and tokens are within a factor CLOSE of the target; else empty. */
  measured: (DecisionPoint & { modelSize: number; tokens: number })[];
}

/** Steps of the curve from ratio 0 to 1. */
export const CURVE_STEPS = 200;
const THREAD_STEPS = 50;
const MOST_THREADS = 30;
const CLOSE = 2;

/** What the laws say at the target, and what was measured nearest to it. */
export function decisionData(answer: DomainAnswer, observations: readonly SweepObservation[]): DecisionData {
  const { recommendation, generalLaw, domainLaw } = answer;
  const { target, interval, domainRatio } = recommendation;
  const curve = tradeOff(generalLaw, domainLaw, target, CURVE_STEPS + 1);
  const points = (ratios: readonly number[]): DecisionPoint[] => {
    const { general, domain } = variables(target, ratios);
    return joined(ratios, predictions(generalLaw, general), predictions(domainLaw, domain));
  };
  return {
    curve: curve
      .map(({ domainRatio, generalLoss, domainLoss }) => ({ domainRatio, generalLoss, domainLoss }))
      .filter(isFinitePoint),
    generalBand: curve.flatMap(({ domainRatio, generalInterval }) => {
      const band = finiteBand(generalInterval);
      return band ? [{ domainRatio, ...band }] : [];
    }),
    threads: curve.length ? threads(answer) : [],
    inInterval: interval ? points(steps(interval.low, interval.high, 60)) : [],
    chosen: domainRatio === null ? null : (points([domainRatio])[0] ?? null),
    measured: nearestMeasured(answer, observations),
  };
}

/** Replicate i of both laws was fitted to the same draw of runs, so together they make one trade-off curve. */
function threads({ generalLaw, domainLaw, recommendation }: DomainAnswer): DecisionData['threads'] {
  if (generalLaw.replicates.length !== domainLaw.replicates.length) return [];
  const ratios = steps(0, 1, THREAD_STEPS);
  const { general, domain } = variables(recommendation.target, ratios);
  const pairs = generalLaw.replicates.map((parameters, replicate) => ({ parameters, replicate }));
  return thinned(pairs, MOST_THREADS).flatMap(({ parameters, replicate }) =>
    joined(
      ratios,
      predictionsOf(generalLaw, parameters, general),
      predictionsOf(domainLaw, domainLaw.replicates[replicate]!, domain),
    ).map((point) => ({ ...point, replicate })),
  );
}

const variables = (target: { n: number; d: number }, ratios: readonly number[]) => ({
  general: ratios.map((ratio) => lawPoint('general', target.n * 1e9, target.d * 1e9, ratio)),
  domain: ratios.map((ratio) => lawPoint('domain', target.n * 1e9, target.d * 1e9, ratio)),
});

const joined = (
  ratios: readonly number[],
  general: readonly number[],
  domain: readonly number[],
): DecisionPoint[] =>
  ratios
    .map((domainRatio, at) => ({ domainRatio, generalLoss: general[at]!, domainLoss: domain[at]! }))
    .filter(isFinitePoint);

const isFinitePoint = (point: DecisionPoint): boolean =>
  Number.isFinite(point.generalLoss) && Number.isFinite(point.domainLoss);

function nearestMeasured(
  answer: DomainAnswer,
  observations: readonly SweepObservation[],
): DecisionData['measured'] {
  const { n, d } = answer.recommendation.target;
  const general = measuredPoints(observations, answer.domain, 'general');
  const domain = measuredPoints(observations, answer.domain, 'domain');
  const distance = (a: number, b: number): number => Math.abs(Math.log(a / b));
  const [nearest] = [...finalTokens(general)].sort(
    (a, b) => distance(a[0], n * 1e9) - distance(b[0], n * 1e9),
  );
  if (!nearest) return [];
  const [modelSize, tokens] = nearest;
  if (distance(modelSize, n * 1e9) > Math.log(CLOSE) || distance(tokens, d * 1e9) > Math.log(CLOSE))
    return [];
  const isEnd = (point: { modelSize: number; tokens: number }): boolean =>
    point.modelSize === modelSize && point.tokens === tokens;
  const domainLosses = new Map(domain.filter(isEnd).map((point) => [point.domainRatio, point.loss] as const));
  return general.filter(isEnd).flatMap((point) => {
    const domainLoss = domainLosses.get(point.domainRatio);
    return domainLoss === undefined
      ? []
      : [{ domainRatio: point.domainRatio, generalLoss: point.loss, domainLoss, modelSize, tokens }];
  });
}

const steps = (low: number, high: number, count: number): number[] =>
  Array.from({ length: count + 1 }, (_, at) => low + ((high - low) * at) / count);
