import type { Estimate } from './types.ts';
import { percent } from './words.ts';

/** Where the best ratio lies: inside, at the corner where all text is domain text, or at a limit of tokens or general loss. */
export type Place = 'interior' | 'corner' | 'at-limit';
export type Limiter = 'tokens' | 'general-loss';

/** A smaller gain over domain text alone is not worth a mixture; nats per token. */
const WORTHWHILE = 1e-3;

/** Why the best ratio lies where it does. `limit`: the general loss allowed, in words; `unlimited`: the best ratio without limits. */
export function whyHere(
  place: Place,
  limitedBy: Limiter | null,
  limit: string,
  gain: Estimate,
  unlimited: number | null,
): string {
  const alone = `${gain.value.toFixed(4)} nats below domain text alone`;
  if (place === 'corner') return 'general text would only dilute it';
  if (place === 'interior') {
    return `below it domain text is too thin, above it there are too few steps; domain loss ends ${alone}`;
  }
  const free = unlimited === null ? '' : `; without the limit it would be ${unlimited.toFixed(2)}`;
  return limitedBy === 'tokens'
    ? `more tokens cannot be paid for${free}`
    : `beyond it general loss would not stay within ${limit}${free}`;
}

/** Whether the mixture is worth its general text. */
export function gainWarnings(place: Place, { value, interval }: Estimate): string[] {
  if (place !== 'interior') return [];
  if (value < WORTHWHILE) {
    return [`it gains ${value.toExponential(1)} nats over domain text alone: hardly worth the general text`];
  }
  return interval && interval.low < 0
    ? ['fits to resampled runs do not agree that it beats domain text alone']
    : [];
}

/** Resampled fits on the other side of the question whether to mix at all. */
export function cornerDissent(ratio: number, replicated: readonly (number | null)[]): string[] {
  const found = replicated.filter((each) => each !== null);
  const atCorner = found.filter((each) => each === 1).length / Math.max(1, found.length);
  if (found.length === 0) return [];
  if (ratio < 1 && atCorner > 0.1)
    return [`${percent(atCorner)} of the fits to resampled runs would take domain text alone`];
  if (ratio === 1 && atCorner < 0.9)
    return [`${percent(1 - atCorner)} of the fits to resampled runs would mix general text in`];
  return [];
}
