import { describe, expect, it } from 'vitest';
import { logGrid, minimise, minimiseWithin } from '../../../src/laws/answers/minimise.ts';

describe('minimise', () => {
  it('finds the deepest of several valleys, and the ends', () => {
    expect(minimise((x) => Math.cos(8 * x) + 0.1 * x, 0.1, 3, 200)).toBeCloseTo(Math.PI / 8, 2);
    expect(minimise((x) => (Math.log(x) - 1) ** 2, 0.1, 30, 20)).toBeCloseTo(Math.E, 6);
    expect(minimise((x) => x, 1, 5, 50)).toBe(1);
    expect(minimise((x) => -x, 1, 5, 50)).toBe(5);
    expect(minimise((x) => x, 2, 2, 50)).toBe(2);
  });

  it('finds the one finite stretch, and of equal values the lowest x', () => {
    const island = (x: number) => (x > 2 && x < 3 ? (x - 2.4) ** 2 : Number.POSITIVE_INFINITY);
    expect(minimise(island, 0.1, 10, 100)).toBeCloseTo(2.4, 6);
    expect(minimise(() => 1, 1, 5, 50)).toBe(1);
  });

  it('has even steps in logarithms with exact ends', () => {
    const grid = logGrid(1e-3, 0.7, 7);
    expect([grid[0], grid.at(-1), grid.length]).toEqual([1e-3, 0.7, 8]);
    expect(grid[3]! / grid[2]!).toBeCloseTo(grid[6]! / grid[5]!, 12);
  });
});

describe('minimiseWithin', () => {
  const grid = Array.from({ length: 21 }, (_, k) => k / 20);
  const sampled = (at: (x: number) => number) => ({ values: grid.map(at), at });
  const least = (loss: (x: number) => number, excess: ((x: number) => number) | null = null) =>
    minimiseWithin(grid, sampled(loss), excess && sampled(excess));

  it('finds a valley between grid points, and ends without calling them stopped', () => {
    expect(least((x) => (x - 0.432) ** 2)!.x).toBeCloseTo(0.432, 6);
    expect(least((x) => (x - 0.432) ** 2)!.stopped).toBe(false);
    expect(least((x) => x)).toEqual({ x: 0, stopped: false });
    expect(least((x) => -x)).toEqual({ x: 1, stopped: false });
  });

  it('stops where no more is allowed, from either side, also at 0', () => {
    expect(
      least(
        (x) => -x,
        (x) => x - 0.777,
      )!.x,
    ).toBeCloseTo(0.777, 8);
    expect(
      least(
        (x) => -x,
        (x) => x - 0.777,
      )!.stopped,
    ).toBe(true);
    const above = least(
      (x) => x,
      (x) => 0.123 - x,
    )!;
    expect([above.x.toFixed(7), above.stopped]).toEqual(['0.1230000', true]);
    expect(
      least(
        (x) => -x,
        (x) => x,
      )!.x,
    ).toBeCloseTo(0, 8);
    // Allowed, but not where it stops.
    expect(
      least(
        (x) => (x - 0.432) ** 2,
        (x) => x - 0.777,
      )!.stopped,
    ).toBe(false);
  });

  it('looks at every allowed stretch', () => {
    const gaps = (x: number) => (x < 0.2 || (x > 0.6 && x < 0.8) ? -1 : 1);
    expect(least((x) => (x - 0.5) ** 2, gaps)!.x).toBeCloseTo(0.6, 6);
    expect(least((x) => (x - 0.3) ** 2, gaps)!.x).toBeCloseTo(0.2, 6);
    expect(least((x) => (x - 0.71) ** 2, gaps)!).toEqual({ x: expect.closeTo(0.71, 6), stopped: false });
  });

  it('of equal losses takes the highest x, and is null when nothing is allowed or known', () => {
    expect(least(() => 1)!.x).toBe(1);
    expect(
      least(
        (x) => x,
        () => 1,
      ),
    ).toBeNull();
    expect(least(() => Number.NaN)).toBeNull();
    expect(least(() => Number.POSITIVE_INFINITY)).toBeNull();
    expect(least((x) => (x < 0.5 ? Number.NaN : x))).toEqual({ x: 0.5, stopped: false });
  });
});
