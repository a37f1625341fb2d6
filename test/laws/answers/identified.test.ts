import { describe, expect, it } from 'vitest';
import {
  estimateOf,
  RATIO,
  SIZE,
  spreadWarnings,
  whyNotIdentified,
} from '../../../src/laws/answers/identified.ts';
import { spreadText } from '../../../src/laws/answers/words.ts';

const outcomes = (
  found: number | null,
  replicated: (number | null)[] = [],
  equallyGood: (number | null)[] = [],
) => ({ found, replicated, equallyGood });
const warned = (...of: Parameters<typeof outcomes>) => spreadWarnings(outcomes(...of), 0.9, RATIO).join('|');
const some = (count: number, value: number | null) => Array.from({ length: count }, () => value);

describe('whyNotIdentified', () => {
  const why = (...of: Parameters<typeof outcomes>) => whyNotIdentified(outcomes(...of), 0.9, RATIO);

  it('is null for fits that agree, and for a bare point', () => {
    expect(why(0.5)).toBeNull();
    expect(why(null)).toBeNull();
    expect(why(0.5, some(10, 0.52), some(3, 0.48))).toBeNull();
    expect(why(null, some(10, null))).toBeNull();
  });

  it('counts dissent on whether there is an answer, in both directions, up to 30 %', () => {
    expect(why(0.5, [...some(7, 0.5), ...some(3, null)])).toBeNull();
    expect(why(0.5, [...some(6, 0.5), ...some(4, null)])).toMatch(
      /40 % of the fits to resampled runs find no feasible/,
    );
    expect(why(null, [...some(6, null), ...some(4, 0.5)])).toMatch(
      /the fit finds no feasible ratio, but 40 %/,
    );
    expect(why(0.5, some(10, 0.5), [0.5, null])).toMatch(
      /50 % of the equally good fits find no feasible ratio/,
    );
  });

  it('sees ranges that decide nothing: of ratios by difference, of sizes by factor', () => {
    expect(why(0.5, [0.1, 0.5, 0.9])).toMatch(
      /fits to resampled runs put the ratio anywhere from 0.14 to 0.86/,
    );
    expect(why(0.5, some(9, 0.5), [0.5, 0.1, 0.75])).toMatch(
      /equally good fits put the ratio anywhere from 0.10 to 0.75/,
    );
    expect(whyNotIdentified(outcomes(1, [0.5, 1, 2]), 0.9, SIZE)).toBeNull();
    expect(whyNotIdentified(outcomes(1, [0.001, 1, 2]), 1, SIZE)).toMatch(
      /the best size anywhere from 1M to 2B/,
    );
  });
});

describe('spreadWarnings', () => {
  it('name a missing interval, fits left out of it, and a point outside it', () => {
    expect(warned(0.5)).toMatch(/no resampled fits, so no interval/);
    expect(warned(0.5, [...some(9, 0.5), null])).toMatch(/10 % of the fits .* the interval is of the others/);
    expect(warned(0.5, some(10, 0.3))).toMatch(/does not hold the ratio itself, 0.50/);
    expect(warned(0.5, some(10, 0.501))).toBe('');
    expect(warned(null, some(10, 0.5))).toBe('');
  });

  it('name equally good fits beyond the interval, and only those', () => {
    const replicated = [0.4, 0.45, 0.5, 0.55, 0.6];
    expect(warned(0.5, replicated, [0.5, 0.45])).toBe('');
    expect(warned(0.5, replicated, [0.5, 0.75])).toMatch(/between 0.50 and 0.75, beyond the 90 % interval/);
    expect(warned(0.5, [], [0.5, 0.75])).toMatch(/equally good fits put the ratio between 0.50 and 0.75$/);
    expect(warned(0.5, replicated, [0.9])).toBe('');
  });
});

describe('estimateOf', () => {
  it('keeps the interval of resampled fits and the range of equally good ones apart; both are read aloud', () => {
    const estimate = estimateOf(outcomes(0.5, [0.4, 0.5, 0.6], [0.52, 0.7, null]), 1)!;
    expect(estimate).toEqual({
      value: 0.5,
      interval: { low: 0.4, high: 0.6, level: 1 },
      equallyGood: { low: 0.5, high: 0.7 },
    });
    expect(spreadText(estimate, RATIO.format)).toBe(
      ' (100 % interval 0.40–0.60; equally good fits put it between 0.50 and 0.70)',
    );
    expect(spreadText(estimateOf(outcomes(0.5, [], [0.5, 0.501]), 1)!, RATIO.format)).toBe('');
    expect(estimateOf(outcomes(null, [0.5]), 1)).toBeNull();
  });
});
