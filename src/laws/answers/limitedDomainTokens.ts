import { UserError } from '../../common/errors.ts';
import type { LawFit, LawObservation } from '../types.ts';
import { checkLevel, checkPositive } from './checks.ts';
import { estimateOf, type Outcomes, RATIO, spreadWarnings, whyNotIdentified } from './identified.ts';
import { cornerDissent, gainWarnings, type Limiter, type Place, whyHere } from './limitedDomainWords.ts';
import { layOut, surfaceOf } from './lossSurface.ts';
import { type Least, logGrid, minimiseWithin } from './minimise.ts';
import { equallyGoodPairs, type PairOfLaws, replicatedPairs, unusable } from './replicates.ts';
import { belowRatios, tooManyTokens } from './targetChecks.ts';
import { allowance, generalLossLimit, type Tolerance } from './tolerance.ts';
import type { AnswerWords, Estimate } from './types.ts';
import { cannotTell, count, spreadText } from './words.ts';

const QUESTION = 'how much domain text to mix';

export interface LimitedDomainQuestion {
  /** Target size, billions. */
  n: number;
  /** Distinct domain tokens that there are, billions: none is read twice. */
  domainTokens: number;
  /** Largest number of tokens that can be paid for, billions; no limit when absent. */
  maxTokens?: number;
  /** Highest general loss allowed, nats per token; no limit when absent. */
  generalLossLimit?: number;
  /** The same limit as a tolerance above the base model's general loss, which the sentences then name. Only one of both. */
  retention?: Tolerance & { baseLoss: number };
}

export interface LimitedDomainAnswer extends AnswerWords {
  domainRatio: Estimate | null;
  /** Tokens in all, billions: the domain tokens over their ratio, or as many as can be paid for. */
  tokens: number | null;
  domainLoss: number | null;
  generalLoss: number | null;
  place: Place | null;
  /** Which limit stops it. */
  limitedBy: Limiter | null;
  /** The best ratio were there no limits; null when there are none. */
  unlimitedRatio: number | null;
  /** Losses with all domain text and nothing else (the corner), for comparison; general loss null where the law has none. */
  allDomainLoss: number | null;
  allDomainGeneralLoss: number | null;
  /** By how much the best ratio lowers domain loss below the corner's, nats per token. */
  gain: Estimate | null;
}

/** Ratios looked at, evenly in their logarithms from the smallest. */
const GRID = 400;
const LEAST_RATIO = 1e-3;

const NOTHING = {
  domainRatio: null,
  tokens: null,
  domainLoss: null,
  generalLoss: null,
  place: null,
  limitedBy: null,
  unlimitedRatio: null,
  allDomainLoss: null,
  allDomainGeneralLoss: null,
  gain: null,
};

/**
 * Usage 2 of the D-CPT law (arXiv 2406.01375 Eq 11 and 48–52): with a limited amount of domain text, every ratio r takes D =
 * tokens/r, so that more general text means more steps. The domain loss L_d(N, tokens/r, r) is least inside or at the corner r = 1;
 * every ratio is looked at, so this holds for any form. For L3 the inside has a minimum iff
 * tokens < [B(eta + beta)(1 + epsilon)^(gamma + 1)/(gamma C)]^(1/beta). Of equally good ratios the largest is taken: it needs the
 * fewest tokens. `rows`: those of the domain law. Throws a UserError for a question that means nothing or a form that needs more
 * than N, D and the ratio.
 */
