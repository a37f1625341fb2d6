import { describe, expect, it } from 'vitest';
import {
  affordableTokens,
  type ComputeQuestion,
  CPT_ONLY,
  computeBudget,
  computeOptimum,
} from '../../../src/laws/answers/computeBudget.ts';
import { flopsOf } from '../../../src/laws/answers/cost.ts';
import type { LawFit, LawParameters } from '../../../src/laws/types.ts';
import { PLANTED, plantedRows } from '../planted.ts';
import { fitOf, lossOf, repeated, tooFewSizes } from './givenFits.ts';

const ROWS = plantedRows();
const FLOPS = 6e18 * 2e-5 * 3e-4;
/** Of the law domain (arXiv 2406.01375 section 4.3): a = beta/(alpha + beta) = 0.6252, b = 0.3748, G = 4.1282, at equal shares. */
const PUBLISHED = { alpha: 0.3748, beta: 0.6252, G: 4.1282, flops: 5e19, ratio: 0.5 };

const ask = (fit: LawFit, question: Partial<ComputeQuestion> = {}, rows = ROWS) =>
  computeBudget(fit, { flops: FLOPS, ratio: 0.5, cost: CPT_ONLY, ...question }, rows, 0.9);

describe('the published example (arXiv 2406.01375 section 4.3)', () => {
  const { alpha, beta, G, flops, ratio } = PUBLISHED;
  const B0 = 0.7;
  const A = (G ** (alpha + beta) * beta * B0) / alpha;

  it('has its exponents, its factor and its sizes in closed form', () => {
    const { n, d, a, b, g } = computeOptimum({ alpha, beta, A, B0 }, flops);
    expect([a, b, g].map((value) => Number(value.toFixed(4)))).toEqual([0.6252, 0.3748, 4.1282]);
    expect(n).toBeCloseTo(15.54, 2);
    expect(d).toBeCloseTo(0.536, 3);
    expect(6e18 * n * d).toBeCloseTo(flops, -9);
  });

  it('comes out of the search too, with what the paper leaves unsaid', () => {
    const eta = 1.3;
    const law = { ...PLANTED, alpha, beta, A, B: B0 / ratio ** eta, eta };
    const rows = plantedRows({ sizes: [0.5, 1.8, 4], tokens: [0.13, 10], ratios: [0.5] });
    const answer = ask(fitOf(law), { flops, ratio }, rows);
    expect(answer.status).toBe('recommended');
    expect(answer.n!.value).toBeCloseTo(15.54, 2);
    expect(answer.d!.value).toBeCloseTo(0.536, 3);
    expect(answer.warnings.join()).toMatch(
      /15.5B parameters, lies outside the 500M to 4B that were measured; inside them the best is 4B on 2.08B tokens/,
    );
    expect(answer.warnings.join()).toMatch(/own pre-training is not counted, which favours large ones/);
    expect(answer.withinMeasured).toMatchObject({ n: 4, atEdge: true });
    expect(answer.sentence).toMatch(
      /5.0e\+19 FLOP: 15.5B parameters on 536M tokens.*inside the sizes measured 4B/,
    );
  });
});

