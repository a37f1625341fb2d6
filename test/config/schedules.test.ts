import { describe, expect, it } from 'vitest';
import { evaluationSchedule } from '../../src/config/evaluationSchedule.ts';
import { expandRatios } from '../../src/config/expandRatios.ts';

describe('evaluationSchedule', () => {
  it('is exact where the powers are whole', () => {
    expect(evaluationSchedule({ tokens: 1600, points: 5, batchTokens: 100, firstTokens: 100 })).toEqual([
      0, 100, 200, 400, 800, 1600,
    ]);
  });

  it('keeps the count by moving up what rounding puts together', () => {
    expect(evaluationSchedule({ tokens: 100, points: 8, batchTokens: 10, firstTokens: 10 })).toEqual([
      0, 10, 20, 30, 40, 50, 60, 70, 100,
    ]);
  });

  it('has fewer points where there are fewer steps', () => {
    expect(evaluationSchedule({ tokens: 30, points: 8, batchTokens: 10, firstTokens: 1 })).toEqual([
      0, 10, 20, 30,
    ]);
    expect(evaluationSchedule({ tokens: 10, points: 3, batchTokens: 10, firstTokens: 10 })).toEqual([0, 10]);
    expect(evaluationSchedule({ tokens: 40, points: 1, batchTokens: 10, firstTokens: 10 })).toEqual([0, 40]);
  });

  it('always ascends strictly by whole steps from 0 over the first point to the end', () => {
    for (let trial = 0; trial < 500; trial++) {
      const batchTokens = 1 + ((trial * 37) % 100);
      const steps = 1 + ((trial * 7919) % 3000);
      const first = 1 + ((trial * 104729) % steps);
      const points = 2 + (trial % 40);
      const tokens = steps * batchTokens;
      const schedule = evaluationSchedule({ tokens, points, batchTokens, firstTokens: first * batchTokens });
      expect(schedule).toHaveLength(1 + Math.min(points, steps - first + 1));
      expect(schedule[0]).toBe(0);
      expect(schedule.at(-1)).toBe(tokens);
      if (schedule.length > 2) expect(schedule[1]).toBe(first * batchTokens);
      for (let i = 1; i < schedule.length; i++) {
        expect(schedule[i]! % batchTokens).toBe(0);
        expect(schedule[i]!).toBeGreaterThan(schedule[i - 1]!);
      }
    }
  });
});

describe('expandRatios', () => {
  it('sorts a list and leaves its numbers alone', () => {
    const ratios = [1, 0.123456789, 0];
    expect(expandRatios({ ratios })).toEqual([0, 0.123456789, 1]);
    expect(ratios).toEqual([1, 0.123456789, 0]);
  });

  it('spaces a grid evenly, ends included', () => {
    expect(expandRatios({ sample: 'grid', count: 2 })).toEqual([0, 1]);
    expect(expandRatios({ sample: 'grid', count: 4 })).toEqual([0, 0.3333, 0.6667, 1]);
  });

  it('fills the range evenly with a Sobol sequence: one inner point in each quarter, eighth, …', () => {
    for (let seed = 0; seed < 20; seed++) {
      for (const cells of [4, 8, 64]) {
        const inner = expandRatios({ sample: 'sobol', count: cells + 2, seed }).slice(1, -1);
        expect(inner.map((ratio) => Math.floor(ratio * cells - 1e-9))).toEqual([...Array(cells).keys()]);
      }
    }
  });

  it('gives the same ratios to a seed, others to another, and keeps them when the count grows', () => {
    const few = expandRatios({ sample: 'sobol', count: 7, seed: 3 });
    expect(expandRatios({ sample: 'sobol', count: 7, seed: 3 })).toEqual(few);
    expect(expandRatios({ sample: 'sobol', count: 7, seed: 4 })).not.toEqual(few);
    expect(expandRatios({ sample: 'sobol', count: 12, seed: 3 })).toEqual(expect.arrayContaining(few));
  });

  it('has as many distinct ratios as asked for, in [0, 1]', () => {
    for (const count of [3, 17, 1000]) {
      const ratios = expandRatios({ sample: 'sobol', count, seed: 1 });
      expect(new Set(ratios).size).toBe(count);
      expect([ratios[0], ratios.at(-1)]).toEqual([0, 1]);
    }
  });
});
