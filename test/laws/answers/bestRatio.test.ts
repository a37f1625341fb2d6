import { describe, expect, it } from 'vitest';
import { baseLossAt } from '../../../src/laws/answers/baseLoss.ts';
import { type DecisionInputs, largestFeasible, recommendRatio } from '../../../src/laws/answers/bestRatio.ts';
import { fitPair } from '../../../src/laws/fitting/bootstrap.ts';
import { fitLaw } from '../../../src/laws/fitting/fit.ts';
import { l3 } from '../../../src/laws/forms/l3.ts';
import { predict } from '../../../src/laws/predict.ts';
import { lawRows } from '../../../src/laws/rows.ts';
import type { LawFit, LawParameters } from '../../../src/laws/types.ts';
import { PLANTED, plantedRows } from '../planted.ts';

const target = { n: 5.6e-5, d: 6e-4, tolerance: 0.05 };

/** The general law at a domain ratio, worked out apart from the code under test. */
const generalLoss = (domainRatio: number) => {
  const { E, A, B, C, alpha, beta, gamma, eta, epsilon } = PLANTED as Required<typeof PLANTED> &
    Record<string, number>;
  const r = 1 - domainRatio;
  return E! + A! / target.n ** alpha! + (B! * r ** eta!) / target.d ** beta! + C! / (r + epsilon!) ** gamma!;
};

function inputs(overrides: Partial<DecisionInputs> = {}): DecisionInputs {
  const rows = plantedRows({ parameters: { ...PLANTED, B: 0.002 } });
  const fit = { ...fitLaw(l3, rows), parameters: { ...PLANTED } };
  return {
    generalFit: fit,
    domainFit: { ...fit, parameters: { ...PLANTED, B: 0 } },
    target,
    baseLosses: [{ n: target.n, loss: generalLoss(0) * 1.01 }],
    generalRows: rows,
    level: 0.9,
    ...overrides,
  };
}

const withReplicates = (fit: LawFit, replicates: LawParameters[]): LawFit => ({ ...fit, replicates });

describe('recommendRatio (usage 1, arXiv 2406.01375 Eq 10)', () => {
  it('finds the ratio that a brute-force grid finds', () => {
    const limit = 1.05 * generalLoss(0) * 1.01;
    let brute = 0;
    for (let k = 0; k <= 100_000; k++) if (generalLoss(k / 100_000) <= limit) brute = k / 100_000;
    expect(brute).toBeGreaterThan(0.2);
    expect(brute).toBeLessThan(0.98);
    const answer = recommendRatio(inputs());
    expect(answer.status).toBe('recommended');
    expect(Math.abs(answer.domainRatio! - brute)).toBeLessThan(2e-5);
    expect(answer.predictedGeneralLoss).toBeCloseTo(limit, 6);
    expect(answer.generalLossLimit).toBeCloseTo(limit, 12);
    expect(answer.warnings.join()).toMatch(/no interval/);
  });

  it('is 1, with the reason, when every ratio is within the tolerance', () => {
    const answer = recommendRatio(inputs({ target: { ...target, tolerance: 10 } }));
    expect(answer.domainRatio).toBe(1);
    expect(answer.reason).toMatch(/the limit does not bind/);
  });

  it('is infeasible when even ratio 0 violates the tolerance', () => {
    const answer = recommendRatio(inputs({ baseLosses: [{ n: target.n, loss: generalLoss(0) * 0.5 }] }));
    expect(answer).toMatchObject({ status: 'infeasible', domainRatio: null, interval: null });
    expect(answer.reason).toMatch(/no ratio keeps general loss within 5 %/);
  });

  it('is not identified when resampled fits disagree, and says how', () => {
    const base = inputs();
    const spread = [0, 0.1, 0.2, 0.3, 0.4, 0.5].flatMap(
      (C) => Array(5).fill({ ...PLANTED, C }) as LawParameters[],
    );
    const wide = recommendRatio({ ...base, generalFit: withReplicates(base.generalFit, spread) });
    expect(wide.status).toBe('not-identified');
    expect(wide.reason).toMatch(/the data cannot tell, because/);
    const never = Array(10).fill({ ...PLANTED, E: 50 }) as LawParameters[];
    const dissent = recommendRatio({ ...base, generalFit: withReplicates(base.generalFit, never) });
    expect(dissent.reason).toMatch(/100 % of the fits to resampled runs find no feasible ratio/);
  });

  it('is not identified when the design cannot fit the law at all', () => {
    const fit = fitLaw(l3, plantedRows({ sizes: [1e-5] }));
    const answer = recommendRatio(inputs({ generalFit: fit }));
    expect(answer.status).toBe('not-identified');
    expect(answer.reason).toMatch(/1 distinct model size where/);
  });

  it('warns of extrapolation, of unmeasured ratios, and of runs that contradict it', () => {
    expect(recommendRatio(inputs({ target: { ...target, d: 0.01 } })).warnings.join()).toMatch(
      /an extrapolation/,
    );
    const narrow = inputs().generalRows.filter((row) => row.ratio > 0.3 && row.ratio < 0.9);
    expect(recommendRatio(inputs({ generalRows: narrow })).warnings.join()).toMatch(
      /only ratios from .* were measured/,
    );
    const above = inputs().generalRows.map((row) => ({ ...row, loss: row.loss * 2 }));
    expect(recommendRatio(inputs({ generalRows: above })).warnings.join()).toMatch(/already above the limit/);
    const below = inputs().generalRows.map((row) => ({ ...row, loss: row.loss * 0.5 }));
    expect(recommendRatio(inputs({ generalRows: below })).warnings.join()).toMatch(/still within the limit/);
  });
});

