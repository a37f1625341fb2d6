import type { LawFit, LawObservation } from '../types.ts';
import { type BaseLoss, baseLossAt } from './baseLoss.ts';
import { checkLevel } from './checks.ts';
import { affordableSizes, affordableTokens, type Budget, checkBudget, costWarnings } from './cost.ts';
import { estimateOf, type Outcomes, RATIO, SIZE, spreadWarnings, whyNotIdentified } from './identified.ts';
import { layOut, surfaceOf } from './lossSurface.ts';
import { logGrid, minimise, minimiseWithin } from './minimise.ts';
import { equallyGoodPairs, type PairOfLaws, replicatedPairs, unusable } from './replicates.ts';
import { belowRatios, outsideSizes, sizesOf, tooManyTokens } from './targetChecks.ts';
import { allowance, generalLossLimit, type Tolerance } from './tolerance.ts';
import type { AnswerWords, Estimate } from './types.ts';
import { cannotTell, count, spreadText } from './words.ts';

const QUESTION = 'which size and mixture are best';

/** A budget, and how far general loss may rise above that of the base model of the same size. */
export type JointQuestion = Budget & Tolerance;

/** A size, its tokens (billions) and the mixture, with what both laws predict there. */
export interface Choice {
  n: number;
  d: number;
  domainRatio: number;
  generalLoss: number;
  domainLoss: number;
}

export interface JointAnswer extends AnswerWords {
  n: Estimate | null;
  d: Estimate | null;
  domainRatio: Estimate | null;
  generalLoss: number | null;
  domainLoss: number | null;
  /** Highest general loss allowed at that size, nats per token. */
  generalLossLimit: number | null;
  /** The best inside the sizes that were measured; null when none of them is affordable and within the tolerance. */
  withinMeasured: Choice | null;
}

/** Sizes and ratios looked at. */
const SIZES = 60;
const RATIOS = 64;
/** Relative, of the size: the loss is flat there, and every resampled fit asks again. */
const PRECISION = 1e-4;

const NOTHING = {
  n: null,
  d: null,
  domainRatio: null,
  generalLoss: null,
  domainLoss: null,
  generalLossLimit: null,
  withinMeasured: null,
};

/**
 * Usages 1 and 3 of the D-CPT law together: the size, tokens and domain ratio whose domain loss is least for a compute budget, while
 * general loss stays within the tolerance of the base model's of the same size. Every size takes all the tokens that the budget
 * leaves it and its best ratio. `rows`: those of the domain law. Base losses between and beyond the sizes measured are
 * read off a line in log N and log loss. Throws a UserError for a question that means nothing.
 */
