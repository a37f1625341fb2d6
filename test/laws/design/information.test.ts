import { describe, expect, it } from 'vitest';
import { makeRandom } from '../../../src/common/random.ts';
import { scoresOf } from '../../../src/laws/design/estimator.ts';
import { fitVariance, leastVariance, runInformation } from '../../../src/laws/design/information.ts';
import { solvePositive } from '../../../src/laws/fitting/linearAlgebra.ts';

const squares = { objective: { kind: 'least-squares' as const, value: 0 }, delta: 1e-3 };
const huber = (delta: number) => ({ objective: { kind: 'log-huber' as const, value: 0 }, delta });
const noise = { run: 0.02, row: 0.01 };
const jacobian = [
  [1, 0.3],
  [0.8, -0.5],
  [1.4, 0.9],
];

describe('runInformation', () => {
  it("is J'V⁻¹J with the covariance written out, weights included", () => {
    const weights = [1, 2, 0.5];
    const { fisher } = runInformation(jacobian, noise, scoresOf(noise, squares), weights);
    const covariance = weights.map((weight, i) =>
      weights.map((_, j) => noise.run ** 2 + (i === j ? noise.row ** 2 / weight : 0)),
    );
    for (const j of [0, 1]) {
      const solved = solvePositive(
        covariance,
        jacobian.map((row) => row[j]!),
      )!;
      for (const k of [0, 1]) {
        const direct = solved.reduce((total, each, i) => total + each * jacobian[i]![k]!, 0);
        expect(fisher[j]![k]! / direct).toBeCloseTo(1, 9);
      }
    }
  });

  it('says one thing with one row and squared errors: Fisher, bread and meat agree', () => {
    const { fisher, bread, meat } = runInformation([[2, 3]], noise, scoresOf(noise, squares));
    const expected = 6 / (noise.run ** 2 + noise.row ** 2);
    for (const matrix of [fisher, bread, meat]) expect(matrix[0]![1]! / expected).toBeCloseTo(1, 9);
  });

  it('counts a run of many alike rows as little more than one', () => {
    const many = runInformation(Array(1000).fill([1]), noise, scoresOf(noise, squares));
    expect(1 / many.fisher[0]![0]!).toBeCloseTo(noise.run ** 2 + noise.row ** 2 / 1000, 9);
    expect(fitVariance(many, [1])).toBeCloseTo(noise.run ** 2 + noise.row ** 2 / 1000, 9);
  });

  it('never promises the fit more than the best fit could know', () => {
    const all = runInformation(jacobian, noise, scoresOf(noise, huber(1e-3)));
    for (const gradient of [
      [1, 0],
      [0, 1],
      [1, -2],
    ])
      expect(fitVariance(all, gradient)).toBeGreaterThan(leastVariance(all.fisher, gradient));
  });
});

describe('scoresOf (moments of the clipped residual)', () => {
  it('agrees with many draws', () => {
    const delta = 0.015;
    const random = makeRandom('scores');
    let [unclipped, square, product] = [0, 0, 0];
    const clip = (x: number) => Math.max(-delta, Math.min(delta, x));
    const draws = 300_000;
    for (let i = 0; i < draws; i++) {
      const run = noise.run * random.normal();
      const a = run + noise.row * random.normal();
      const b = run + noise.row * random.normal();
      if (Math.abs(a) <= delta) unclipped++;
      square += clip(a) ** 2;
      product += clip(a) * clip(b);
    }
    const scores = scoresOf(noise, huber(delta));
    expect(scores.slope / (unclipped / draws)).toBeCloseTo(1, 1.7);
    expect((scores.own + scores.shared) / (square / draws)).toBeCloseTo(1, 1.7);
    expect(scores.shared / (product / draws)).toBeCloseTo(1, 1.7);
  });

  it('is that of squares for a large delta, of a median (π/2 times the variance) for a small one', () => {
    const large = scoresOf(noise, huber(10));
    expect(large.slope).toBeCloseTo(1, 6);
    expect(large.shared / noise.run ** 2).toBeCloseTo(1, 4);
    expect(large.own / noise.row ** 2).toBeCloseTo(1, 4);
    const alone = { run: 0, row: 0.01 };
    const { slope, own } = scoresOf(alone, huber(1e-4));
    expect(own / slope ** 2 / alone.row ** 2).toBeCloseTo(Math.PI / 2, 1);
  });
});
