import type { Random } from '../src/common/random.ts';

/** Draws one of some things. */
export type Choice<T> = (random: Random) => T;

/**
 * Draws in proportion to weights, in constant time: Walker's alias method (Walker 1977, in Vose's form of 1991).
 * Weights need not add up to one.
 */
export function weightedChoice<T>(
  items: readonly T[],
  weightOf: (item: T, rank: number) => number,
): Choice<T> {
  const weights = items.map(weightOf);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const scaled = weights.map((weight) => (weight * items.length) / total);
  const keep = new Float64Array(items.length).fill(1);
  const alias = Int32Array.from(items, (_, i) => i);
  const small = scaled.flatMap((weight, i) => (weight < 1 ? [i] : []));
  const large = scaled.flatMap((weight, i) => (weight < 1 ? [] : [i]));
  while (small.length > 0 && large.length > 0) {
    const less = small.pop()!;
    const more = large.at(-1)!;
    keep[less] = scaled[less]!;
    alias[less] = more;
    scaled[more] = scaled[more]! + scaled[less]! - 1;
    if (scaled[more]! < 1) small.push(large.pop()!);
  }
  return (random) => {
    const at = random.uniform() * items.length;
    const i = Math.floor(at);
    return items[at - i < keep[i]! ? i : alias[i]!]!;
  };
}

/** Zipf's law with Mandelbrot's shift: the item of rank k (from 0) has weight (k + 2.7)^−exponent. */
export function zipfChoice<T>(items: readonly T[], exponent = 1.05): Choice<T> {
  return weightedChoice(items, (_, rank) => (rank + 2.7) ** -exponent);
}

export function pick<T>(random: Random, items: readonly T[]): T {
  return items[random.integer(items.length)]!;
}

export function chance(random: Random, probability: number): boolean {
  return random.uniform() < probability;
}

/** A whole number from `from` to `to`, both included. */
export function between(random: Random, from: number, to: number): number {
  return from + random.integer(to - from + 1);
}

/** Log-normal around `median`, kept within bounds: how long documents are. */
export function documentLength(random: Random, median: number, from: number, to: number): number {
  return Math.round(Math.min(to, Math.max(from, median * Math.exp(0.6 * random.normal()))));
}
