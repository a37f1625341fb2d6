import { describe, expect, it } from 'vitest';
import {
  compareParameters,
  comparePredictions,
  pointsOutsideBand,
} from '../../../src/laws/answers/compareVersions.ts';
import { fitPair } from '../../../src/laws/fitting/bootstrap.ts';
import { l3 } from '../../../src/laws/forms/l3.ts';
import { plantedRows } from '../planted.ts';

const rows = plantedRows({ runNoise: 2e-3, rowNoise: 1e-3, tokens: [1e-4, 2e-4, 4e-4, 6e-4] });
const options = { resamples: 30, level: 0.9, seed: 1, starts: 24 };
const older = fitPair(l3, { general: rows, domain: rows }, options).general;

describe('two versions of a law', () => {
  it('of the same rows do not differ', () => {
    expect(compareParameters(older, older).every(({ before, after }) => before === after)).toBe(true);
    expect(comparePredictions(older, older, rows)).toMatchObject({ meanAbsolute: 0, largest: 0 });
  });

  it('differ where the world has changed, and the parameters say which', () => {
    const moved = rows.map((row) => ({ ...row, loss: row.loss + 0.4 }));
    const newer = fitPair(l3, { general: moved, domain: moved }, { ...options, resamples: 0 }).general;
    const change = comparePredictions(older, newer, rows);
    expect(change.meanAbsolute).toBeCloseTo(0.4, 2);
    expect(change.largest).toBeGreaterThanOrEqual(change.meanAbsolute);
    expect(compareParameters(older, newer).some(({ outsideInterval }) => outsideInterval)).toBe(true);
  });
});

describe('points outside a law’s band', () => {
  it('are few among rows of the same world', () => {
    const fresh = plantedRows({ runNoise: 2e-3, rowNoise: 1e-3, seed: 9, tokens: [1e-4, 3e-4, 6e-4] });
    const { checked, outside, expectedOutside } = pointsOutsideBand(older, rows, fresh, 0.9);
    expect(checked).toBe(fresh.length);
    expect(expectedOutside).toBeCloseTo(0.1 * fresh.length);
    expect(outside.length).toBeLessThan(0.25 * fresh.length);
  });

  it('are exactly those that were moved', () => {
    const odd = rows.map((row, i) => (i % 20 === 0 ? { ...row, loss: row.loss * 1.05 } : row));
    const named = pointsOutsideBand(older, rows, odd, 0.999).outside.map(({ row }) => row);
    expect(named).toEqual(odd.filter((_, i) => i % 20 === 0));
  });
});
