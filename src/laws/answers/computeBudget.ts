import { UserError } from '../../common/errors.ts';
import type { LawFit, LawObservation } from '../types.ts';
import { checkLevel } from './checks.ts';
import { affordableSizes, affordableTokens, type Budget, checkBudget, costWarnings } from './cost.ts';
import { estimateOf, type Outcomes, SIZE, spreadWarnings, whyNotIdentified } from './identified.ts';
import { layOut, type NamedLaw, surfaceOf } from './lossSurface.ts';
import { logGrid, minimise } from './minimise.ts';
import { unusable } from './replicates.ts';
import { type SizeOption, sizeOptions } from './sizeOptions.ts';
import { outsideSizes, sizesOf, tooManyTokens } from './targetChecks.ts';
import type { AnswerWords, Estimate } from './types.ts';
import { cannotTell, count, spreadText } from './words.ts';

export { computeOptimum } from './computeOptimum.ts';
export { affordableTokens, type CostModel, CPT_ONLY } from './cost.ts';

const QUESTION = 'which size is best';

export interface ComputeQuestion extends Budget {
  /** Share of the corpus whose loss is predicted. */
  ratio: number;
  /** Sizes that can be had, billions, where there is no free choice. */
  sizes?: readonly number[];
}

export interface ComputeAnswer extends AnswerWords {
  /** Billions of parameters and tokens. */
  n: Estimate | null;
  d: Estimate | null;
  loss: number | null;
  /** The best inside the sizes that were measured; null when the budget pays for none of them. */
  withinMeasured: { n: number; d: number; loss: number; atEdge: boolean } | null;
  /** The sizes that can be had and paid for, the best first; empty when none were given. */
  options: SizeOption[];
}

const GRID = 300;

/**
 * Usage 3 of the D-CPT law (arXiv 2406.01375 App. G.3): the size and tokens whose loss is least for a compute budget, at a fixed
 * ratio. Found numerically over log N for any form and cost; for CPT alone and a law that is Chinchilla at that ratio it agrees
 * with computeOptimum. `rows`: those of the law, for the sizes that were measured. Throws a UserError for a question that means
 * nothing or a form that needs more than N, D and the ratio.
 */
export function computeBudget(
  fit: LawFit,
  question: ComputeQuestion,
  rows: readonly LawObservation[],
  level: number,
): ComputeAnswer {
  checkLevel(level);
  checkBudget(question);
  if (!(question.ratio >= 0 && question.ratio <= 1)) {
    throw new UserError(`the ratio is ${question.ratio}`, 'Give a share between 0 and 1.');
  }
  const none = { n: null, d: null, loss: null, withinMeasured: null, options: [], warnings: [] };
  const cannotFit = unusable('loss', fit);
  if (cannotFit) return { ...none, ...cannotTell(QUESTION, cannotFit) };
  const measured = sizesOf(rows);
  const range = affordableSizes(measured, question);
  if (!range) {
    const reason = 'the budget does not pay for a single token at any size looked at';
    return { ...none, status: 'infeasible', sentence: `No size will do: ${reason}.`, reason };
  }
  const best = sizeSearch(question, range);
  const isEnd = (n: number) => n <= range.low * 1.01 || n >= range.high * 0.99;
  const sizeBy = (law: NamedLaw) => {
    const n = best(law);
    return isEnd(n) ? null : n;
  };
  const found = sizeBy(fit);
  const named = (parameters: LawFit['parameters']) => ({ form: fit.form, parameters });
  const outcomes: Outcomes = {
    found,
    replicated: fit.replicates.map((each) => sizeBy(named(each))),
    equallyGood: fit.nearOptimal.map((each) => sizeBy(named(each))),
  };
  const surface = surfaceOf(fit);
  const lossAt = (n: number) => surface.at(n, affordableTokens(n, question), question.ratio);
  const inside = affordableSizes(measured, question, 1);
  const within = inside && sizeSearch(question, inside)(fit);
  const withinMeasured = within
    ? {
        n: within,
        d: affordableTokens(within, question),
        loss: lossAt(within),
        atEdge: within < measured.smallest * 1.001 || within > measured.largest / 1.001,
      }
    : null;
  const n = estimateOf(outcomes, level);
  const d =
    n &&
    estimateOf(
      mapOutcomes(outcomes, (size) => affordableTokens(size, question)),
      level,
    );
  const options = question.sizes ? sizeOptions(fit, question.sizes, question, level) : [];
  const outside = n !== null && outsideSizes(n.value, rows);
  const warnings = [
    ...outsideWarnings(n?.value ?? null, rows, withinMeasured),
    ...(d ? tooManyTokens(d.value, rows) : []),
    ...costWarnings(question.cost),
    ...optionWarnings(question.sizes, options),
    ...spreadWarnings(outcomes, level, SIZE),
  ];
  const numbers = { n, d, loss: n && lossAt(n.value), withinMeasured, options, warnings };
  const trouble =
    whyNotIdentified(outcomes, level, SIZE) ??
    (n ? null : `the law sees no best size between ${count(range.low)} and ${count(range.high)} parameters`);
  if (trouble || !n || !d) return { ...numbers, ...cannotTell(QUESTION, trouble ?? 'there is no best size') };
  const reason = `no other size has a lower loss for ${question.flops.toExponential(1)} FLOP`;
  return {
    ...numbers,
    status: 'recommended',
    sentence:
      `For ${question.flops.toExponential(1)} FLOP: ${count(n.value)} parameters${spreadText(n, count)} on ${count(d.value)} tokens, predicted loss ${lossAt(n.value).toFixed(4)}` +
      `${secondBest(outside, withinMeasured)}${ofTheList(options[0])}.`,
    reason,
  };
}

