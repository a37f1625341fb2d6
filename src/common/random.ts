import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';
import { sha256 } from './canonical.ts';

/** A seeded source of numbers whose state can be saved as plain JSON. */
export interface Random {
  /** Uniform in [0, 1), 53 random bits. */
  uniform(): number;
  /** Uniform integer in [0, bound). */
  integer(bound: number): number;
  /** Standard normal (Box-Muller, one draw a call so that the state is the generator's alone). */
  normal(): number;
  /** A random order of the array's own elements, in place (Fisher-Yates). */
  shuffle<T extends { length: number; [index: number]: number | string | object }>(items: T): T;
  state(): number[];
}

/**
 * The stream named by its parts: the same parts give the same numbers on every machine, and streams with
 * different parts are independent, so that no two uses of a sweep's seed share numbers.
 */
export function makeRandom(...parts: (string | number)[]): Random {
  const digest = sha256(parts.join('\u0000'));
  const state = [0, 8, 16, 24].map((at) => Number.parseInt(digest.slice(at, at + 8), 16) | 0);
  return restoreRandom(state);
}

/** The stream that goes on where `state()` was taken. */
export function restoreRandom(state: readonly number[]): Random {
  const generator = xoroshiro128plusFromState(state);
  const uniform = (): number => {
    const high = generator.next() >>> 6;
    const low = generator.next() >>> 5;
    return (high * 2 ** 27 + low) / 2 ** 53;
  };
  const integer = (bound: number): number => Math.floor(uniform() * bound);
  return {
    uniform,
    integer,
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
    shuffle: (items) => {
      for (let i = items.length - 1; i > 0; i--) {
        const j = integer(i + 1);
        const swap = items[i]!;
        (items as Record<number, unknown>)[i] = items[j]!;
        (items as Record<number, unknown>)[j] = swap;
      }
      return items;
    },
    state: () => [...generator.getState()],
  };
}
