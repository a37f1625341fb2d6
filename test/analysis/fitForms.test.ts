import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fitFiles, fitsJson } from '../../src/analysis/fitFiles.ts';
import { chooseForms } from '../../src/analysis/fitForms.ts';
import { UserError } from '../../src/common/errors.ts';
import { seedNoise } from '../../src/laws/fitting/seedNoise.ts';
import { lawForms } from '../../src/laws/forms/registry.ts';
import { predict } from '../../src/laws/predict.ts';
import { PLANTED, plantedRows } from '../laws/planted.ts';

const folder = mkdtempSync(join(tmpdir(), 'fit-forms-'));
const rows = plantedRows({
  runNoise: 1e-3,
  sizes: [6e-6, 2e-5, 5.6e-5],
  ratios: [0, 0.2, 0.4, 0.6, 0.8, 1],
  tokens: [1e-4, 2.5e-4, 4e-4, 6e-4],
});

/** Both losses of planted laws as somebody's table, counts being raw. */
function table(name: string, change: (line: string, i: number) => string = (line) => line): string {
  const path = join(folder, name);
  const lines = rows.map((row, i) => {
    const r = 1 - row.ratio;
    const domainLoss = predict('L3', PLANTED, { ...row, ratio: r });
    return change([row.run, row.n * 1e9, row.d * 1e9, r, row.loss, domainLoss].join(','), i);
  });
  writeFileSync(path, ['run,N,D,r,general_loss,domain_loss', ...lines].join('\n'));
  return path;
}

const options = {
  forms: ['L3'],
  validate: false,
  resamples: 0,
  level: 0.9,
  seed: 1,
  starts: 32,
  skipBadRows: false,
} as const;

describe('fitting a table', () => {
  it('finds the planted laws, the ratio of each loss being that of its own corpus', async () => {
    const fitted = await fitFiles({ ...options, files: [table('both.csv')] });
    const { fits } = fitsJson(fitted);
    expect(fits.map(({ loss, form, observations }) => [loss, form, observations])).toEqual([
      ['general_loss', 'L3', rows.length],
      ['domain_loss', 'L3', rows.length],
    ]);
    expect(fits[1]!.r2).toBeGreaterThan(0.9999999);
    expect(fits[1]!.parameters.gamma).toBeCloseTo(PLANTED.gamma!, 3);
    expect(fits[0]!.r2).toBeGreaterThan(0.99);
  });

  it('compares every form that the table allows, and names those it does not', async () => {
    const fitted = await fitFiles({
      ...options,
      files: [table('all.csv')],
      lossColumn: 'general_loss',
      forms: ['L3', 'L5', 'chinchilla'],
      validate: true,
    });
    const [loss] = fitted.losses;
    expect(loss!.loss).toBe('general_loss');
    expect(loss!.validation!.map(({ name }) => name)).toEqual([
      'L3',
      'L5',
      'chinchilla',
      'nearest-run',
      'smooth-interpolation',
    ]);
    expect(loss!.recommendation!.best).toBe('L3');
    const { skipped, forms } = chooseForms(rows, 'all');
    expect(skipped.map(({ form }) => form)).toContain('repetition-aware');
    expect(forms.length + skipped.length).toBe(Object.keys(lawForms).length);
  }, 120_000);

  it('refuses bad rows by line, or goes on without them and says so', async () => {
    const path = table('bad.csv', (line, i) => (i === 3 ? line.replace(/[^,]+$/, 'NaN') : line));
    await expect(fitFiles({ ...options, files: [path] })).rejects.toThrow(
      /1 row cannot be used:\n.*line 5: domain_loss is "NaN"/,
    );
    const fitted = await fitFiles({ ...options, files: [path], skipBadRows: true });
    expect(fitted.notes.join()).toMatch(/1 bad rows are left out/);
    expect(fitted.losses[0]!.rows).toHaveLength(rows.length - 1);
  });

  it('refuses a form that lacks its column, by name; takes what the ratios allow when none is named', () => {
    expect(() => chooseForms(rows, ['repetition-aware'])).toThrow(UserError);
    expect(() => chooseForms(rows, ['L9'])).toThrow(/there is no law L9/);
    expect(chooseForms(rows, null).forms[0]!.name).toBe('L3');
    expect(
      chooseForms(
        rows.map((row) => ({ ...row, ratio: 1 })),
        null,
      ).forms[0]!.name,
    ).toBe('chinchilla');
    expect(chooseForms(rows, ['D-CPT']).forms[0]!.name).toBe('L3');
  });
});

describe('seed noise', () => {
  it('is the planted spread between runs of one point, and nothing without repeats', () => {
    const seeds = [1, 2, 3].flatMap((seed) =>
      plantedRows({ runNoise: 0.01, seed }).map((row) => ({ ...row, run: `${row.run} s${seed}` })),
    );
    expect(seedNoise(seeds)!.sd).toBeGreaterThan(0.008);
    expect(seedNoise(seeds)!.sd).toBeLessThan(0.012);
    expect(seedNoise(rows)).toBeNull();
  });
});