export function jointBudget(
  general: LawFit,
  domain: LawFit,
  question: JointQuestion,
  { rows, baseLosses }: { rows: readonly LawObservation[]; baseLosses: readonly BaseLoss[] },
  level: number,
): JointAnswer {
  checkLevel(level);
  checkBudget(question);
  const cannotFit =
    unusable('general', general) ??
    unusable('domain', domain) ??
    (new Set(baseLosses.map(({ n }) => n)).size < 2
      ? 'base models of at least two sizes must be measured to know what general loss another size may have'
      : null);
  if (cannotFit) return { ...NOTHING, ...cannotTell(QUESTION, cannotFit), warnings: [] };
  const measured = sizesOf(rows);
  const range = affordableSizes(measured, question);
  if (!range) {
    return infeasible('the budget does not pay for a single token at any size looked at');
  }
  const search = chooser(question, baseLosses, range);
  const inside = affordableSizes(measured, question, 1);
  const withinMeasured = inside && chooser(question, baseLosses, inside)({ general, domain });
  const isEnd = (n: number) => n <= range.low * 1.01 || n >= range.high * 0.99;
  const best = search({ general, domain });
  const choiceBy = (laws: PairOfLaws) => {
    const choice = search(laws);
    return choice && isEnd(choice.n) ? null : choice;
  };
  const found = best && isEnd(best.n) ? null : best;
  const replicated = replicatedPairs(general, domain).map(choiceBy);
  const equallyGood = equallyGoodPairs(general, domain).map(choiceBy);
  const outcomesOf = (name: 'n' | 'd' | 'domainRatio'): Outcomes => ({
    found: found?.[name] ?? null,
    replicated: replicated.map((choice) => choice?.[name] ?? null),
    equallyGood: equallyGood.map((choice) => choice?.[name] ?? null),
  });
  const [sizes, ratios] = [outcomesOf('n'), outcomesOf('domainRatio')];
  const trouble = whyNotIdentified(sizes, level, SIZE) ?? whyNotIdentified(ratios, level, RATIO);
  if (!best && !trouble) {
    return infeasible(
      `no size and mixture in reach keep general loss within ${allowance(question)} of the base model's`,
    );
  }
  const n = estimateOf(sizes, level);
  const domainRatio = estimateOf(ratios, level);
  const base = found && baseLossAt(baseLosses, found.n);
  const numbers = {
    n,
    d: estimateOf(outcomesOf('d'), level),
    domainRatio,
    generalLoss: found?.generalLoss ?? null,
    domainLoss: found?.domainLoss ?? null,
    generalLossLimit: base && generalLossLimit(base.loss, question),
    withinMeasured,
    warnings: [
      ...(base?.warnings ?? []),
      ...(found && outsideSizes(found.n, rows)
        ? [
            `the best size, ${count(found.n)} parameters, lies outside the ${count(measured.smallest)} to ${count(measured.largest)} that were measured`,
          ]
        : []),
      ...(found ? [...tooManyTokens(found.d, rows), ...belowRatios(found.domainRatio, rows)] : []),
      ...costWarnings(question.cost),
      ...spreadWarnings(sizes, level, SIZE),
      ...spreadWarnings(ratios, level, RATIO).filter((text) => !text.startsWith('no resampled fits')),
    ],
  };
  const unknown =
    trouble ??
    (found
      ? null
      : `the laws see no best size between ${count(range.low)} and ${count(range.high)} parameters`);
  if (unknown || !found || !n || !domainRatio || !base) {
    return { ...numbers, ...cannotTell(QUESTION, unknown ?? 'there is no best size') };
  }
  const limit = `${generalLossLimit(base.loss, question).toFixed(4)}, ${allowance(question)} above the base model's`;
  const reason = `no other size and mixture that this budget pays for has a lower domain loss with general loss up to ${limit}`;
  return {
    ...numbers,
    status: 'recommended',
    sentence:
      `For ${question.flops.toExponential(1)} FLOP: ${count(found.n)} parameters${spreadText(n, count)} on ${count(found.d)} tokens with ${found.domainRatio.toFixed(2)} domain text${spreadText(domainRatio, RATIO.format)}, ` +
      `predicted domain loss ${found.domainLoss.toFixed(4)}, general loss ${found.generalLoss.toFixed(4)} (limit ${limit})` +
      (outsideSizes(found.n, rows) && withinMeasured
        ? `; inside the sizes measured ${count(withinMeasured.n)} on ${count(withinMeasured.d)} tokens with ${withinMeasured.domainRatio.toFixed(2)}, domain loss ${withinMeasured.domainLoss.toFixed(4)}.`
        : '.'),
    reason,
  };
}

const infeasible = (reason: string): JointAnswer => ({
  ...NOTHING,
  status: 'infeasible',
  sentence: `No size and mixture will do: ${reason}.`,
  reason,
  warnings: [],
});

/** The best choice of a pair of laws in a range of sizes; null when no size has a ratio within the tolerance. */
function chooser(
  question: JointQuestion,
  baseLosses: readonly BaseLoss[],
  { low, high }: { low: number; high: number },
): (laws: PairOfLaws) => Choice | null {
  const ratios = Array.from({ length: RATIOS + 1 }, (_, k) => k / RATIOS);
  const atSize = (n: number) => {
    const d = Math.max(1e-12, affordableTokens(n, question));
    return {
      n,
      d,
      limit: generalLossLimit(baseLossAt(baseLosses, n).loss, question),
      general: layOut(ratios.map((r) => ({ n, d, ratio: 1 - r }))),
      domain: layOut(ratios.map((ratio) => ({ n, d, ratio }))),
    };
  };
  const grid = logGrid(low, high, SIZES);
  const laidOut = new Map(grid.map((n) => [n, atSize(n)]));
  return (laws) => {
    const [general, domain] = [surfaceOf(laws.general), surfaceOf(laws.domain)];
    const choiceAt = (size: number): Choice | null => {
      const { n, d, limit, ...points } = laidOut.get(size) ?? atSize(size);
      const least = minimiseWithin(
        ratios,
        { values: domain.over(points.domain), at: (r) => domain.at(n, d, r) },
        {
          values: general.over(points.general).map((loss) => loss - limit),
          at: (r) => general.at(n, d, 1 - r) - limit,
        },
      );
      return (
        least && {
          n,
          d,
          domainRatio: least.x,
          generalLoss: general.at(n, d, 1 - least.x),
          domainLoss: domain.at(n, d, least.x),
        }
      );
    };
    const loss = (n: number) => choiceAt(n)?.domainLoss ?? Number.POSITIVE_INFINITY;
    return choiceAt(minimise(loss, low, high, SIZES, () => grid.map(loss), PRECISION));
  };
}