describe('the size and tokens for a compute budget', () => {
  it('agree with brute force and with the closed form, and spend the whole budget', () => {
    const answer = ask(fitOf(PLANTED));
    const closed = computeOptimum(
      { alpha: PLANTED.alpha!, beta: PLANTED.beta!, A: PLANTED.A!, B0: PLANTED.B! * 0.5 ** PLANTED.eta! },
      FLOPS,
    );
    expect(answer.n!.value / closed.n).toBeCloseTo(1, 5);
    expect(answer.d!.value / closed.d).toBeCloseTo(1, 5);
    const loss = (n: number) => lossOf(PLANTED, n, FLOPS / (6e18 * n), 0.5);
    let brute = Number.POSITIVE_INFINITY;
    for (let k = 0; k <= 100_000; k++) brute = Math.min(brute, loss(1e-7 * 1e6 ** (k / 100_000)));
    expect(Math.abs(answer.loss! - brute)).toBeLessThan(1e-9);
    expect(flopsOf(answer.n!.value, answer.d!.value, CPT_ONLY) / FLOPS).toBeCloseTo(1, 9);
  });

  it('shrink the model that must serve tokens, or whose base must be trained, within the same budget', () => {
    const free = ask(fitOf(PLANTED));
    for (const cost of [
      { inferenceTokens: 3e-3, baseTokens: 0 },
      { inferenceTokens: 0, baseTokens: 1e-3 },
      { inferenceTokens: 3e-3, baseTokens: 1e-3 },
    ]) {
      const answer = ask(fitOf(PLANTED), { cost });
      expect(answer.n!.value).toBeLessThan(0.9 * free.n!.value);
      expect(flopsOf(answer.n!.value, answer.d!.value, cost) / FLOPS).toBeCloseTo(1, 9);
      const loss = (n: number) => lossOf(PLANTED, n, affordableTokens(n, { flops: FLOPS, cost }), 0.5);
      const { value } = answer.n!;
      expect(loss(value)).toBeLessThan(loss(value * 1.01));
      expect(loss(value)).toBeLessThan(loss(value / 1.01));
      expect(answer.warnings.join().includes('pre-training is not counted')).toBe(cost.baseTokens === 0);
    }
    // 6 FLOP per parameter and training token, 2 per parameter and token served.
    const cost = { inferenceTokens: 1.5, baseTokens: 0.25 };
    expect(affordableTokens(1, { flops: 6e18, cost })).toBeCloseTo(1 - 0.25 - 0.5, 12);
  });

  it('are infeasible below the fixed costs of every size', () => {
    const answer = ask(fitOf(PLANTED), { flops: 1, cost: { inferenceTokens: 0, baseTokens: 1 } });
    expect(answer).toMatchObject({
      status: 'infeasible',
      n: null,
      d: null,
      loss: null,
      withinMeasured: null,
    });
    expect(answer.sentence).toMatch(/does not pay for a single token/);
  });

  it.each([
    ['blind to size', { ...PLANTED, A: 0 }],
    ['blind to tokens', { ...PLANTED, B: 0 }],
    ['blind to both', { ...PLANTED, A: 0, B: 0 }],
  ])('cannot be told by a law that is %s', (_, law: LawParameters) => {
    const answer = ask(fitOf(law));
    expect(answer).toMatchObject({ status: 'not-identified', n: null, d: null });
    expect(answer.sentence).toMatch(/the law sees no best size/);
  });

  it('cannot be told when resampled, or equally good, fits put the size anywhere', () => {
    const wide = repeated(
      [2e-5, 0.02, 0.4].map((A) => ({ ...PLANTED, A })),
      10,
    );
    for (const fit of [fitOf(PLANTED, { replicates: wide }), fitOf(PLANTED, { nearOptimal: wide })]) {
      const answer = ask(fit);
      expect(answer.status).toBe('not-identified');
      expect(answer.sentence).toMatch(/fits .*put the best size anywhere from .* to /);
      expect(answer.n!.value).toBeGreaterThan(0);
    }
    const none = repeated([{ ...PLANTED, A: 0 }], 5);
    const dissent = ask(fitOf(PLANTED, { replicates: [...none, ...repeated([PLANTED], 5)] }));
    expect(dissent.sentence).toMatch(/50 % of the fits to resampled runs find no best size at all/);
    expect(ask(tooFewSizes()).sentence).toMatch(/the loss law cannot be fitted/);
  });

  it('have intervals of both, smaller sizes going with more tokens', () => {
    const replicates = repeated(
      [0.015, 0.025].map((A) => ({ ...PLANTED, A })),
      10,
    );
    const { n, d, sentence } = ask(fitOf(PLANTED, { replicates }));
    const closed = (A: number) =>
      computeOptimum(
        { alpha: PLANTED.alpha!, beta: PLANTED.beta!, A, B0: PLANTED.B! * 0.5 ** PLANTED.eta! },
        FLOPS,
      );
    expect(n!.interval!.low / closed(0.015).n).toBeCloseTo(1, 5);
    expect(n!.interval!.high / closed(0.025).n).toBeCloseTo(1, 5);
    expect(d!.interval!.low / closed(0.025).d).toBeCloseTo(1, 5);
    expect(sentence).toMatch(/90 % interval/);
  });

  it('refuse questions that mean nothing', () => {
    expect(() => ask(fitOf(PLANTED), { flops: -1 })).toThrow(/flops is -1/);
    expect(() => ask(fitOf(PLANTED), { ratio: 1.5 })).toThrow(/ratio is 1.5/);
    expect(() => ask(fitOf(PLANTED), { cost: { inferenceTokens: -1, baseTokens: 0 } })).toThrow(
      /inferenceTokens is -1/,
    );
    expect(() => ask(fitOf(PLANTED), { sizes: [0] })).toThrow(/a size is 0/);
    expect(() => ask(fitOf(PLANTED), {}, [])).toThrow(/no row says which sizes were measured/);
  });
});

describe('sizes from a list', () => {
  const best = ask(fitOf(PLANTED)).n!.value;

  it('are ranked by loss, each with the tokens that the budget leaves it', () => {
    const sizes = [best * 8, best / 3, best * 1.2, best * 1.2];
    const { options, sentence } = ask(fitOf(PLANTED), { sizes });
    expect(options.map(({ n }) => n)).toEqual([best * 1.2, best / 3, best * 8]);
    for (const { n, d, loss, lossInterval, bestShare } of options) {
      expect(d).toBeCloseTo(FLOPS / (6e18 * n), 12);
      expect(loss).toBeCloseTo(lossOf(PLANTED, n, d, 0.5), 12);
      expect([lossInterval, bestShare]).toEqual([null, null]);
    }
    expect(sentence).toMatch(/of the sizes on the list/);
  });

  it('leave out what cannot be paid for, and say how sure the choice is', () => {
    const cost = { inferenceTokens: 0, baseTokens: 1e-3 };
    const replicates = [...repeated([PLANTED], 6), ...repeated([{ ...PLANTED, A: 2e-4 }], 4)];
    const dearest = FLOPS / (6e18 * 1e-3);
    const sizes = [dearest / 4, dearest * 0.9, dearest * 2];
    const { options, warnings } = ask(fitOf(PLANTED, { replicates }), { cost, sizes });
    expect(options).toHaveLength(2);
    expect(warnings.join()).toMatch(/does not pay for 1 of the sizes on the list/);
    expect(options.reduce((sum, { bestShare }) => sum + bestShare!, 0)).toBeCloseTo(1, 12);
    expect(warnings.join()).toMatch(/only 60 % of the fits to resampled runs find .* the best on the list/);
  });
});
