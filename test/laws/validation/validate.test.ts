import { describe, expect, it } from 'vitest';
import { chinchilla } from '../../../src/laws/forms/chinchilla.ts';
import { l3 } from '../../../src/laws/forms/l3.ts';
import type { LawObservation } from '../../../src/laws/types.ts';
import { makeFolds } from '../../../src/laws/validation/folds.ts';
import {
  lawPredictor,
  nearestRun,
  type Predictor,
  smoothInterpolation,
} from '../../../src/laws/validation/predictors.ts';
import { heldOutError, recommendForm } from '../../../src/laws/validation/recommendForm.ts';
import { type FormValidation, validate } from '../../../src/laws/validation/validate.ts';
import { plantedRows } from '../planted.ts';

const rows = plantedRows({ runNoise: 1e-3, rowNoise: 5e-4, tokens: [1e-4, 2e-4, 3e-4, 4e-4, 5e-4, 6e-4] });

describe('folds', () => {
  it('are those of the paper: each size, each third of the tokens, all 36 pairs of nine ratios', () => {
    const folds = makeFolds(rows);
    const count = (protocol: string) => folds.filter((fold) => fold.protocol === protocol).length;
    expect(count('model-size')).toBe(4);
    expect(count('tokens')).toBe(3);
    expect(count('ratio')).toBe(36);
    expect(count('forward')).toBe(1);
    expect(count('largest-size')).toBe(1);
  });

  it('share no row between what is fitted and what is held out, and lose none', () => {
    for (const fold of makeFolds(rows)) {
      const held = new Set(fold.heldOut);
      expect(fold.fit.some((row) => held.has(row))).toBe(false);
      expect(fold.fit.length + fold.heldOut.length).toBe(rows.length);
    }
  });

  it('call it interpolation only where what is held out lies inside', () => {
    const folds = makeFolds(rows);
    const kinds = (protocol: string) =>
      folds.filter((fold) => fold.protocol === protocol).map(({ kind }) => kind);
    expect(kinds('model-size')).toEqual(['extrapolation', 'interpolation', 'interpolation', 'extrapolation']);
    expect(kinds('tokens')).toEqual(['extrapolation', 'interpolation', 'extrapolation']);
    // Of 36 pairs, 21 hold no end.
    expect(kinds('ratio').filter((kind) => kind === 'interpolation')).toHaveLength(21);
    for (const fold of folds.filter((each) => each.protocol === 'forward')) {
      const latest = Math.max(...fold.fit.map((row) => row.d));
      expect(fold.heldOut.every((row) => row.d > latest)).toBe(true);
    }
  });
});

describe('validation', () => {
  it('shows a predictor the rows of its fold and points without losses, nothing else', () => {
    const folds = makeFolds(rows);
    const seen: { learned: readonly LawObservation[]; asked: object[] }[] = [];
    const spy: Predictor = {
      name: 'spy',
      kind: 'baseline',
      parameters: null,
      covers: () => true,
      learn: (learned) => {
        const here = { learned, asked: [] as object[] };
        seen.push(here);
        return {
          status: null,
          predict: (points) => {
            here.asked.push(...points);
            return Float64Array.from(points, () => 2);
          },
        };
      },
    };
    validate([spy], rows, { delta: 1e-3 });
    expect(seen).toHaveLength(folds.length + 1);
    folds.forEach((fold, i) => {
      expect(seen[i + 1]!.learned).toEqual(fold.fit);
      expect(seen[i + 1]!.asked.every((point) => !('loss' in point) && !('run' in point))).toBe(true);
    });
  });

  it('does not change when held-out losses do, but for the error', () => {
    const [folds] = [makeFolds(rows)];
    const fold = folds.find(({ protocol }) => protocol === 'largest-size')!;
    const predictions = () => lawPredictor(l3, { starts: 16 }).learn(fold.fit).predict(fold.heldOut);
    const before = [...predictions()];
    for (const row of fold.heldOut) row.loss *= 2;
    expect([...predictions()]).toEqual(before);
    for (const row of fold.heldOut) row.loss /= 2;
  });

  it('finds that the planted form predicts best, and a law that is blind to the ratio worst', () => {
    const results = validate(
      [
        ...[l3, chinchilla].map((form) => lawPredictor(form, { starts: 16 })),
        nearestRun,
        smoothInterpolation,
      ],
      rows,
      { delta: 1e-3 },
    );
    const by = Object.fromEntries(results.map((each) => [each.name, each]));
    expect(by.L3!.overall.r2).toBeGreaterThan(0.99);
    expect(by.L3!.heldOut.ratio!.all.meanRelativeError).toBeLessThan(0.005);
    expect(by.chinchilla!.overall.r2).toBeLessThan(0.9);
    expect(by.L3!.aicc!).toBeLessThan(by.chinchilla!.aicc!);
    expect(heldOutError(by.L3!)).toBeLessThan(heldOutError(by['smooth-interpolation']!));
    const recommendation = recommendForm(results);
    expect(recommendation).toMatchObject({ form: 'L3', best: 'L3', beatsBaselines: true });
    expect(recommendation.reason).toMatch(/lowest held-out error.*nearest-run/);
  });
});

