import { makeRandom } from '../common/random.ts';

/** Receives a sampled window: 64 bits of hash as two 32-bit halves. */
export type OnWindow = (high: number, low: number) => void;

/** Hashes every window of a fixed number of tokens and passes on a fixed quarter of all possible windows. */
export type WindowHasher = (tokens: Int32Array, length: number, onWindow: OnWindow) => void;

/** Windows kept: those whose hash ends in two zero bits. */
const SAMPLE_MASK = 3;

/**
 * Rolling polynomial hashes (Karp and Rabin 1987) modulo 2³², two of them, over tokens that have first been replaced
 * by random numbers. Which windows are kept depends on their content alone, so the same passage is kept wherever it
 * stands and whatever surrounds it.
 */
export function windowHasher(windowTokens: number, vocabularySize: number): WindowHasher {
  const random = makeRandom('overlap windows');
  const word = () => random.integer(2 ** 32) | 0;
  const highOf = Int32Array.from({ length: vocabularySize }, word);
  const lowOf = Int32Array.from({ length: vocabularySize }, word);
  // ≡ 5 modulo 8: an odd base of the longest period.
  const highBase = (word() & ~7) | 5;
  const lowBase = (word() & ~7) | 5;
  const highOut = power(highBase, windowTokens);
  const lowOut = power(lowBase, windowTokens);
  return (tokens, length, onWindow) => {
    let high = 0;
    let low = 0;
    for (let i = 0; i < length; i++) {
      const token = tokens[i]!;
      high = (Math.imul(high, highBase) + highOf[token]!) | 0;
      low = (Math.imul(low, lowBase) + lowOf[token]!) | 0;
      if (i >= windowTokens) {
        const gone = tokens[i - windowTokens]!;
        high = (high - Math.imul(highOf[gone]!, highOut)) | 0;
        low = (low - Math.imul(lowOf[gone]!, lowOut)) | 0;
      }
      if (i + 1 < windowTokens) continue;
      // The low bits of a polynomial hash are poor: mixed before they decide.
      const mixed = Math.imul(low ^ (low >>> 15), 0x2c1b3c6d);
      if (((mixed ^ (mixed >>> 13)) & SAMPLE_MASK) === 0) onWindow(high, low);
    }
  };
}

/** A set of 64-bit keys with an index for each, in insertion order. */
export interface KeyTable {
  size(): number;
  /** The key's index; added when it was not there. */
  add(high: number, low: number): number;
  /** The key's index, or −1. */
  find(high: number, low: number): number;
}

/** Open addressing over typed arrays: a Map of strings or bigints would be an order of magnitude slower. */
export function keyTable(): KeyTable {
  let capacity = 1 << 12;
  let size = 0;
  let highs = new Int32Array(capacity);
  let lows = new Int32Array(capacity);
  let indices = new Int32Array(capacity).fill(-1);

  const slotOf = (high: number, low: number): number => {
    let slot = Math.imul(high ^ (low >>> 16), 0x9e3779b1);
    slot = (slot ^ (slot >>> 15)) & (capacity - 1);
    while (indices[slot]! >= 0 && (highs[slot] !== high || lows[slot] !== low))
      slot = (slot + 1) & (capacity - 1);
    return slot;
  };
  const grow = () => {
    const before = { highs, lows, indices };
    capacity *= 2;
    highs = new Int32Array(capacity);
    lows = new Int32Array(capacity);
    indices = new Int32Array(capacity).fill(-1);
    for (let i = 0; i < before.indices.length; i++) {
      if (before.indices[i]! < 0) continue;
      const slot = slotOf(before.highs[i]!, before.lows[i]!);
      highs[slot] = before.highs[i]!;
      lows[slot] = before.lows[i]!;
      indices[slot] = before.indices[i]!;
    }
  };
  return {
    size: () => size,
    find: (high, low) => indices[slotOf(high, low)]!,
    add: (high, low) => {
      let slot = slotOf(high, low);
      if (indices[slot]! >= 0) return indices[slot]!;
      if (size * 2 >= capacity) {
        grow();
        slot = slotOf(high, low);
      }
      highs[slot] = high;
      lows[slot] = low;
      indices[slot] = size;
      return size++;
    },
  };
}

function power(base: number, exponent: number): number {
  let result = 1;
  for (let i = 0; i < exponent; i++) result = Math.imul(result, base);
  return result;
}