describe('largestFeasible', () => {
  it('takes the last feasible ratio of a set with gaps', () => {
    expect(largestFeasible((r) => r < 0.2 || (r > 0.5 && r <= 0.7321))).toBeCloseTo(0.7321, 8);
    expect(largestFeasible(() => false)).toBeNull();
    expect(largestFeasible(() => true)).toBe(1);
  });
});

describe('baseLossAt', () => {
  const power = (n: number) => 3 * n ** -0.1;
  it('takes the measured mean, else a power law between neighbours, and says so', () => {
    const measured = [
      { n: 1, loss: power(1) },
      { n: 4, loss: power(4) + 0.1 },
      { n: 4, loss: power(4) - 0.1 },
    ];
    expect(baseLossAt(measured, 4)).toEqual({ loss: expect.closeTo(power(4), 12), warnings: [] });
    expect(baseLossAt(measured, 2).loss).toBeCloseTo(power(2), 12);
    expect(baseLossAt(measured, 2).warnings[0]).toMatch(/interpolated/);
    expect(baseLossAt(measured, 16).loss).toBeCloseTo(power(16), 12);
    expect(baseLossAt(measured, 16).warnings[0]).toMatch(/extrapolated/);
    expect(() => baseLossAt([], 1)).toThrow(/no base model/);
  });
});

describe('fitPair', () => {
  const tokens = [6e-5, 1.5e-4, 6e-4];
  const general = plantedRows({ runNoise: 0.01, seed: 3, tokens });
  const domain = plantedRows({ runNoise: 0.01, seed: 4, tokens });
  const options = { resamples: 16, level: 0.9, seed: 1, candidates: 48, starts: 2 };

  it('has intervals that hold the planted prediction and grow with the noise of runs', () => {
    const { general: fit } = fitPair(l3, { general, domain }, options);
    expect(fit.replicates).toHaveLength(16);
    const point = { n: 2.5e-5, d: 3e-4, ratio: 0.4 };
    const truth = predict('L3', PLANTED, point);
    const predictions = fit.replicates.map((parameters) => predict('L3', parameters, point));
    expect(Math.min(...predictions)).toBeLessThan(truth * 1.003);
    expect(Math.max(...predictions)).toBeGreaterThan(truth * 0.997);
    const noisier = fitPair(
      l3,
      { general: plantedRows({ runNoise: 0.04, seed: 3, tokens }), domain },
      options,
    ).general;
    const spread = (of: LawFit) => {
      const values = of.replicates.map((parameters) => predict('L3', parameters, point));
      return Math.max(...values) - Math.min(...values);
    };
    expect(spread(noisier)).toBeGreaterThan(1.3 * spread(fit));
  });

  it('is the same for a seed, whatever the order of rows, and another for another seed', () => {
    const few = { ...options, resamples: 4 };
    const once = fitPair(l3, { general, domain }, few);
    const again = fitPair(l3, { general: [...general].reverse(), domain: [...domain].reverse() }, few);
    expect(again).toEqual(once);
    expect(fitPair(l3, { general, domain }, { ...few, seed: 2 }).general.replicates).not.toEqual(
      once.general.replicates,
    );
  });

  it('draws again until a draw of runs can be fitted', () => {
    const few = plantedRows({ sizes: [1e-5, 2e-5, 4e-5], ratios: [0, 0.3, 0.6, 1] }).filter(
      (row) => row.ratio === 0.3 || row.n === 1e-5,
    );
    const single = few.map((row) => ({ ...row, run: row.n === 1e-5 ? 'all of one' : row.run }));
    const fit = fitPair(l3, { general: single, domain: single }, { ...options, resamples: 30 }).general;
    expect(fit.replicates).toHaveLength(30);
  });
});

describe('lawRows', () => {
  const point = {
    run: 'a',
    modelSize: 2e9,
    warmupTokens: 100,
    domainRatio: 0.2,
    generalLoss: 2,
    domainLoss: 3,
  };

  it('leaves out D = 0 and the warm-up, counts them, and gives each law its own share', () => {
    const rows = lawRows([0, 100, 199, 200, 1000].map((tokens) => ({ ...point, tokens })));
    expect(rows.excluded).toEqual({ count: 3, rule: expect.stringContaining('2 × the warm-up') });
    expect(rows.general).toEqual(
      [200, 1000].map((tokens) => ({ n: 2, d: tokens / 1e9, ratio: 0.8, loss: 2, run: 'a' })),
    );
    expect(rows.domain[0]).toMatchObject({ ratio: 0.2, loss: 3 });
  });
});
