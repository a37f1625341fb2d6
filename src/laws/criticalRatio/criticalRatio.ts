import { UserError } from '../../common/errors.ts';
import { percentileInterval } from '../predict.ts';
import type { Interval } from '../types.ts';
import { fitAcrossTokens } from './acrossTokens.ts';
import { type Conditions, type LargestFeasible, largestFeasible } from './feasible.ts';
import { fittedLaw } from './fittedLaw.ts';
import { cmrRatio } from './forms.ts';
import { fitRatioLaw, ratioLoss, ratioRows } from './ratioLaw.ts';
import { ratioTable } from './ratioTable.ts';
import { type Evidence, resampledAnswers } from './resample.ts';
import { combinedSlope, fitTokenLaws } from './tokenLaws.ts';
import { readTrajectories } from './trajectories.ts';
import {
  type CriticalRatio,
  type CriticalRatioOptions,
  DEFAULT_CRITICAL_RATIO,
  PUBLISHED_LAMBDAS,
  type SizeTrajectories,
} from './types.ts';
import { verdict } from './verdict.ts';
import { warningsOf } from './warnings.ts';

/** Standard errors by which every slope is moved for `scatterRange`. */
const SCATTER = 2;

/**
 * The critical mixture ratio (CMR) of every model size (arXiv 2407.17467): the largest domain ratio R at which general
 * loss at T_max stays within `toleranceNats` of the base model's, and at which domain loss + lambda·general loss has
 * turned down before T_max (T0 < T_max). From token laws on changes of loss (Eq 8) at each measured ratio and a ratio
 * law (Eq 6) between them; see feasible.ts for what happens between measured ratios. One answer per size, in the order
 * given: sizes share nothing. Rows during the warm-up of the learning rate should be left out before. Soft trouble is a
 * status with a reason; malformed input throws a UserError.
 */
export function criticalRatio(
  sizes: readonly SizeTrajectories[],
  options: Partial<CriticalRatioOptions> = {},
): CriticalRatio[] {
  const chosen = { ...DEFAULT_CRITICAL_RATIO, ...options };
  checkOptions(chosen);
  const twice = sizes.find(({ modelSize }, i) => sizes.findIndex((each) => each.modelSize === modelSize) < i);
  if (twice)
    throw new UserError(
      `model size ${twice.modelSize} is given twice`,
      'Put all runs of a model size into one entry.',
    );
  return sizes.map((size) => criticalRatioOfSize(size, chosen));
}

