import { describe, expect, it } from 'vitest';
import { fitLaw } from '../../../src/laws/fitting/fit.ts';
import { normalCdf, normalQuantile } from '../../../src/laws/fitting/normal.ts';
import { profileLoss, profileRatio } from '../../../src/laws/fitting/profile.ts';
import { l3 } from '../../../src/laws/forms/l3.ts';
import { predict } from '../../../src/laws/predict.ts';
import { PLANTED, plantedRows } from '../planted.ts';

const TARGET = { n: 5.6e-5, d: 6e-4 };
const TRUE_RATIO = 0.6;
const LIMIT = predict('L3', PLANTED, { ...TARGET, ratio: 1 - TRUE_RATIO });

describe('profile intervals', () => {
  it('of the ratio hold the planted one in nine of ten worlds, and are not wider than they need be', () => {
    let held = 0;
    let widths = 0;
    const worlds = 20;
    for (let seed = 1; seed <= worlds; seed++) {
      const rows = plantedRows({ rowNoise: 5e-4, runNoise: 1.5e-3, seed, tokens: [1e-4, 2e-4, 4e-4, 6e-4] });
      const fit = fitLaw(l3, rows, { starts: 24 });
      const ratio = ratioOf(fit.parameters);
      const interval = profileRatio(fit, rows, { ...TARGET, limit: LIMIT, ratio }, { level: 0.9 });
      expect(interval.low).toBeLessThanOrEqual(ratio);
      expect(interval.high).toBeGreaterThanOrEqual(ratio);
      if (interval.low <= TRUE_RATIO && TRUE_RATIO <= interval.high) held++;
      widths += interval.high - interval.low;
    }
    expect(held).toBeGreaterThanOrEqual(15);
    expect(held / worlds < 1 || widths / worlds < 0.2).toBe(true);
  });

  it('of the loss grow with the noise and hold the fit itself', () => {
    const width = (runNoise: number) => {
      const rows = plantedRows({ runNoise, tokens: [1e-4, 3e-4, 6e-4] });
      const fit = fitLaw(l3, rows, { starts: 24 });
      const point = { ...TARGET, ratio: 0.4 };
      const interval = profileLoss(fit, rows, point, { level: 0.9 });
      const best = predict('L3', fit.parameters, point);
      expect(interval.low < best && best < interval.high).toBe(true);
      return interval.high - interval.low;
    };
    const narrow = width(4e-4);
    expect(width(4e-3)).toBeGreaterThan(4 * narrow);
  });

  it('say when nothing stops the ratio on one side', () => {
    const rows = plantedRows({ runNoise: 0.02, ratios: [0.3, 0.5, 0.6, 0.7], tokens: [1e-4, 3e-4, 6e-4] });
    const fit = fitLaw(l3, rows, { starts: 24 });
    const ratio = 0.97;
    const limit = predict('L3', fit.parameters, { ...TARGET, ratio: 1 - ratio });
    const interval = profileRatio(fit, rows, { ...TARGET, limit, ratio }, { level: 0.9 });
    expect(interval.openAbove).toBe(true);
    expect(interval.high).toBe(1);
  });
});

describe('the normal distribution', () => {
  it('has its tabled values', () => {
    expect(normalCdf(1.96)).toBeCloseTo(0.9750021, 6);
    expect(normalQuantile(0.9)).toBeCloseTo(1.6448536, 5);
    expect(normalQuantile(0.95)).toBeCloseTo(1.959964, 5);
  });
});

function ratioOf(parameters: Record<string, number>): number {
  let low = 0;
  let high = 1;
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (predict('L3', parameters, { ...TARGET, ratio: 1 - middle }) <= LIMIT) low = middle;
    else high = middle;
  }
  return low;
}
