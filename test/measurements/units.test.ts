import { describe, expect, it } from 'vitest';
import { type CountUnit, parseUnits, suspectUnits, unitOf } from '../../src/measurements/units.ts';
import { saidBy } from './files.ts';

describe('parseUnits', () => {
  it('takes one unit for all, or one a role', () => {
    expect(parseUnits('billions')).toEqual({ model_size: 'billions', tokens: 'billions' });
    expect(parseUnits('tokens=millions')).toEqual({ model_size: 'raw', tokens: 'millions' });
    expect(parseUnits(' model_size = millions , unique_tokens = billions ')).toEqual({
      model_size: 'millions',
      tokens: 'raw',
      unique_tokens: 'billions',
    });
  });
  it('counts mean sizes and unique tokens as sizes and tokens, unless told otherwise', () => {
    const units = parseUnits('model_size=millions,tokens=billions');
    expect(unitOf('mean_model_size', units)).toBe('millions');
    expect(unitOf('unique_tokens', units)).toBe('billions');
    expect(unitOf('unique_tokens', parseUnits('tokens=billions,unique_tokens=raw'))).toBe('raw');
  });
  it.each([
    ['', /\(nothing\) is not a unit \| Use raw, millions or billions/],
    ['trillions', /trillions is not a unit/],
    ['constructor', /constructor is not a unit/],
    ['tokens=', /\(nothing\) is not a unit/],
    ['loss=billions', /loss has no unit/],
    ['tokens=millions,tokens=billions', /tokens is given twice/],
    ['tokens=millions=x', /not role=unit/],
  ])('refuses %j', async (text, expected) => {
    expect(await saidBy(() => parseUnits(text))).toMatch(expected);
  });
});

describe('suspectUnits', () => {
  const said = (values: number[], unit: CountUnit = 'raw') => {
    const suspect = suspectUnits('tokens', 'D', values, unit);
    return suspect && `${suspect.problem} | ${suspect.remedy}`;
  };
  it.each([
    [[1000, 5000, 1e9], 'raw'],
    [[5968, 7e10], 'raw', /mixed units/],
    [[1e6, 1e12], 'raw'],
    [[1e6, 1.01e12], 'raw', /mixed units are suspected \| .*one unit, or leave.*--where '"D" >= …'/],
    [[0.5, 20], 'raw', /too small to be a count \| Say its unit: --unit tokens=billions or tokens=millions/],
    [[999], 'raw', /too small to be a count/],
    [[70, 2e5], 'raw', /some values are too small to be counts, mixed units/],
    [[0.001, 900], 'billions'],
    [[0.001, 1001], 'billions', /mixed units/],
    [[1e9], 'billions', /reaches 1000000000 billions, more than anyone has trained/],
    [[2e16], 'raw', /more than anyone has trained/],
    [[], 'raw'],
  ] as [number[], CountUnit, RegExp?][])('%j in %s', (values, unit, expected) => {
    if (expected) expect(said(values, unit)).toMatch(expected);
    else expect(said(values, unit)).toBeNull();
  });
  it('looks at any number of values', () => {
    expect(said(Array.from({ length: 300_000 }, (_, i) => 1000 + i))).toBeNull();
  });
});