/** The best size in a range by a law, the sizes looked at being laid out once for all laws. */
function sizeSearch(
  question: ComputeQuestion,
  { low, high }: { low: number; high: number },
): (law: NamedLaw) => number {
  // At the largest size rounding may leave a hair less than no token.
  const tokens = (n: number) => Math.max(1e-12, affordableTokens(n, question));
  const point = (n: number) => ({ n, d: tokens(n), ratio: question.ratio });
  const columns = layOut(logGrid(low, high, GRID).map(point));
  return (law) => {
    const surface = surfaceOf(law);
    return minimise(
      (n) => surface.at(n, tokens(n), question.ratio),
      low,
      high,
      GRID,
      () => surface.over(columns),
    );
  };
}

const mapOutcomes = (outcomes: Outcomes, of: (value: number) => number): Outcomes => {
  const each = (value: number | null) => (value === null ? null : of(value));
  return {
    found: each(outcomes.found),
    replicated: outcomes.replicated.map(each),
    equallyGood: outcomes.equallyGood.map(each),
  };
};

function outsideWarnings(
  n: number | null,
  rows: readonly LawObservation[],
  within: ComputeAnswer['withinMeasured'],
): string[] {
  const { smallest, largest } = sizesOf(rows);
  const second = within ? `inside them the best is ${count(within.n)} on ${count(within.d)} tokens` : null;
  if (n === null) return second ? [`of the sizes that were measured, ${second}`] : [];
  if (!outsideSizes(n, rows)) return [];
  return [
    `the best size, ${count(n)} parameters, lies outside the ${count(smallest)} to ${count(largest)} that were measured${second ? `; ${second}` : ''}`,
  ];
}

const secondBest = (outside: boolean, within: ComputeAnswer['withinMeasured']): string =>
  outside && within
    ? `; inside the sizes measured ${count(within.n)} on ${count(within.d)} tokens, loss ${within.loss.toFixed(4)}`
    : '';

const ofTheList = (option: SizeOption | undefined): string =>
  option
    ? `; of the sizes on the list ${count(option.n)} on ${count(option.d)} tokens, loss ${option.loss.toFixed(4)}`
    : '';

function optionWarnings(sizes: readonly number[] | undefined, options: readonly SizeOption[]): string[] {
  if (!sizes) return [];
  const left = new Set(sizes).size - options.length;
  const share = options[0]?.bestShare ?? null;
  return [
    ...(left > 0 ? [`the budget does not pay for ${left} of the sizes on the list`] : []),
    ...(share !== null && share < 0.7
      ? [
          `only ${Math.round(100 * share)} % of the fits to resampled runs find ${count(options[0]!.n)} the best on the list`,
        ]
      : []),
  ];
}
