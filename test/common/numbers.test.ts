import { describe, expect, it } from 'vitest';
import {
  duration,
  fixed,
  interval,
  lossWithError,
  NONE,
  percent,
  short,
  significant,
  whole,
} from '../../src/common/numbers.ts';

describe('numbers', () => {
  it.each([
    [1234.5678, 3, '1,230'],
    [1234.5678, 6, '1,234.57'],
    [999.96, 4, '1,000'],
    [0.012345, 3, '0.0123'],
    [0.0000012, 3, '1.20e-6'],
    [3.2e12, 2, '3.2e12'],
    [-0.5, 2, '−0.50'],
    [-4.2e-7, 2, '−4.2e-7'],
    [0, 3, '0'],
    [Number.NaN, 3, NONE],
    [Number.POSITIVE_INFINITY, 3, NONE],
    [null, 3, NONE],
  ])('significant(%s, %s) is %s', (value, digits, text) => expect(significant(value, digits)).toBe(text));

  it.each([
    [840, '840'],
    [12_345, '12.3k'],
    [999_960, '1.00M'],
    [1_572_864, '1.57M'],
    [1.8e9, '1.80B'],
    [3e12, '3.00T'],
    [0, '0'],
    [Number.NaN, NONE],
  ])('short(%s) is %s', (value, text) => expect(short(value)).toBe(text));

  it.each([
    [0.03, '3\u00a0%'],
    [0.9, '90\u00a0%'],
    [0.0051, '0.51\u00a0%'],
    [0.125, '13\u00a0%'],
    [1, '100\u00a0%'],
    [0, '0\u00a0%'],
    [Number.NaN, NONE],
  ])('percent(%s) is %s', (value, text) => expect(percent(value)).toBe(text));

  it.each([
    [0.42, '0.4 s'],
    [9.96, '10 s'],
    [59.7, '1 min 0 s'],
    [342.6, '5 min 43 s'],
    [7800, '2 h 10 min'],
    [null, NONE],
  ])('duration(%s) is %s', (value, text) => expect(duration(value)).toBe(text));

  it('separates thousands, has no minus zero, and writes losses with their error', () => {
    expect(whole(1234567)).toBe('1,234,567');
    expect(fixed(-0.001, 2)).toBe('0.00');
    expect(lossWithError(3.21449, 0.0021)).toBe('3.2145 ± 0.0021');
    expect(lossWithError(3.21449, null)).toBe('3.2145');
    expect(lossWithError(null, 0.1)).toBe(NONE);
  });

  it('writes an interval only when both ends are known, and says "to" between negative ends', () => {
    const write = (end: number): string => fixed(end, 1);
    expect(interval({ low: 1, high: 2 }, write)).toBe('1.0–2.0');
    expect(interval({ low: -1, high: 2 }, write)).toBe('−1.0 to 2.0');
    expect(interval({ low: Number.NaN, high: 2 }, write)).toBeNull();
    expect(interval(null, write)).toBeNull();
  });
});
