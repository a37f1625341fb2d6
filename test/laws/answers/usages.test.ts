import { describe, expect, it } from 'vitest';
import { makeRandom } from '../../../src/common/random.ts';
import {
  affordableTokens,
  CPT_ONLY,
  computeBudget,
  computeOptimum,
} from '../../../src/laws/answers/computeBudget.ts';
import { limitedDomainTokens } from '../../../src/laws/answers/limitedDomainTokens.ts';
import { minimise } from '../../../src/laws/answers/minimise.ts';
import { paretoFront } from '../../../src/laws/answers/paretoFront.ts';
import { fitPair } from '../../../src/laws/fitting/bootstrap.ts';
import { fitLaw } from '../../../src/laws/fitting/fit.ts';
import { l3 } from '../../../src/laws/forms/l3.ts';
import { predict } from '../../../src/laws/predict.ts';
import type { LawFit, LawParameters } from '../../../src/laws/types.ts';
import { PLANTED, plantedRows } from '../planted.ts';

/** A fit with given parameters, as if they had been found. */
function fitOf(parameters: LawParameters, replicates: LawParameters[] = []): LawFit {
  const rows = plantedRows({ parameters, tokens: [1e-4, 3e-4, 6e-4] });
  return { ...fitLaw(l3, rows, { starts: 8 }), parameters, replicates, status: 'converged' };
}
const ROWS = plantedRows();
const SIZE = 5.6e-5;

describe('usage 3: size and tokens for a compute budget', () => {
  it('has the published exponents and sizes of the law domain (arXiv 2406.01375 section 4.3)', () => {
    // a = beta/(alpha + beta) = 0.6252 and G = 4.1282 fix the law up to its scale; C = 5e19 FLOP.
    const alpha = 0.3748;
    const beta = 0.6252;
    const A = (4.1282 ** (alpha + beta) * beta) / alpha;
    const { n, d, a, b, g } = computeOptimum({ alpha, beta, A, B0: 1 }, 5e19);
    expect([a, b, g].map((value) => Number(value.toFixed(4)))).toEqual([0.6252, 0.3748, 4.1282]);
    expect(n).toBeCloseTo(15.54, 2);
    expect(d).toBeCloseTo(0.536, 3);
  });

  it('agrees with the closed form where that holds, and spends the whole budget', () => {
    const fit = fitOf(PLANTED);
    const flops = 6e18 * 2e-5 * 3e-4;
    const answer = computeBudget(fit, { flops, ratio: 0.5, cost: CPT_ONLY }, ROWS, 0.9);
    const closed = computeOptimum(
      { alpha: PLANTED.alpha!, beta: PLANTED.beta!, A: PLANTED.A!, B0: PLANTED.B! * 0.5 ** PLANTED.eta! },
      flops,
    );
    expect(answer.n!.value / closed.n).toBeCloseTo(1, 5);
    expect(answer.d!.value / closed.d).toBeCloseTo(1, 5);
    expect(6e18 * answer.n!.value * answer.d!.value).toBeCloseTo(flops, -3);
    expect(answer.sentence).toMatch(/parameters on .* tokens, predicted loss/);
  });

  it('serving tokens makes the best model smaller; a budget below its fixed costs is infeasible', () => {
    const fit = fitOf(PLANTED);
    const flops = 6e18 * 2e-5 * 3e-4;
    const size = (inferenceTokens: number) =>
      computeBudget(fit, { flops, ratio: 0.5, cost: { inferenceTokens, baseTokens: 0 } }, ROWS, 0.9).n!.value;
    expect(size(3e-3)).toBeLessThan(size(0));
    expect(
      affordableTokens(1, { flops: 6e18, cost: { inferenceTokens: 1.5, baseTokens: 0.25 } }),
    ).toBeCloseTo(0.25, 12);
    const poor = computeBudget(
      fit,
      { flops: 1, ratio: 0.5, cost: { inferenceTokens: 0, baseTokens: 1 } },
      ROWS,
      0.9,
    );
    expect(poor.status).toBe('infeasible');
  });

  it('gives the best among measured sizes beside one outside', () => {
    const flops = 6e18 * 4e-4 * 4e-3;
    const answer = computeBudget(fitOf(PLANTED), { flops, ratio: 0.5, cost: CPT_ONLY }, ROWS, 0.9);
    expect(answer.n!.value).toBeGreaterThan(5.6e-5);
    expect(answer.withinMeasured!.n).toBeCloseTo(5.6e-5, 10);
    expect([answer.sentence, ...answer.warnings].join(' ')).toMatch(/outside|inside the sizes measured/);
  });
});

