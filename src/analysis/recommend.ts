import { UserError } from '../common/errors.ts';
import { type BaseLoss, baseLossAt } from '../laws/answers/baseLoss.ts';
import { generalLossLimit, recommendRatio } from '../laws/answers/bestRatio.ts';
import { type ComputeAnswer, computeBudget } from '../laws/answers/computeBudget.ts';
import { type JointAnswer, jointBudget } from '../laws/answers/jointBudget.ts';
import { type LimitedDomainAnswer, limitedDomainTokens } from '../laws/answers/limitedDomainTokens.ts';
import { type ParetoFront, paretoFront } from '../laws/answers/paretoFront.ts';
import { criticalRatio } from '../laws/criticalRatio/criticalRatio.ts';
import type { CriticalRatio } from '../laws/criticalRatio/types.ts';
import { fitPair, type LawPair } from '../laws/fitting/bootstrap.ts';
import { type ProfileInterval, profileLoss, profileRatio } from '../laws/fitting/profile.ts';
import { lawForm } from '../laws/forms/registry.ts';
import type { ConstraintKind, LawFit, RatioRecommendation } from '../laws/types.ts';
import type { DomainData } from './domainData.ts';

export interface RecommendOptions {
  form: string;
  delta: number;
  starts: number;
  resamples: number;
  level: number;
  seed: number;
  constraint: ConstraintKind | null;
  /** Billions; null: the largest measured. */
  modelSize: number | null;
  tokens: number | null;
  /** Share above the base model's general loss, unless toleranceNats says nats per token. */
  tolerance: number;
  toleranceNats?: number;
  /** General loss of the base model, where the source does not know it. */
  baseLoss?: number;
  /** Usage 2: distinct domain tokens, billions. */
  domainTokens?: number;
  /** Usage 3: training FLOP, at which domain ratio, and what else it must pay. */
  flops?: number;
  domainRatio?: number;
  inferenceTokens?: number;
  /** Profile intervals, which take longer than all else but the fits; default true. */
  profile?: boolean;
  onStep?: (what: string) => void;
}

export interface DomainRecommendation {
  domain: string;
  general: LawFit;
  ofDomain: LawFit;
  usage1: RatioRecommendation;
  /** Without resampling runs: refits with the ratio, or the loss at the target, held fixed. null where there is no ratio inside 0…1. */
  profile: { ratio: ProfileInterval; domainLoss: ProfileInterval } | null;
  /** null when not asked for. */
  usage2: LimitedDomainAnswer | null;
  /** At the ratio asked for. */
  usage3: ComputeAnswer | null;
  /** Size, tokens and ratio together, within the tolerance: where a budget is given and no ratio. */
  joint: JointAnswer | null;
  pareto: ParetoFront;
  /** One answer a model size, by another law, with another tolerance: see reason. Empty where the trajectories do not allow it. */
  critical: CriticalRatio[];
  criticalProblem: string | null;
}

/** Fits a domain's laws and answers the questions that were asked. Throws a UserError when no base loss is known. */
export function recommendFor(data: DomainData, options: RecommendOptions): DomainRecommendation {
  baseLossesOf(data, options);
  return recommendFrom(data, fitFor(data, options), options);
}

/** The laws of a domain, as recommendFor fits them; takes seconds. */
export function fitFor(data: DomainData, options: RecommendOptions): LawPair {
  refuseEmpty(data);
  options.onStep?.(`${data.domain}: the laws, and ${options.resamples} fits to resampled runs`);
  return fitPair(lawForm(options.form), data.rows, options);
}

function refuseEmpty({ domain, rows }: DomainData): void {
  if (rows.general.length === 0) throw new UserError(`${domain} has no row that a law can be fitted to`);
}

/** The general losses of base models that answers rest on. Throws a UserError when there is none. */
function baseLossesOf(data: DomainData, { baseLoss, modelSize }: RecommendOptions): BaseLoss[] {
  refuseEmpty(data);
  const n = modelSize ?? Math.max(...data.points.map((point) => point.modelSize)) / 1e9;
  const baseLosses = baseLoss === undefined ? data.baseLosses : [{ n, loss: baseLoss }];
  if (baseLosses.length > 0) return baseLosses;
  throw new UserError(
    `${data.domain}: the base model's general loss is not known`,
    'Add its rows (0 tokens) to the table, or give it: --base-loss 2.86',
  );
}