describe('baselines', () => {
  it('return a measured loss at a measured point', () => {
    const noiseFree = plantedRows({ tokens: [1e-4, 3e-4, 6e-4] });
    for (const [baseline, tolerance] of [
      [nearestRun, 0],
      [smoothInterpolation, 4e-3],
    ] as const) {
      const predicted = baseline.learn(noiseFree).predict(noiseFree);
      noiseFree.forEach((row, i) => {
        expect(Math.abs(predicted[i]! / row.loss - 1)).toBeLessThanOrEqual(tolerance);
      });
    }
  });

  it('a smooth interpolation is close between points of a smooth surface', () => {
    const noiseFree = plantedRows();
    const held = noiseFree.filter((row) => row.ratio === 0.5);
    const predicted = smoothInterpolation.learn(noiseFree.filter((row) => row.ratio !== 0.5)).predict(held);
    held.forEach((row, i) => {
      expect(Math.abs(predicted[i]! / row.loss - 1)).toBeLessThan(0.01);
    });
  });
});

describe('the recommended form', () => {
  const result = (
    name: string,
    parameters: number | null,
    errors: number[],
    uncovered = 0,
  ): FormValidation => {
    const quality = { r2: 1, mae: 0, meanRelativeError: 0, huberSum: 0, huberMean: 0, rows: 1, folds: 1 };
    return {
      name,
      kind: parameters === null ? 'baseline' : 'law',
      parameters,
      inSample: quality,
      status: parameters === null ? null : 'converged',
      aicc: 0,
      heldOut: { ratio: { all: quality, interpolation: null, extrapolation: null, foldErrors: errors } },
      overall: quality,
      uncovered,
      seconds: 0,
    };
  };

  it('is the simpler one where the richer is better by less than one standard error', () => {
    const rich = result('rich', 13, [0.01, 0.012, 0.011]);
    const simple = result('simple', 5, [0.0102, 0.0119, 0.0111]);
    expect(recommendForm([rich, simple])).toMatchObject({ form: 'simple', best: 'rich' });
    const worse = result('simple', 5, [0.013, 0.015, 0.014]);
    expect(recommendForm([rich, worse])).toMatchObject({ form: 'rich', best: 'rich' });
  });

  it('is never one that has no value for some rows, and says when a baseline is better', () => {
    const partial = result('partial', 4, [0.001, 0.001], 12);
    const law = result('law', 5, [0.02, 0.03]);
    const baseline = result('nearest-run', null, [0.01, 0.01]);
    const recommendation = recommendForm([partial, law, baseline]);
    expect(recommendation).toMatchObject({ form: 'law', beatsBaselines: false });
    expect(recommendation.reason).toMatch(/beware.*nearest-run errs by 1\.00 %/);
  });
});
