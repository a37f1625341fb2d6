import { describe, expect, it } from 'vitest';
import { makeFrame } from '../../../src/laws/design/frame.ts';
import { estimateNoise } from '../../../src/laws/design/noise.ts';
import { fitLaw } from '../../../src/laws/fitting/fit.ts';
import { l3 } from '../../../src/laws/forms/l3.ts';
import type { LawObservation } from '../../../src/laws/types.ts';
import { fewRuns, GENERAL, NOISE } from './planned.ts';

const least = { objective: 'least-squares' as const, starts: 8 };
const noiseOf = (rows: readonly LawObservation[], options: object = least) =>
  estimateNoise(makeFrame(fitLaw(l3, rows, options), rows));

describe('estimateNoise', () => {
  it('finds the planted noise of runs and rows although nine parameters bend the law to twelve runs', () => {
    const seeds = Array.from({ length: 12 }, (_, k) => k + 1);
    const found = seeds.map((seed) => noiseOf(fewRuns({ seed })));
    const rms = (values: number[]) => Math.sqrt(values.reduce((s, v) => s + v * v, 0) / values.length);
    expect(rms(found.map(({ run }) => run)) / NOISE.run).toBeGreaterThan(0.8);
    expect(rms(found.map(({ run }) => run)) / NOISE.run).toBeLessThan(1.25);
    expect(rms(found.map(({ row }) => row)) / NOISE.row).toBeGreaterThan(0.9);
    expect(rms(found.map(({ row }) => row)) / NOISE.row).toBeLessThan(1.1);
  });

  it('tells which of the two there is', () => {
    const ratios = [0, 0.2, 0.4, 0.6, 0.8, 1];
    const rowsOnly = noiseOf(fewRuns({ ratios, runNoise: 0, rowNoise: 0.004 }));
    expect(rowsOnly.row).toBeGreaterThan(0.003);
    expect(rowsOnly.run).toBeLessThan(0.002);
    const runsOnly = noiseOf(fewRuns({ ratios, runNoise: 0.004, rowNoise: 1e-5 }));
    expect(runsOnly.run).toBeGreaterThan(0.0025);
    expect(runsOnly.row).toBeLessThan(0.0005);
  });

  it('takes all noise for that of runs when each has one row', () => {
    const rows = fewRuns({ ratios: [0, 0.2, 0.4, 0.6, 0.8, 1] }).map((row, i) => ({
      ...row,
      run: `run ${i}`,
    }));
    const found = noiseOf(rows);
    expect(found.row).toBe(0);
    expect(found.run).toBeGreaterThan(0.003);
    expect(found.run).toBeLessThan(0.008);
  });

  it('refuses exact rows and too few runs, with a next step', () => {
    const exact = fewRuns({ runNoise: 0, rowNoise: 0 });
    const frame = makeFrame({ form: 'L3', parameters: GENERAL, starts: 1 }, exact);
    expect(() => estimateNoise(frame)).toThrow(/fits these rows exactly/);
    const few = fewRuns().filter((row) => row.n > 5e-5);
    expect(() => estimateNoise(makeFrame({ form: 'L3', parameters: GENERAL, starts: 1 }, few))).toThrow(
      /4 runs are too few for L3/,
    );
  });
});