/** As recommendFor, from laws that fitFor has fitted to the same data with the same options. */
export function recommendFrom(
  data: DomainData,
  laws: LawPair,
  options: RecommendOptions,
): DomainRecommendation {
  const { rows, points } = data;
  const { level, tolerance, onStep = () => {} } = options;
  const { general, domain: ofDomain } = laws;
  const n = options.modelSize ?? Math.max(...points.map((point) => point.modelSize)) / 1e9;
  const d = options.tokens ?? Math.max(...points.map((point) => point.tokens)) / 1e9;
  const baseLosses = baseLossesOf(data, options);
  const nats = options.toleranceNats === undefined ? {} : { toleranceNats: options.toleranceNats };
  const target = { n, d, tolerance, ...nats };
  const usage1 = recommendRatio({
    generalFit: general,
    domainFit: ofDomain,
    target,
    baseLosses,
    generalRows: rows.general,
    level,
  });
  const limit = generalLossLimit(baseLossAt(baseLosses, n).loss, target);
  const ratio = usage1.domainRatio;
  const isInside =
    options.profile !== false && ratio !== null && ratio > 0.001 && ratio < 0.999 && general.starts > 0;
  if (isInside) onStep(`${data.domain}: profile intervals`);
  return {
    domain: data.domain,
    general,
    ofDomain,
    usage1,
    profile: isInside
      ? {
          ratio: profileRatio(general, rows.general, { n, d, limit, ratio }, { level }),
          domainLoss: profileLoss(ofDomain, rows.domain, { n, d, ratio }, { level }),
        }
      : null,
    usage2:
      options.domainTokens === undefined
        ? null
        : limitedDomainTokens(
            general,
            ofDomain,
            { n, domainTokens: options.domainTokens, generalLossLimit: limit },
            rows.domain,
            level,
          ),
    usage3:
      options.flops === undefined || options.domainRatio === undefined
        ? null
        : computeBudget(
            ofDomain,
            {
              flops: options.flops,
              ratio: options.domainRatio,
              cost: { inferenceTokens: options.inferenceTokens ?? 0, baseTokens: 0 },
            },
            rows.domain,
            level,
          ),
    joint:
      options.flops === undefined || options.domainRatio !== undefined
        ? null
        : jointBudget(
            withFewReplicates(general),
            withFewReplicates(ofDomain),
            {
              flops: options.flops,
              cost: { inferenceTokens: options.inferenceTokens ?? 0, baseTokens: 0 },
              tolerance,
              ...nats,
            },
            { rows: rows.domain, baseLosses },
            level,
          ),
    pareto: paretoFront(general, ofDomain, { n, d }, level),
    ...criticalRatios(data, options),
  };
}

/** Each resampled fit of a joint question takes milliseconds: enough of them for an interval. */
const JOINT_REPLICATES = 200;
const withFewReplicates = (fit: LawFit): LawFit => ({
  ...fit,
  replicates: fit.replicates.slice(0, JOINT_REPLICATES),
});

function criticalRatios(
  { points }: DomainData,
  { level, seed, resamples, toleranceNats }: RecommendOptions,
): Pick<DomainRecommendation, 'critical' | 'criticalProblem'> {
  const sizes = [...new Set(points.map((point) => point.modelSize))].sort((a, b) => a - b);
  try {
    const trajectories = sizes.map((size) => {
      const own = points.filter((point) => point.modelSize === size);
      const base = own.filter((point) => point.tokens === 0);
      if (base.length === 0) throw new UserError('no losses at 0 tokens: changes cannot be counted');
      const mean = (of: (point: (typeof own)[number]) => number) =>
        base.reduce((sum, point) => sum + of(point), 0) / base.length;
      return {
        modelSize: size / 1e9,
        base: {
          generalLoss: mean((point) => point.generalLoss),
          domainLoss: mean((point) => point.domainLoss),
        },
        runBases: Object.fromEntries(
          base.map((point) => [point.run, { generalLoss: point.generalLoss, domainLoss: point.domainLoss }]),
        ),
        rows: own
          .filter((point) => point.tokens > 0 && point.tokens >= 2 * point.warmupTokens)
          .map(({ run, domainRatio, tokens, generalLoss, domainLoss }) => ({
            run,
            domainRatio,
            tokens: tokens / 1e9,
            generalLoss,
            domainLoss,
          })),
      };
    });
    return {
      critical: criticalRatio(trajectories, {
        level,
        seed,
        resamples: Math.min(resamples, 100),
        ...(toleranceNats === undefined ? {} : { toleranceNats }),
      }),
      criticalProblem: null,
    };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { critical: [], criticalProblem: error.message };
  }
}