describe('usage 2: limited domain text', () => {
  /** Of arXiv 2406.01375 App. G.2, the exponent's misprint mended: below it the best ratio lies inside. */
  const threshold = ({ B, C, beta, gamma, eta, epsilon }: Record<string, number>) =>
    ((B! * (eta! + beta!) * (1 + epsilon!) ** (gamma! + 1)) / (gamma! * C!)) ** (1 / beta!);
  const law = { ...PLANTED, B: 0.05, C: 0.12, eta: 1.4 };
  const edge = threshold(law);

  it.each([0.2, 0.6, 0.95])('is inside when there is less text than the threshold (%d of it)', (share) => {
    const domainTokens = edge * share;
    const fit = fitOf(law);
    const answer = limitedDomainTokens(fit, fit, { n: SIZE, domainTokens }, ROWS, 0.9);
    const loss = (r: number) => predict('L3', law, { n: SIZE, d: domainTokens / r, ratio: r });
    const brute = Array.from({ length: 100_000 }, (_, k) => (k + 1) / 100_000).reduce((a, b) =>
      loss(b) < loss(a) ? b : a,
    );
    expect(answer.place).toBe('interior');
    expect(Math.abs(answer.domainRatio!.value - brute)).toBeLessThan(1e-4);
    expect(answer.domainLoss!).toBeLessThan(answer.allDomainLoss!);
    expect(answer.tokens!).toBeCloseTo(domainTokens / answer.domainRatio!.value, 12);
  });

  it('is all domain text when there is more, and says that more would dilute it', () => {
    const fit = fitOf(law);
    const answer = limitedDomainTokens(fit, fit, { n: SIZE, domainTokens: edge * 1.2 }, ROWS, 0.9);
    expect(answer).toMatchObject({ place: 'corner', status: 'recommended' });
    expect(answer.domainRatio!.value).toBe(1);
    expect(answer.sentence).toMatch(/dilute/);
  });

  it('never lies inside under the published constraint at budgets beyond e times the smallest D', () => {
    const random = makeRandom('constraint');
    const between = (low: number, high: number) => low + (high - low) * random.uniform();
    const minTokens = 0.1311;
    for (let k = 0; k < 2000; k++) {
      const parameters = {
        B: between(0.01, 2),
        beta: between(0.05, 1.5),
        gamma: between(0.05, 3),
        eta: between(1, 3),
        epsilon: between(0.01, 1),
      };
      const { B, beta, gamma, eta, epsilon } = parameters;
      const c0 = (B * eta * (1 + epsilon) ** (gamma + 1)) / (gamma * minTokens ** beta);
      expect(threshold({ ...parameters, C: c0 * between(1, 5) })).toBeLessThan(Math.E * minTokens);
    }
  });

  it('stops at a limit on tokens or on general loss, and is infeasible when both cannot be met', () => {
    const fit = fitOf(law);
    const domainTokens = edge * 0.2;
    const free = limitedDomainTokens(fit, fit, { n: SIZE, domainTokens }, ROWS, 0.9);
    const maxTokens = free.tokens! / 2;
    const capped = limitedDomainTokens(fit, fit, { n: SIZE, domainTokens, maxTokens }, ROWS, 0.9);
    expect(capped.place).toBe('at-limit');
    expect(capped.tokens!).toBeCloseTo(maxTokens, 10);
    const impossible = limitedDomainTokens(
      fit,
      fit,
      { n: SIZE, domainTokens, generalLossLimit: 0.1 },
      ROWS,
      0.9,
    );
    expect(impossible.status).toBe('infeasible');
    const plenty = limitedDomainTokens(fit, fit, { n: SIZE, domainTokens: 1, maxTokens: 6e-4 }, ROWS, 0.9);
    expect(plenty).toMatchObject({ place: 'at-limit', tokens: 6e-4 });
  });

  it('is not identified when resampled fits disagree', () => {
    const replicates = [0.01, 0.3, 1.5].flatMap((C) => Array.from({ length: 10 }, () => ({ ...law, C })));
    const fit = fitOf(law, replicates);
    const answer = limitedDomainTokens(fit, fit, { n: SIZE, domainTokens: edge * 0.05 }, ROWS, 0.9);
    expect(answer.domainRatio!.interval!.high - answer.domainRatio!.interval!.low).toBeGreaterThan(0.3);
  });
});

describe('the Pareto front', () => {
  const rows = plantedRows({ runNoise: 1e-3, tokens: [1e-4, 3e-4, 6e-4] });
  const { general, domain } = fitPair(
    l3,
    { general: rows, domain: rows },
    { resamples: 20, level: 0.9, seed: 1, starts: 24 },
  );
  const target = { n: SIZE, d: 6e-4 };

  it('holds every ratio when both losses fall with their own share, and its intervals hold its points', () => {
    const { points, knee } = paretoFront(general, domain, target, 0.9);
    expect(points).toHaveLength(101);
    for (const point of points) {
      expect(point.generalInterval!.low).toBeLessThanOrEqual(point.generalInterval!.high);
    }
    expect(knee!).toBeGreaterThan(0.1);
    expect(knee!).toBeLessThan(0.9);
  });

  it('leaves out ratios beyond which the domain loss rises again', () => {
    const rising = fitOf({ ...PLANTED, B: 0.2, C: 0.02, eta: 2 });
    const { points } = paretoFront(general, rising, target, 0.9);
    const losses = points.map(({ domainLoss }) => domainLoss);
    expect(points.length).toBeLessThan(101);
    expect(losses).toEqual([...losses].sort((a, b) => b - a));
  });
});

describe('minimise', () => {
  it('finds the deepest of several valleys, and the ends', () => {
    expect(minimise((x) => Math.cos(8 * x) + 0.1 * x, 0.1, 3, 200)).toBeCloseTo(Math.PI / 8, 2);
    expect(minimise((x) => x, 1, 5, 50)).toBe(1);
    expect(minimise((x) => -x, 1, 5, 50)).toBe(5);
    expect(minimise((x) => x, 2, 2, 50)).toBe(2);
  });
});
