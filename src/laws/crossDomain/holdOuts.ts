import { UserError } from '../../common/errors.ts';
import { largestFeasible } from '../answers/bestRatio.ts';
import { type FitOptions, fitLaw } from '../fitting/fit.ts';
import { lawValues, toVector } from '../forms/form.ts';
import { l3 } from '../forms/l3.ts';
import type { LawFit, LawPoint } from '../types.ts';
import { type DomainRows, fitCrossDomain, predictCrossDomain, probeOf } from './fitCrossDomain.ts';
import { K_KINDS, type KKind } from './forms.ts';
import type { DomainProbes } from './probes.ts';

export type Method = KKind | 'nearest-domain' | 'mean-of-domains';
export const METHODS: readonly Method[] = [...K_KINDS, 'nearest-domain', 'mean-of-domains'];

/** The question that a hold-out's answer is compared on; n, d in billions, limit in nats per token. */
export interface RatioQuestion {
  n: number;
  d: number;
  generalLossLimit: number;
}

export interface HoldOutResult {
  method: Method;
  fitted: string[];
  unseen: string;
  /** On all rows of the unseen domain, which no fit has seen. */
  general: LossError;
  ofDomain: LossError;
  /** Largest feasible domain ratio by this method's general law, and by the unseen domain's own law. */
  predictedRatio: number | null;
  ownRatio: number | null;
}

export interface LossError {
  r2: number;
  mae: number;
  meanRelativeError: number;
}

export interface MethodSummary {
  method: Method;
  holdOuts: number;
  general: LossError;
  ofDomain: LossError;
  worstDomainError: number;
  /** Mean absolute difference of the ratios where both exist, and how often only one of the two does. */
  ratioError: number | null;
  ratioDisagreements: number;
}

export interface HoldOutInputs {
  domains: readonly DomainRows[];
  probes: readonly DomainProbes[];
  /** Per domain; null: ratios are not compared. */
  questionOf: (domain: string) => RatioQuestion | null;
  fit?: Partial<FitOptions>;
  onFold?: (fold: number, folds: number, fitted: readonly string[]) => void;
}

/** Enough for predictions: parameters of one law over four domains settle from most starts. */
const FOLD_FIT: Partial<FitOptions> = { starts: 24, settledBelow: 1e-7 };

/** Throws a UserError for fewer domains than a hold-out needs. */
export function refuseTooFew(domains: number): void {
  if (domains >= 3) return;
  throw new UserError(
    `a cross-domain law cannot be held out on ${domains} domain${domains === 1 ? '' : 's'}`,
    'It takes at least three: two to fit, one to foretell.',
  );
}

/** Domains that a fold fits: 4 of 6 as in the paper, two fewer than there are otherwise, but at least 2. */
export const fittedCount = (domains: number): number => Math.max(2, domains - 2);

/**
 * Every choice of domains to fit (arXiv 2406.01375 Table 8: 15 for 4 of 6), and what the law says of the others from their
 * probes, for K1–K4 and two baselines: the law of the domain whose probe is nearest, and the mean of the fitted domains'
 * laws. A fold's fits are given the rows of its own domains only. Throws a UserError for fewer than three domains.
 */
export function holdOutDomains(inputs: HoldOutInputs): HoldOutResult[] {
  const domains = [...inputs.domains].sort((a, b) => (a.domain < b.domain ? -1 : 1));
  refuseTooFew(domains.length);
  const options = { ...FOLD_FIT, ...inputs.fit };
  const ownLaws = new Map(
    domains.map(({ domain, general, ofDomain }) => [
      domain,
      { general: fitLaw(l3, general, options), ofDomain: fitLaw(l3, ofDomain, options) },
    ]),
  );
  const folds = combinations(domains, fittedCount(domains.length));
  return folds.flatMap((fitted, index) => {
    const names = fitted.map(({ domain }) => domain);
    inputs.onFold?.(index, folds.length, names);
    const probes = inputs.probes.filter(({ domain }) => names.includes(domain));
    const laws = Object.fromEntries(
      K_KINDS.map((kind) => [kind, fitCrossDomain(kind, fitted, probes, options)]),
    ) as Record<KKind, ReturnType<typeof fitCrossDomain>>;
    const unseen = domains.filter(({ domain }) => !names.includes(domain));
    return unseen.flatMap((target) => {
      const probe = probeOf(target.domain, inputs.probes);
      const nearest = nearestDomain(probe, probes);
      const predictor = (method: Method) => (of: 'general' | 'ofDomain', points: readonly LawPoint[]) =>
        method === 'nearest-domain'
          ? ownPrediction(ownLaws.get(nearest)![of], points)
          : method === 'mean-of-domains'
            ? meanOf(names.map((name) => ownPrediction(ownLaws.get(name)![of], points)))
            : predictCrossDomain(laws[method], of, probe, points);
      const question = inputs.questionOf(target.domain);
      const ratioBy = (predict: (of: 'general', points: readonly LawPoint[]) => Float64Array) =>
        question &&
        largestFeasible(
          (r) =>
            predict('general', [{ n: question.n, d: question.d, ratio: 1 - r }])[0]! <=
            question.generalLossLimit,
        );
      const ownRatio = ratioBy((_, points) => ownPrediction(ownLaws.get(target.domain)!.general, points));
      return METHODS.map((method): HoldOutResult => {
        const predict = predictor(method);
        const error = (of: 'general' | 'ofDomain') =>
          lossError(
            target[of].map((row) => row.loss),
            predict(
              of,
              target[of].map(({ n, d, ratio }) => ({ n, d, ratio })),
            ),
          );
        return {
          method,
          fitted: names,
          unseen: target.domain,
          general: error('general'),
          ofDomain: error('ofDomain'),
          predictedRatio: ratioBy(predict),
          ownRatio,
        };
      });
    });
  });
}

