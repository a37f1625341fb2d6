import { describe, expect, it } from 'vitest';
import { wordOrWhole } from '../../src/cli/numbers.ts';

const population = wordOrWhole(['auto', 'off'], 1, 64);

describe('wordOrWhole', () => {
  it.each([
    ['auto', 'auto'],
    ['off', 'off'],
    ['1', 1],
    ['64', 64],
  ])('reads %s', (text, value) => {
    expect(population(text)).toBe(value);
  });

  it.each(['0', '65', '1.5', '-1', 'on', '', ' ', 'Infinity', 'NaN'])('refuses "%s"', (text) => {
    expect(() => population(text)).toThrow('It must be auto, off, or a whole number from 1 to 64.');
  });
});
