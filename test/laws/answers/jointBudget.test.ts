import { describe, expect, it } from 'vitest';
import { CPT_ONLY } from '../../../src/laws/answers/computeBudget.ts';
import { type JointQuestion, jointBudget } from '../../../src/laws/answers/jointBudget.ts';
import type { LawFit, LawParameters } from '../../../src/laws/types.ts';
import { PLANTED, plantedRows } from '../planted.ts';
import { fitOf, lossOf, repeated, tooFewSizes } from './givenFits.ts';

const GENERAL: LawParameters = { ...PLANTED, B: 0.002 };
const DOMAIN: LawParameters = { ...PLANTED, E: 1, B: 0.005, C: 0.4, eta: 1.2 };
const ROWS = plantedRows();
const FLOPS = 6e18 * 2e-5 * 3e-4;
/** The base model of a size is as good as the general law says of much general text: a power law between the sizes measured. */
const BASE = { at: 2.2, exponent: -0.02 };
const baseLoss = (n: number) => BASE.at * (n / 2e-5) ** BASE.exponent;
const BASES = [6e-6, 1.4e-5, 2.5e-5, 5.6e-5].map((n) => ({ n, loss: baseLoss(n) }));

const ask = (general: LawFit, domain: LawFit, question: Partial<JointQuestion> = {}, baseLosses = BASES) =>
  jointBudget(
    general,
    domain,
    { flops: FLOPS, cost: CPT_ONLY, tolerance: 0.05, ...question },
    { rows: ROWS, baseLosses },
    0.9,
  );

describe('size, tokens and mixture for a compute budget under a tolerance', () => {
  it('agree with brute force over sizes and ratios', () => {
    let best = { loss: Number.POSITIVE_INFINITY, n: 0, r: 0 };
    for (let i = 0; i <= 600; i++) {
      const n = 1e-5 * 1e4 ** (i / 600);
      const d = FLOPS / (6e18 * n);
      const limit = 1.05 * baseLoss(n);
      for (let k = 0; k <= 1000; k++) {
        const r = k / 1000;
        const loss = lossOf(DOMAIN, n, d, r);
        if (loss < best.loss && lossOf(GENERAL, n, d, 1 - r) <= limit) best = { loss, n, r };
      }
    }
    const answer = ask(fitOf(GENERAL), fitOf(DOMAIN));
    expect(answer.status).toBe('recommended');
    expect(answer.domainLoss!).toBeLessThanOrEqual(best.loss);
    expect(best.loss - answer.domainLoss!).toBeLessThan(3e-4);
    expect(Math.abs(answer.domainRatio!.value - best.r)).toBeLessThan(5e-3);
    expect(answer.n!.value / best.n).toBeGreaterThan(0.95);
    expect(answer.n!.value / best.n).toBeLessThan(1.05);
    expect(best.r).toBeGreaterThan(0.1);
    expect(best.r).toBeLessThan(0.95);
    // The tolerance binds, and so does the budget.
    expect(answer.generalLoss!).toBeCloseTo(answer.generalLossLimit!, 6);
    expect(answer.generalLossLimit!).toBeCloseTo(1.05 * baseLoss(answer.n!.value), 9);
    expect((6e18 * answer.n!.value * answer.d!.value) / FLOPS).toBeCloseTo(1, 9);
  });

  it('is usage 3 at all domain text when the tolerance does not bind', () => {
    const steep = { ...DOMAIN, B: 0.004 };
    const answer = ask(fitOf(GENERAL), fitOf(steep), { tolerance: 100 });
    expect(answer.domainRatio!.value).toBe(1);
    const nats = ask(fitOf(GENERAL), fitOf(steep), { tolerance: 0, toleranceNats: 100 });
    expect(nats.n!.value).toBe(answer.n!.value);
    expect(nats.sentence).toMatch(/100 nats above the base model's/);
    expect(nats.sentence).not.toMatch(/ 0 %/);
  });

  it('is infeasible when no size keeps general loss, and says so', () => {
    const answer = ask(fitOf({ ...GENERAL, E: 9 }), fitOf(DOMAIN));
    expect(answer).toMatchObject({ status: 'infeasible', n: null, domainRatio: null, withinMeasured: null });
    expect(answer.sentence).toMatch(
      /no size and mixture in reach keep general loss within 5 % of the base model's/,
    );
    const poor = ask(fitOf(GENERAL), fitOf(DOMAIN), {
      flops: 1,
      cost: { inferenceTokens: 0, baseTokens: 1 },
    });
    expect(poor.reason).toMatch(/does not pay for a single token/);
  });

  it('gives the best inside the sizes that were measured beside one outside', () => {
    const answer = ask(fitOf(GENERAL), fitOf(DOMAIN), { flops: FLOPS * 300 });
    expect(answer.n!.value).toBeGreaterThan(5.6e-5);
    expect(answer.withinMeasured!.n).toBeLessThanOrEqual(5.6e-5);
    expect(answer.withinMeasured!.domainLoss).toBeGreaterThanOrEqual(answer.domainLoss!);
    expect(answer.warnings.join()).toMatch(/lies outside the 6k to 56k that were measured/);
    expect(answer.warnings.join()).toMatch(/its general loss is extrapolated/);
    expect(answer.sentence).toMatch(/; inside the sizes measured/);
  });

  it('joins replicate i of one law with replicate i of the other, and has intervals of all three', () => {
    const [strict, loose] = [
      { ...GENERAL, C: 0.34 },
      { ...GENERAL, C: 0.26 },
    ];
    const [few, many] = [
      { ...DOMAIN, A: 0.018 },
      { ...DOMAIN, A: 0.022 },
    ];
    const by = (ofGeneral: LawParameters[], ofDomain: LawParameters[]) =>
      ask(
        fitOf(GENERAL, { replicates: repeated(ofGeneral, 4) }),
        fitOf(DOMAIN, { replicates: repeated(ofDomain, 4) }),
      );
    const joined = by([strict, loose], [few, many]);
    expect(joined.status).toBe('recommended');
    for (const each of [joined.n, joined.d, joined.domainRatio]) {
      expect(each!.interval!.low).toBeLessThan(each!.interval!.high);
    }
    expect(by([loose, strict], [many, few]).n).toEqual(joined.n);
    expect(by([strict, loose], [many, few]).n!.interval).not.toEqual(joined.n!.interval);
  });

  it('cannot be told without two base models, with unusable laws, or when fits disagree', () => {
    const one = ask(fitOf(GENERAL), fitOf(DOMAIN), {}, BASES.slice(0, 1));
    expect(one.sentence).toMatch(/base models of at least two sizes/);
    expect(ask(tooFewSizes(), fitOf(DOMAIN)).sentence).toMatch(/the general law cannot be fitted/);
    const replicates = [...repeated([GENERAL], 2), ...repeated([{ ...GENERAL, E: 9 }], 2)];
    const dissent = ask(fitOf(GENERAL, { replicates }), fitOf(DOMAIN, { replicates: repeated([DOMAIN], 4) }));
    expect(dissent.sentence).toMatch(/50 % of the fits to resampled runs find no best size/);
    const wide = [{ ...GENERAL, C: 0.02 }, GENERAL, { ...GENERAL, C: 0.43 }];
    const anywhere = ask(
      fitOf(GENERAL, { replicates: repeated(wide, 3) }),
      fitOf(DOMAIN, { replicates: repeated([DOMAIN], 9) }),
    );
    expect(anywhere.sentence).toMatch(/put the ratio anywhere from|find no best size/);
    expect(anywhere.status).toBe('not-identified');
  });
});