function criticalRatioOfSize(size: SizeTrajectories, options: CriticalRatioOptions): CriticalRatio {
  const { modelSize, base } = size;
  const { toleranceNats, lambda } = options;
  const { tokens, groups, warnings: ofInput } = readTrajectories(size, options.tokens);
  const ratios = groups.map((group) => ({ group, laws: fitTokenLaws(group, tokens, modelSize) }));
  const rows = (loss: 'general' | 'domain') =>
    ratioRows(groups, loss, loss === 'general' ? base.generalLoss : base.domainLoss, tokens, modelSize);
  const generalRatioLaw = groups.length > 0 ? fitRatioLaw(rows('general')) : null;
  const domainRatioLaw = groups.length > 0 ? fitRatioLaw(rows('domain')) : null;
  const evidence: Evidence = {
    modelSize,
    tokens,
    baseGeneralLoss: base.generalLoss,
    toleranceNats,
    lambda,
    ratios,
    ratioLaw: generalRatioLaw,
  };
  const table = ratioTable(evidence, base);
  const limit = base.generalLoss + toleranceNats;
  const lawExcess =
    generalRatioLaw && ((ratio: number) => ratioLoss(generalRatioLaw.parameters, ratio) - limit);
  const answer = (atLambda: number, shift = 0) =>
    largestFeasible(conditions(evidence, atLambda, shift), lawExcess);

  const found = answer(lambda);
  const canResample = groups.length > 0 && groups.every(({ runs }) => runs.length > 1);
  const replicates =
    canResample && options.resamples > 0 && found.kind !== 'unknown'
      ? resampledAnswers(evidence, options)
      : [];
  const scatterRange = scatter(answer(lambda, SCATTER), answer(lambda, -SCATTER));
  const lambdaRange = {
    atLow: answer(PUBLISHED_LAMBDAS.low).ratio,
    atHigh: answer(PUBLISHED_LAMBDAS.high).ratio,
  };
  const interval = found.ratio === null ? null : intervalOf(replicates, options.level);
  const pairs = table.flatMap(({ domainRatio, turning }) =>
    turning?.tokens ? [{ tokens: turning.tokens, domainRatio }] : [],
  );
  const byTurning = largestFeasible(
    conditions(evidence, lambda, 0).map((each) => ({ ...each, excess: Number.NEGATIVE_INFINITY })),
    null,
  );
  const turningRatio = byTurning.limitedBy === 'turning' ? byTurning.ratio : null;
  return {
    modelSize,
    ...verdict({ found, table, replicates, interval, scatterRange, tokens, toleranceNats }),
    bracket: { feasible: found.feasible, infeasible: found.infeasible },
    limitedBy: found.limitedBy,
    interval,
    scatterRange,
    lambdaRange,
    tokens,
    toleranceNats,
    lambda,
    baseGeneralLoss: base.generalLoss,
    generalLossLimit: limit,
    ratios: table,
    generalRatioLaw: generalRatioLaw && fittedLaw(cmrRatio, generalRatioLaw, 1),
    domainRatioLaw: domainRatioLaw && fittedLaw(cmrRatio, domainRatioLaw, 1),
    acrossTokens: pairs.length > 0 ? fitAcrossTokens(pairs, modelSize, tokens, turningRatio) : null,
    warnings: [
      ...ofInput,
      ...warningsOf({ found, evidence, table, lambdaRange, resamples: options.resamples, canResample }),
    ],
  };
}

/** Both conditions at the measured ratios, every slope moved by `shift` of its standard errors. */
function conditions(evidence: Evidence, lambda: number, shift: number): Conditions[] {
  return evidence.ratios.map(({ group, laws }) => {
    const finals = group.changes.filter(({ tokens }) => tokens === evidence.tokens);
    const excess =
      finals.reduce((sum, { general }) => sum + general, 0) / finals.length - evidence.toleranceNats;
    if (typeof laws === 'string') return { ratio: group.domainRatio, excess, slope: null };
    const { slope, error } = combinedSlope(laws, lambda);
    return { ratio: group.domainRatio, excess, slope: shift === 0 ? slope : slope + shift * error };
  });
}

function scatter(careful: LargestFeasible, hopeful: LargestFeasible): CriticalRatio['scatterRange'] {
  if (careful.kind === 'unknown' || hopeful.kind === 'unknown') return null;
  return { low: careful.ratio ?? 0, high: hopeful.kind === 'open' ? 1 : (hopeful.ratio ?? 0) };
}

function intervalOf(replicates: readonly LargestFeasible[], level: number): Interval | null {
  const ratios = replicates.flatMap(({ ratio }) => (ratio === null ? [] : [ratio]));
  return ratios.length === 0 ? null : percentileInterval(ratios, level);
}

function checkOptions({ toleranceNats, lambda, tokens, resamples, level }: CriticalRatioOptions): void {
  const refuse = (problem: string, nextStep: string) => {
    throw new UserError(problem, nextStep);
  };
  if (!(toleranceNats >= 0 && Number.isFinite(toleranceNats)))
    refuse(
      `the tolerance is ${toleranceNats}`,
      'Give it in nats per token, 0 or more; the paper takes 0.05.',
    );
  if (!(lambda > 0)) refuse(`lambda is ${lambda}`, 'Give a positive number; the paper takes 100 to 7,000.');
  if (tokens !== null && !(tokens > 0 && Number.isFinite(tokens)))
    refuse(`T_max is ${tokens} billion tokens`, 'Give a positive number of billions, or leave it out.');
  if (!(Number.isInteger(resamples) && resamples >= 0))
    refuse(`resamples is ${resamples}`, 'Give a whole number; 0 turns the interval off.');
  if (!(level > 0 && level < 1)) refuse(`level is ${level}`, 'Give a coverage between 0 and 1, e.g. 0.9.');
}
