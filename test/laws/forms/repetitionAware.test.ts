import { describe, expect, it } from 'vitest';
import { lawValue, toVector } from '../../../src/laws/forms/form.ts';
import { effectiveTokens, repetitionAware } from '../../../src/laws/forms/repetitionAware.ts';

/** The constants of arXiv 2305.16264 are for raw counts. */
const EXPONENT = 0.3526596;
const PUBLISHED = {
  E: Math.exp(0.6254804),
  A: Math.exp(6.255414) / 1e9 ** EXPONENT,
  B: Math.exp(7.3049974) / 1e9 ** EXPONENT,
  alpha: EXPONENT,
  beta: EXPONENT,
  rD: 15.387756,
  rN: 5.309743,
};

describe('repetition-aware losses (huggingface/datablations, check values)', () => {
  it.each([
    [6.34, 242, 25, 2.2256440889984477],
    [8.67, 178, 25, 2.2269634075087867],
  ])('N = %d B, D = %d B, U = %d B', (n, d, uniqueTokens, expected) => {
    const point = { n, d, ratio: 1, inputs: { uniqueTokens } };
    expect(lawValue(repetitionAware, toVector(repetitionAware, PUBLISHED), point)).toBeCloseTo(expected, 12);
  });

  it('is Chinchilla where nothing is repeated and every parameter can be used', () => {
    const point = { n: 0.5, d: 100, ratio: 1, inputs: { uniqueTokens: 100 } };
    const { E, A, B } = PUBLISHED;
    expect(lawValue(repetitionAware, toVector(repetitionAware, PUBLISHED), point)).toBeCloseTo(
      E + A / 0.5 ** EXPONENT + B / 100 ** EXPONENT,
      12,
    );
  });
});

describe('effective tokens', () => {
  it('are the tokens while they are new, and saturate at (1 + rD) times the unique ones', () => {
    expect(effectiveTokens(3, 5, 15)).toBe(3);
    expect(effectiveTokens(5, 5, 15)).toBe(5);
    expect(effectiveTokens(1e6, 5, 15)).toBeCloseTo(5 * 16, 9);
    // Four epochs are nearly as good as fresh tokens with the published constant.
    expect(effectiveTokens(4, 1, 15.387756)).toBeGreaterThan(3.7);
  });
});