export function limitedDomainTokens(
  general: LawFit,
  domain: LawFit,
  question: LimitedDomainQuestion,
  rows: readonly LawObservation[],
  level: number,
): LimitedDomainAnswer {
  checkLevel(level);
  checkQuestion(question);
  const limit = limitOf(question);
  const cannotFit = unusable('domain', domain) ?? (limit ? unusable('general', general) : null);
  if (cannotFit) return { ...NOTHING, ...cannotTell(QUESTION, cannotFit), warnings: [] };

  const solve = solver(question, limit?.loss ?? null);
  const best = solve({ general, domain });
  const outcomes: Outcomes = {
    found: best?.x ?? null,
    replicated: pairsOf(general, domain, 'replicates', limit !== null).map((pair) => solve(pair)?.x ?? null),
    equallyGood: pairsOf(general, domain, 'nearOptimal', limit !== null).map(
      (pair) => solve(pair)?.x ?? null,
    ),
  };
  const trouble = whyNotIdentified(outcomes, level, RATIO);
  const estimate = estimateOf(outcomes, level);
  const surface = general.starts > 0 ? surfaceOf(general) : null;
  const generalLoss = (r: number) => {
    const loss = surface?.at(question.n, tokensAt(r, question), 1 - r) ?? Number.NaN;
    return Number.isFinite(loss) ? loss : null;
  };
  if (!best || !estimate) {
    if (trouble) return { ...NOTHING, ...cannotTell(QUESTION, trouble), warnings: [] };
    const lowest = Math.min(
      ...logGrid(LEAST_RATIO, 1, GRID)
        .map(generalLoss)
        .filter((loss) => loss !== null),
    );
    const reason = limit
      ? `no ratio keeps general loss within ${limit.words}: the lowest that the law predicts is ${lowest.toFixed(4)}, the limit is ${limit.loss.toFixed(4)}`
      : 'the domain law predicts no loss at any ratio';
    return {
      ...NOTHING,
      status: 'infeasible',
      sentence: `No mixture will do: ${reason}.`,
      reason,
      warnings: [],
    };
  }

  const ratio = best.x;
  const tokens = tokensAt(ratio, question);
  const { maxTokens, n } = question;
  const limitedBy = best.stopped
    ? 'general-loss'
    : maxTokens !== undefined && question.domainTokens / ratio >= maxTokens * (1 - 1e-6)
      ? 'tokens'
      : null;
  const place = limitedBy ? 'at-limit' : ratio === 1 ? 'corner' : 'interior';
  const domainLoss = (law: LawFit | PairOfLaws['domain'], r: number) =>
    surfaceOf(law).at(n, tokensAt(r, question), r);
  const gainOf = (law: LawFit | PairOfLaws['domain']) => domainLoss(law, 1) - domainLoss(law, ratio);
  const gain = estimateOf(
    {
      found: gainOf(domain),
      replicated: domain.replicates.map((parameters) => gainOf({ form: domain.form, parameters })),
      equallyGood: domain.nearOptimal.map((parameters) => gainOf({ form: domain.form, parameters })),
    },
    level,
  )!;
  const hasLimit = limit !== null || maxTokens !== undefined;
  const unlimited = hasLimit
    ? solver({ n, domainTokens: question.domainTokens }, null)({ general, domain })
    : null;
  const numbers = {
    domainRatio: estimate,
    tokens,
    domainLoss: domainLoss(domain, ratio),
    generalLoss: generalLoss(ratio),
    place,
    limitedBy,
    unlimitedRatio: unlimited?.x ?? null,
    allDomainLoss: domainLoss(domain, 1),
    allDomainGeneralLoss: generalLoss(1),
    gain,
  } satisfies Partial<LimitedDomainAnswer>;
  const warnings = [
    ...tooManyTokens(tokens, rows),
    ...belowRatios(ratio, rows),
    ...spreadWarnings(outcomes, level, RATIO),
    ...gainWarnings(place, gain),
    ...cornerDissent(ratio, outcomes.replicated),
  ];
  // Where the smallest ratio is best, the law knows no best one: it only wants more steps.
  const bottomless =
    ratio <= LEAST_RATIO * 1.01 ? 'domain loss still falls at the smallest ratio looked at, 0.001' : null;
  const unknown = trouble ?? bottomless;
  if (unknown) {
    return { ...numbers, place: bottomless ? null : place, ...cannotTell(QUESTION, unknown), warnings };
  }
  const reason = whyHere(place, limitedBy, limit?.words ?? '', gain, unlimited?.x ?? null);
  return {
    ...numbers,
    status: 'recommended',
    sentence: `Mix ${ratio.toFixed(2)} domain text${spreadText(estimate, RATIO.format)}, ${count(tokens)} tokens in all: ${reason}.`,
    reason,
    warnings,
  };
}

/** The best ratio of a pair of laws, the grid being laid out once for all of them. */
function solver(question: LimitedDomainQuestion, limit: number | null): (laws: PairOfLaws) => Least | null {
  const { n } = question;
  const ratios = logGrid(LEAST_RATIO, 1, GRID);
  const points = (of: (ratio: number) => number) =>
    layOut(ratios.map((r) => ({ n, d: tokensAt(r, question), ratio: of(r) })));
  const domainPoints = points((r) => r);
  const generalPoints = points((r) => 1 - r);
  return (laws) => {
    const domain = surfaceOf(laws.domain);
    const loss = {
      values: domain.over(domainPoints),
      at: (r: number) => domain.at(n, tokensAt(r, question), r),
    };
    if (limit === null) return minimiseWithin(ratios, loss, null);
    const general = surfaceOf(laws.general);
    return minimiseWithin(ratios, loss, {
      values: general.over(generalPoints).map((value) => value - limit),
      at: (r) => general.at(n, tokensAt(r, question), 1 - r) - limit,
    });
  };
}

/** Without a limit the general law has no say, and may be there without resampled fits or not at all. */
function pairsOf(
  general: LawFit,
  domain: LawFit,
  which: 'replicates' | 'nearOptimal',
  isLimited: boolean,
): PairOfLaws[] {
  if (!isLimited)
    return domain[which].map((parameters) => ({ general, domain: { form: domain.form, parameters } }));
  return which === 'replicates' ? replicatedPairs(general, domain) : equallyGoodPairs(general, domain);
}

/** All domain text at this ratio, but no more tokens than can be paid for. */
const tokensAt = (ratio: number, { domainTokens, maxTokens }: LimitedDomainQuestion): number =>
  Math.min(domainTokens / ratio, maxTokens ?? Number.POSITIVE_INFINITY);

function limitOf({
  generalLossLimit: loss,
  retention,
}: LimitedDomainQuestion): { loss: number; words: string } | null {
  if (retention) {
    return {
      loss: generalLossLimit(retention.baseLoss, retention),
      words: `${allowance(retention)} of the base model's ${retention.baseLoss.toFixed(4)}`,
    };
  }
  return loss === undefined ? null : { loss, words: `the limit of ${loss.toFixed(4)}` };
}

function checkQuestion(question: LimitedDomainQuestion): void {
  const { n, domainTokens, maxTokens, generalLossLimit: limit, retention } = question;
  checkPositive(
    { n, domainTokens, maxTokens, generalLossLimit: limit, baseLoss: retention?.baseLoss },
    'Give N and tokens in billions, losses in nats per token.',
  );
  if (limit !== undefined && retention) {
    throw new UserError(
      'general loss is limited twice, by a loss and by a tolerance',
      'Give generalLossLimit or retention.',
    );
  }
}
