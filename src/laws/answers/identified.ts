import { intervalOf } from './replicates.ts';
import type { Estimate, Range } from './types.ts';
import { count, percent } from './words.ts';

/** Share of fits that may disagree with the point estimate on whether there is an answer at all. */
export const MOST_DISSENT = 0.3;
/** An interval of ratios wider than this share of all ratios decides nothing. */
export const WIDEST_RATIOS = 0.6;
/** Sizes that differ by more than this factor decide nothing. */
const WIDEST_SIZES = 100;

/** One question answered by the fit itself, by the fits to resampled runs and by the equally good fits; null: no answer. */
export interface Outcomes {
  found: number | null;
  replicated: readonly (number | null)[];
  equallyGood: readonly (number | null)[];
}

/** How an outcome is named, and when a range of them decides nothing. */
export interface Subject {
  /** What may be found or not, e.g. `feasible ratio`. */
  thing: string;
  /** The number itself, e.g. `the ratio`. */
  quantity: string;
  format(value: number): string;
  decidesNothing(range: Range): boolean;
}

/** The number with its interval and with what equally good fits say; null when the fit itself finds none. */
export function estimateOf({ found, replicated, equallyGood }: Outcomes, level: number): Estimate | null {
  if (found === null) return null;
  const known = equallyGood.filter((value) => value !== null);
  return {
    value: found,
    interval: intervalOf(replicated, level),
    equallyGood:
      equallyGood.length < 2 || known.length === 0
        ? null
        : { low: Math.min(found, ...known), high: Math.max(found, ...known) },
  };
}

/**
 * Why the data cannot tell, as a part of a sentence; null when they can. The fits disagree on whether there is an answer, or
 * put it anywhere. Equally good fits count as much as resampled ones: nothing in the data prefers one of them.
 */
export function whyNotIdentified(
  outcomes: Outcomes,
  level: number,
  { thing, quantity, format, decidesNothing }: Subject,
): string | null {
  const groups = [
    { values: outcomes.replicated, who: 'fits to resampled runs' },
    { values: outcomes.equallyGood, who: 'equally good fits' },
  ];
  for (const { values, who } of groups) {
    if (values.length === 0) continue;
    const none = values.filter((value) => value === null).length / values.length;
    if (outcomes.found !== null && none > MOST_DISSENT) {
      return `${percent(none)} of the ${who} find no ${thing} at all`;
    }
    if (outcomes.found === null && 1 - none > MOST_DISSENT) {
      return `the fit finds no ${thing}, but ${percent(1 - none)} of the ${who} do`;
    }
  }
  const estimate = estimateOf(outcomes, level);
  if (!estimate) return null;
  const put = (who: string, { low, high }: Range) =>
    `the ${who} put ${quantity} anywhere from ${format(low)} to ${format(high)}`;
  if (estimate.interval && decidesNothing(estimate.interval))
    return put('fits to resampled runs', estimate.interval);
  if (estimate.equallyGood && decidesNothing(estimate.equallyGood))
    return put('equally good fits', estimate.equallyGood);
  return null;
}

/**
 * What to be careful about with an estimate: no interval, fits that are left out of it, and equally good fits beyond it. The
 * interval is never widened; who wants both takes both.
 */
export function spreadWarnings(
  outcomes: Outcomes,
  level: number,
  { thing, quantity, format }: Subject,
): string[] {
  const estimate = estimateOf(outcomes, level);
  if (!estimate) return [];
  const { interval, equallyGood, value } = estimate;
  const { replicated } = outcomes;
  const none = replicated.filter((each) => each === null).length / Math.max(1, replicated.length);
  // What reads alike when it is written down is alike.
  const isBelow = (a: number, b: number) => a < b && format(a) !== format(b);
  return [
    ...(interval === null ? ['no resampled fits, so no interval: a bare point is not to be relied on'] : []),
    ...(none > 0
      ? [`${percent(none)} of the fits to resampled runs find no ${thing}; the interval is of the others`]
      : []),
    ...(interval && (isBelow(value, interval.low) || isBelow(interval.high, value))
      ? [
          `the interval does not hold ${quantity} itself, ${format(value)}: the fits to resampled runs lean elsewhere`,
        ]
      : []),
    ...(equallyGood &&
    isBelow(equallyGood.low, equallyGood.high) &&
    (!interval || isBelow(equallyGood.low, interval.low) || isBelow(interval.high, equallyGood.high))
      ? [
          `equally good fits put ${quantity} between ${format(equallyGood.low)} and ${format(equallyGood.high)}` +
            (interval
              ? `, beyond the ${percent(interval.level)} interval: trust only the wider of both`
              : ''),
        ]
      : []),
  ];
}

/** The subject of answers that are a domain ratio. */
export const RATIO: Subject = {
  thing: 'feasible ratio',
  quantity: 'the ratio',
  format: (value) => value.toFixed(2),
  decidesNothing: ({ low, high }) => high - low > WIDEST_RATIOS,
};

/** The subject of answers that are a model size, billions. A size at the end of all that were looked at is no best one. */
export const SIZE: Subject = {
  thing: 'best size',
  quantity: 'the best size',
  format: count,
  decidesNothing: ({ low, high }) => high > WIDEST_SIZES * low,
};
