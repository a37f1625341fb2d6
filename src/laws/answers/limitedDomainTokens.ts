import { predict, predictAll } from '../predict.ts';
import type { LawFit, LawObservation, LawParameters } from '../types.ts';
import { largestFeasible } from './bestRatio.ts';
import { minimise } from './minimise.ts';
import { intervalOf, type PairOfLaws, replicatedPairs, unusable } from './replicates.ts';
import type { AnswerWords, Estimate } from './types.ts';

export interface LimitedDomainQuestion {
  /** Target size, billions. */
  n: number;
  /** Distinct domain tokens that there are, billions: none is read twice. */
  domainTokens: number;
  /** Largest number of tokens that can be paid for, billions; no limit when absent. */
  maxTokens?: number;
  /** Highest general loss allowed, nats per token; no limit when absent. */
  generalLossLimit?: number;
}

export interface LimitedDomainAnswer extends AnswerWords {
  domainRatio: Estimate | null;
  /** Tokens in all, billions: the domain tokens over their ratio. */
  tokens: number | null;
  domainLoss: number | null;
  generalLoss: number | null;
  /** Where the best ratio lies: inside, at all-domain text, or at a limit of tokens or general loss. */
  place: 'interior' | 'all-domain' | 'at-limit' | null;
  /** Domain loss with domain text alone, for comparison. */
  allDomainLoss: number | null;
}

/** Ratios looked at, evenly in their logarithms from the smallest. */
const GRID = 400;
const LEAST_RATIO = 1e-3;
const EXTRAPOLATION = 3;

/**
 * Usage 2 of the D-CPT law (arXiv 2406.01375 Eq 11 and 48–52): with a limited amount of domain text, every ratio r takes D =
 * tokens/r, so that more general text means more steps. The domain loss L_d(N, tokens/r, r) is least inside or at r = 1; every
 * ratio is looked at, so this holds for any form. For L3 the inside has a minimum iff
 * tokens < [B(eta + beta)(1 + epsilon)^(gamma + 1)/(gamma C)]^(1/beta).
 */
export function limitedDomainTokens(
  general: LawFit,
  domain: LawFit,
  question: LimitedDomainQuestion,
  rows: readonly LawObservation[],
  level: number,
): LimitedDomainAnswer {
  const none = {
    domainRatio: null,
    tokens: null,
    domainLoss: null,
    generalLoss: null,
    place: null,
    allDomainLoss: null,
  };
  const trouble =
    unusable('domain', domain) ??
    (question.generalLossLimit === undefined ? null : unusable('general', general));
  if (trouble) {
    return { ...none, status: 'not-identified', sentence: `The data cannot tell: ${trouble}.`, warnings: [] };
  }
  const best = bestOf({ general, domain }, question);
  const replicated = replicatedPairs(general, domain).map((pair) => bestOf(pair, question)?.ratio ?? null);
  if (!best) {
    return {
      ...none,
      status: 'infeasible',
      sentence: 'No ratio keeps general loss within the limit.',
      warnings: [],
    };
  }
  const interval = intervalOf(replicated, level);
  const tokens = tokensAt(best.ratio, question);
  const at = (ratio: number) => ({ n: question.n, d: tokensAt(ratio, question) });
  const largest = Math.max(...rows.map((row) => row.d));
  const warnings = [
    ...(tokens > EXTRAPOLATION * largest
      ? [
          `it takes ${(tokens / largest).toPrecision(2)} times the tokens of the longest run measured: an extrapolation`,
        ]
      : []),
    ...(interval === null ? ['no resampled fits, so no interval'] : []),
    ...(best.ratio <= LEAST_RATIO * 1.01 ? ['the loss still falls at the smallest ratio looked at'] : []),
  ];
  const wide = interval !== null && interval.high - interval.low > 0.6;
  const place = best.atLimit ? 'at-limit' : best.ratio === 1 ? 'all-domain' : 'interior';
  const why = {
    interior: 'below it domain text is too thin, above it there are too few steps',
    'all-domain': 'general text would only dilute it',
    'at-limit': 'a limit on tokens or general loss stops it there',
  }[place];
  return {
    status: wide ? 'not-identified' : 'recommended',
    domainRatio: { value: best.ratio, interval },
    tokens,
    domainLoss: predict(domain.form, domain.parameters, { ...at(best.ratio), ratio: best.ratio }),
    generalLoss:
      general.starts > 0
        ? predict(general.form, general.parameters, { ...at(best.ratio), ratio: 1 - best.ratio })
        : null,
    place,
    allDomainLoss: predict(domain.form, domain.parameters, { ...at(1), ratio: 1 }),
    sentence: wide
      ? `The data cannot tell: resampled fits put the best ratio anywhere from ${interval.low.toFixed(2)} to ${interval.high.toFixed(2)}.`
      : `Mix ${best.ratio.toFixed(2)} domain text, ${millions(tokens)} tokens in all: ${why}.`,
    warnings,
  };
}

function bestOf(
  laws: PairOfLaws | { general: LawFit; domain: LawFit },
  question: LimitedDomainQuestion,
): { ratio: number; atLimit: boolean } | null {
  const { n, domainTokens, maxTokens, generalLossLimit } = question;
  const highest =
    generalLossLimit === undefined
      ? 1
      : largestFeasible(
          (r) =>
            r > 0 &&
            predict(laws.general.form, laws.general.parameters as LawParameters, {
              n,
              d: tokensAt(r, question),
              ratio: 1 - r,
            }) <= generalLossLimit,
        );
  if (highest === null || highest < LEAST_RATIO) return null;
  const loss = (ratio: number) =>
    predict(laws.domain.form, laws.domain.parameters, { n, d: tokensAt(ratio, question), ratio });
  const lossesAt = (ratios: readonly number[]) =>
    predictAll(
      laws.domain,
      ratios.map((ratio) => ({ n, d: tokensAt(ratio, question), ratio })),
    );
  const ratio = minimise(loss, LEAST_RATIO, highest, GRID, lossesAt);
  const edge = (value: number) => Math.abs(ratio - value) < 1e-6;
  return {
    ratio: edge(1) ? 1 : ratio,
    atLimit:
      (highest < 1 && edge(highest)) ||
      (maxTokens !== undefined && domainTokens / ratio >= maxTokens * (1 - 1e-6)),
  };
}

/** All domain text at this ratio, but no more tokens than can be paid for. */
const tokensAt = (ratio: number, { domainTokens, maxTokens }: LimitedDomainQuestion): number =>
  Math.min(domainTokens / ratio, maxTokens ?? Number.POSITIVE_INFINITY);

const millions = (billions: number): string =>
  billions >= 1
    ? `${billions.toPrecision(3)}B`
    : billions >= 1e-3
      ? `${(1e3 * billions).toPrecision(3)}M`
      : `${(1e6 * billions).toPrecision(3)}k`;
