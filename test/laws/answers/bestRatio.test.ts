import { describe, expect, it } from 'vitest';
import { makeRandom } from '../../../src/common/random.ts';
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

const rows = plantedRows({ parameters: { ...PLANTED, B: 0.002 } });
const fit: LawFit = { ...fitLaw(l3, rows), parameters: { ...PLANTED }, nearOptimal: [{ ...PLANTED }] };

function inputs(overrides: Partial<DecisionInputs> = {}): DecisionInputs {
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

describe('the two tolerances', () => {
  const baseLosses = [{ n: target.n, loss: 2.3 }];

  it('bind one at a time: nats where they are given, and the words name that one', () => {
    const byShare = recommendRatio(inputs({ baseLosses, target: { ...target, tolerance: 0.1 / 2.3 } }));
    const byNats = recommendRatio(
      inputs({ baseLosses, target: { ...target, tolerance: 9, toleranceNats: 0.1 } }),
    );
    expect(byNats.generalLossLimit).toBeCloseTo(2.4, 12);
    expect(byNats.domainRatio!).toBeCloseTo(byShare.domainRatio!, 7);
    expect(byNats.sentence).toMatch(/keeps general loss within 0.1 nats of the base model's 2.3000/);
    expect(byNats.sentence).not.toMatch(/900 %/);
    expect(byShare.sentence).toMatch(/within 4.3 % of the base model's/);
    const never = recommendRatio(inputs({ baseLosses, target: { ...target, toleranceNats: -1 } }));
    expect(never.sentence).toMatch(/^No mixture will do: no ratio keeps general loss within -1 nats/);
  });

  it('and the target and level are refused when they mean nothing', () => {
    expect(() => recommendRatio(inputs({ target: { ...target, tolerance: Number.NaN } }))).toThrow(
      /tolerance is NaN/,
    );
    expect(() =>
      recommendRatio(inputs({ target: { ...target, toleranceNats: Number.POSITIVE_INFINITY } })),
    ).toThrow(/Infinity nats/);
    expect(() => recommendRatio(inputs({ target: { ...target, d: 0 } }))).toThrow(/d is 0/);
    expect(() => recommendRatio(inputs({ level: 90 }))).toThrow(/level is 90/);
  });
});

describe('equally good fits', () => {
  const answer = (near: readonly number[], replicated: readonly number[]) => {
    const base = inputs();
    const law = (C: number) => ({ ...PLANTED, C });
    return recommendRatio({
      ...base,
      generalFit: { ...base.generalFit, nearOptimal: near.map(law), replicates: replicated.map(law) },
    });
  };
  const tight = [0.295, 0.298, 0.3, 0.302, 0.305];

  it('are in the sentence, and warned of beyond the interval, which is not widened', () => {
    const alone = answer([0.3], tight);
    expect(alone.equallyGood).toBeNull();
    expect(alone.sentence).not.toMatch(/equally good/);
    const wider = answer([0.3, 0.27, 0.34], tight);
    expect(wider.status).toBe('recommended');
    expect(wider.interval).toEqual(alone.interval);
    expect(wider.equallyGood!.low).toBeLessThan(wider.interval!.low);
    expect(wider.equallyGood!.high).toBeGreaterThan(wider.interval!.high);
    const { low, high } = wider.equallyGood!;
    const range = `between ${low.toFixed(2)} and ${high.toFixed(2)}`;
    expect(wider.sentence).toContain(`90 % interval ${wider.interval!.low.toFixed(2)}`);
    expect(wider.sentence).toContain(`equally good fits put it ${range}`);
    expect(wider.warnings.join()).toContain(
      `equally good fits put the ratio ${range}, beyond the 90 % interval`,
    );
    const inside = answer([0.3, 0.299], tight);
    expect(inside.warnings.join()).not.toMatch(/equally good/);
  });

  it('leave the answer open when they put it anywhere, or find none', () => {
    expect(answer([0.3, 0.01, 0.4], tight).reason).toMatch(
      /because the equally good fits put the ratio anywhere from/,
    );
    const base = inputs();
    const nearOptimal = [PLANTED, { ...PLANTED, E: 50 }];
    const dissent = recommendRatio({ ...base, generalFit: { ...base.generalFit, nearOptimal } });
    expect(dissent.reason).toMatch(/50 % of the equally good fits find no feasible ratio at all/);
    expect(dissent.sentence).toMatch(/^The data cannot tell how much domain text to mix/);
  });
});

describe('the cost of an answer', () => {
  it('is far below a second with 1000 resampled fits, and their order does not matter', () => {
    const random = makeRandom('replicates');
    const replicates = Array.from({ length: 1000 }, () => ({ ...PLANTED, C: 0.3 + 0.01 * random.normal() }));
    const base = inputs();
    const ask = (sets: LawParameters[]) =>
      recommendRatio({ ...base, generalFit: withReplicates(base.generalFit, sets) });
    const began = performance.now();
    const answer = ask(replicates);
    expect(performance.now() - began).toBeLessThan(5000);
    expect(ask([...replicates].reverse())).toEqual(answer);
    expect(answer.interval!.high - answer.interval!.low).toBeGreaterThan(0.01);
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
