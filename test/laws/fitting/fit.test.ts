import { describe, expect, it } from 'vitest';
import { makeRandom } from '../../../src/common/random.ts';
import { fitLaw } from '../../../src/laws/fitting/fit.ts';
import { chinchilla } from '../../../src/laws/forms/chinchilla.ts';
import { l3 } from '../../../src/laws/forms/l3.ts';
import { predict } from '../../../src/laws/predict.ts';
import type { LawObservation } from '../../../src/laws/types.ts';
import { PLANTED, plantedRows } from '../planted.ts';

describe('fitLaw', () => {
  it('recovers every planted parameter from noise-free rows, ratio 0 included', () => {
    const fit = fitLaw(l3, plantedRows());
    for (const [name, value] of Object.entries(PLANTED))
      expect(fit.parameters[name]! / value).toBeCloseTo(1, 3);
    expect(fit.status).toBe('converged');
    expect(fit.quality.r2).toBeGreaterThan(1 - 1e-9);
  });

  it('recovers them at the size of published models too, from an uneven design', () => {
    const parameters = { ...PLANTED, A: 0.4, B: 0.5, E: 1.1, eta: 1.3 };
    const rows = plantedRows({ parameters, sizes: [0.5, 1.8, 4], tokens: [0.13, 0.5, 2, 8, 26] }).filter(
      (row) => !(row.n === 4 && row.ratio < 0.3) && !(row.n === 0.5 && row.d > 8),
    );
    const fit = fitLaw(l3, rows);
    for (const [name, value] of Object.entries(parameters))
      expect(fit.parameters[name]! / value).toBeCloseTo(1, 3);
  });

  it('predicts unseen points within the noise, with outliers among the rows', () => {
    const rows = plantedRows({ rowNoise: 0.003 });
    for (let i = 7; i < rows.length; i += 90) rows[i] = { ...rows[i]!, loss: rows[i]!.loss * 1.5 };
    const fit = fitLaw(l3, rows);
    const point = { n: 4e-5, d: 4e-4, ratio: 0.42 };
    expect(predict('L3', fit.parameters, point) / predict('L3', PLANTED, point)).toBeCloseTo(1, 2);
  });

  it('gives the same bits whatever the order of the rows', () => {
    const rows = plantedRows({ rowNoise: 0.01 });
    const shuffled = makeRandom('shuffle').shuffle([...rows]);
    expect(shuffled).not.toEqual(rows);
    const [a, b] = [fitLaw(l3, rows), fitLaw(l3, shuffled)];
    expect(b.parameters).toEqual(a.parameters);
    expect(b.status).toBe(a.status);
  });

  it('sums its objective: twice the rows, twice the objective, the same law', () => {
    const rows = plantedRows({ rowNoise: 0.01 });
    const once = fitLaw(chinchilla, rows);
    const twice = fitLaw(chinchilla, [...rows, ...rows]);
    expect(twice.quality.huberSum / once.quality.huberSum).toBeCloseTo(2, 6);
    expect(twice.quality.huberMean / once.quality.huberMean).toBeCloseTo(1, 6);
    const weighted = fitLaw(
      chinchilla,
      rows.map((row) => ({ ...row, weight: 2 })),
    );
    expect(weighted.parameters.alpha! / twice.parameters.alpha!).toBeCloseTo(1, 6);
  });

  it('says which part of the design is too small, and does not throw', () => {
    expect(fitLaw(l3, plantedRows({ sizes: [1e-5, 2e-5] })).status).toBe('too-few-sizes');
    expect(fitLaw(l3, plantedRows({ ratios: [0.3, 0.6] })).status).toBe('too-few-ratios');
    const tokens = fitLaw(l3, plantedRows({ tokens: [1e-4] }));
    expect(tokens.status).toBe('too-few-tokens');
    expect(tokens.statusDetail).toMatch(/1 distinct token count where L3 needs 3/);
  });

  it('says which parameter stands at a bound', () => {
    const flat = plantedRows({ parameters: { ...PLANTED, C: 0 }, rowNoise: 0.001 });
    const fit = fitLaw(l3, flat);
    expect(fit.status).toBe('at-bound');
    expect(fit.statusDetail).toMatch(/stands at its (lower|upper) bound/);
  });

  it('warns where tokens grow with size, and where more of a corpus is said to hurt it', () => {
    const together = plantedRows().map((row) => ({ ...row, d: row.d * (row.n / 6e-6) ** 2 }));
    expect(fitLaw(l3, together).warnings.join()).toMatch(/correlation of log N and log D 0\.\d+/);
    const rising = plantedRows({ parameters: { ...PLANTED, B: 0.2, C: 0.05 } });
    expect(fitLaw(l3, rising).warnings.join()).toMatch(/lets this loss rise with its own corpus/);
    expect(fitLaw(l3, plantedRows({ parameters: { ...PLANTED, B: 0.001 } })).warnings.join()).not.toMatch(
      /lets this loss rise/,
    );
  });

  it.each([
    [{ n: Number.NaN }, /run bad.*n is NaN/],
    [{ d: 0 }, /d is 0, not a positive number/],
    [{ ratio: 1.1 }, /ratio is 1\.1, not in 0…1/],
    [{ loss: -1 }, /loss is -1/],
    [{ loss: Number.POSITIVE_INFINITY }, /loss is Infinity/],
  ])('refuses a malformed row by name: %o', (change, message) => {
    const bad: LawObservation = { n: 1e-5, d: 1e-4, ratio: 0.5, loss: 3, run: 'bad', ...change };
    expect(() => fitLaw(l3, [...plantedRows(), bad])).toThrow(message);
  });
});
