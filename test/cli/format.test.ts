import { describe, expect, it } from 'vitest';
import { formatCount, formatDuration, formatPercent } from '../../src/cli/format.ts';

describe('formats', () => {
  it.each([
    [0, '0 s'],
    [59.4, '59 s'],
    [59.6, '1 min 00 s'],
    [3599.4, '59 min 59 s'],
    [3599.6, '1 h 00 min'],
    [3900, '1 h 05 min'],
    [86_399, '1 d 0 h'],
    [183_600, '2 d 3 h'],
    [Number.POSITIVE_INFINITY, '?'],
    [Number.NaN, '?'],
    [-1, '?'],
  ])('%d seconds are %s', (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });

  it.each([
    [0, '0'],
    [7, '7'],
    [0.12345, '0.123'],
    [999, '999'],
    [999.9, '1.00k'],
    [1234, '1.23k'],
    [9999, '10.0k'],
    [45_600, '45.6k'],
    [99_990, '100k'],
    [999_499, '999k'],
    [999_500, '1.00M'],
    [1.3e9, '1.30B'],
    [26_214_400_000, '26.2B'],
    [5.35e22, '53.5Z'],
    [-1500, '-1.50k'],
    [Number.NaN, '?'],
  ])('%d counts %s', (count, text) => {
    expect(formatCount(count)).toBe(text);
  });

  it('rounds percents down: there is no 100 % with work to do', () => {
    expect([0, 0.29, 0.999, 1, 1.2, -1, Number.NaN].map(formatPercent)).toEqual([
      '0 %',
      '29 %',
      '99 %',
      '100 %',
      '100 %',
      '0 %',
      '?',
    ]);
  });
});