/** One line a method, over all hold-outs. */
export function summariseHoldOuts(results: readonly HoldOutResult[]): MethodSummary[] {
  return METHODS.map((method) => {
    const own = results.filter((result) => result.method === method);
    const mean = (of: (result: HoldOutResult) => number) =>
      own.reduce((sum, result) => sum + of(result), 0) / own.length;
    const errors = (loss: 'general' | 'ofDomain'): LossError => ({
      r2: mean((result) => result[loss].r2),
      mae: mean((result) => result[loss].mae),
      meanRelativeError: mean((result) => result[loss].meanRelativeError),
    });
    const both = own.filter(({ predictedRatio, ownRatio }) => predictedRatio !== null && ownRatio !== null);
    return {
      method,
      holdOuts: own.length,
      general: errors('general'),
      ofDomain: errors('ofDomain'),
      worstDomainError: Math.max(...own.map((result) => result.ofDomain.meanRelativeError)),
      ratioError:
        both.length === 0
          ? null
          : both.reduce((sum, each) => sum + Math.abs(each.predictedRatio! - each.ownRatio!), 0) /
            both.length,
      ratioDisagreements: own.filter(
        ({ predictedRatio, ownRatio }) => (predictedRatio === null) !== (ownRatio === null),
      ).length,
    };
  });
}

/** All ways to choose `count` of some things, in order. */
export function combinations<Thing>(things: readonly Thing[], count: number): Thing[][] {
  if (count === 0) return [[]];
  return things.flatMap((thing, i) =>
    combinations(things.slice(i + 1), count - 1).map((rest) => [thing, ...rest]),
  );
}

/** By k1 and k2 of both losses, each in units of its spread over the domains to choose from. */
export function nearestDomain(probe: DomainProbes, among: readonly DomainProbes[]): string {
  const features = ({ general, ofDomain }: DomainProbes) => [
    general.k1,
    general.k2,
    ofDomain.k1,
    ofDomain.k2,
  ];
  const known = among.map(features);
  const spread = known[0]!.map((_, j) => {
    const values = known.map((each) => each[j]!);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length) || 1;
  });
  const own = features(probe);
  const distances = known.map((each) =>
    each.reduce((sum, value, j) => sum + ((value - own[j]!) / spread[j]!) ** 2, 0),
  );
  return among[distances.indexOf(Math.min(...distances))]!.domain;
}

function ownPrediction(fit: LawFit, points: readonly LawPoint[]): Float64Array {
  return lawValues(l3, toVector(l3, fit.parameters), points);
}

function meanOf(predictions: readonly Float64Array[]): Float64Array {
  return predictions[0]!.map(
    (_, i) => predictions.reduce((sum, each) => sum + each[i]!, 0) / predictions.length,
  );
}

export function lossError(measured: readonly number[], predicted: Float64Array): LossError {
  const mean = measured.reduce((sum, loss) => sum + loss, 0) / measured.length;
  let residual = 0;
  let total = 0;
  let absolute = 0;
  let relative = 0;
  measured.forEach((loss, i) => {
    residual += (predicted[i]! - loss) ** 2;
    total += (loss - mean) ** 2;
    absolute += Math.abs(predicted[i]! - loss);
    relative += Math.abs(predicted[i]! - loss) / loss;
  });
  return {
    r2: total > 0 ? 1 - residual / total : 0,
    mae: absolute / measured.length,
    meanRelativeError: relative / measured.length,
  };
}
