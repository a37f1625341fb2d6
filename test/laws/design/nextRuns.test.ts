import { describe, expect, it } from 'vitest';
import { UserError } from '../../../src/common/errors.ts';
import { quantityOf, ratioSolver } from '../../../src/laws/design/answer.ts';
import { candidateRuns } from '../../../src/laws/design/candidates.ts';
import { makeFrame } from '../../../src/laws/design/frame.ts';
import { leastVariance, plus } from '../../../src/laws/design/information.ts';
import { nextRuns, type PlanInputs } from '../../../src/laws/design/nextRuns.ts';
import { generalShare, planningState, pointsOf } from '../../../src/laws/design/planningState.ts';
import type { Budget } from '../../../src/laws/design/types.ts';
import { fitLaw } from '../../../src/laws/fitting/fit.ts';
import { chinchilla } from '../../../src/laws/forms/chinchilla.ts';
import { toVector } from '../../../src/laws/forms/form.ts';
import { l3 } from '../../../src/laws/forms/l3.ts';
import { fewRuns, GENERAL, knownInputs, NOISE, planInputs, QUESTION, SIZES, TOKENS } from './planned.ts';

const solve = ratioSolver(l3, QUESTION);
const tolerance = (share: number) => ({ ...QUESTION, target: { ...QUESTION.target, tolerance: share } });

describe('the best ratio as a function of the parameters', () => {
  it('has the gradient that finite differences have', () => {
    const rows = fewRuns();
    const frame = makeFrame({ form: 'L3', parameters: GENERAL, starts: 1 }, rows);
    const units = frame.columns([rows[0]!]);
    const scale = l3.unitFactors(toVector(l3, GENERAL), rows[0]!.n / units.n[0]!, rows[0]!.d / units.d[0]!);
    const vector = toVector(l3, GENERAL);
    const { gradient, kind } = quantityOf(frame, QUESTION, solve(vector));
    expect(kind).toBe('domain-ratio');
    vector.forEach((value, j) => {
      // alpha and beta enter the units of A and B: compare linear parameters and those without units.
      if (['alpha', 'beta'].includes(l3.parameters[j]!.name)) return;
      const step = 1e-3 * value;
      const moved = (sign: number) => solve(vector.map((each, k) => (k === j ? each + sign * step : each)))!;
      const numeric = (moved(1) - moved(-1)) / (2 * step) / scale[j]!;
      expect(gradient[j]! / numeric).toBeCloseTo(1, 2);
    });
  });

  it('is that of a brute-force search, and null or 1 at the ends', () => {
    const limit = (1 + QUESTION.target.tolerance) * QUESTION.baseGeneralLoss;
    const { E, A, B, C, alpha, beta, gamma, eta, epsilon } = GENERAL as Record<string, number>;
    const { n, d } = QUESTION.target;
    let brute = 0;
    for (let k = 0; k <= 20_000; k++) {
      const r = 1 - k / 20_000;
      const loss = E! + A! / n ** alpha! + (B! * r ** eta!) / d ** beta! + C! / (r + epsilon!) ** gamma!;
      if (loss <= limit) brute = k / 20_000;
    }
    expect(Math.abs(solve(toVector(l3, GENERAL))! - brute)).toBeLessThan(1e-4);
    expect(ratioSolver(l3, tolerance(5))(toVector(l3, GENERAL))).toBe(1);
    expect(ratioSolver(l3, tolerance(-0.5))(toVector(l3, GENERAL))).toBeNull();
  });
});

describe('nextRuns', () => {
  const rows = fewRuns();
  const inputs = planInputs(rows);
  const plan = nextRuns(inputs);

  it('suggests runs that narrow the answer, the most telling first', () => {
    expect(plan.quantity).toBe('domain-ratio');
    expect(plan.runs).toHaveLength(3);
    const widths = [plan.before.halfWidth, ...plan.runs.map((run) => run.halfWidthAfter)];
    for (let k = 1; k < widths.length; k++) expect(widths[k]!).toBeLessThan(widths[k - 1]!);
    expect(plan.after.halfWidth).toBe(widths.at(-1));
    expect(plan.after.low).toBeCloseTo(plan.domainRatio! - plan.after.halfWidth, 12);
    expect(plan.runs[0]).toMatchObject({ n: 5.6e-5, d: TOKENS[5], evaluateAt: TOKENS });
    expect(plan.runs[0]!.flops).toBeCloseTo(6 * 5.6e-5 * TOKENS[5]! * 1e18, -3);
    expect(plan.cost.tokens).toBeCloseTo(
      plan.runs.reduce((sum, { d }) => sum + d, 0),
      12,
    );
  });

  it('gives the same plan for the same rows in any order', () => {
    const again = nextRuns({ ...inputs, general: { ...inputs.general, rows: [...rows].reverse() } });
    expect(again).toEqual(plan);
  });

  it('finds the best pair there is among few candidates, within 1 %', () => {
    const candidates = { ...inputs.candidates, ratios: [0, 0.25, 0.5, 0.75, 1] };
    const small = knownInputs(rows, { candidates, budget: { runs: 2, flops: 3e11 } });
    const state = planningState(small.general, NOISE);
    const runs = candidateRuns(l3, candidates);
    const { gradient } = quantityOf(state.frame, QUESTION, solve(toVector(l3, GENERAL)));
    const information = runs.map((run) => state.ofRun(pointsOf(run, generalShare)).fisher);
    let best = Number.POSITIVE_INFINITY;
    runs.forEach((a, i) => {
      runs.forEach((b, j) => {
        if (a.flops + b.flops > 3e11) return;
        const both = plus(plus(state.have.fisher, information[i]!), information[j]!);
        best = Math.min(best, leastVariance(both, gradient));
      });
    });
    const chosen = nextRuns(small).runs.map((run) =>
      runs.findIndex((each) => each.n === run.n && each.domainRatio === run.domainRatio && each.d === run.d),
    );
    const found = leastVariance(
      chosen.reduce((total, i) => plus(total, information[i]!), state.have.fisher),
      gradient,
    );
    expect(found).toBeLessThanOrEqual(best * 1.01);
  });

  it.each<[Budget]>([
    [{ runs: 5, tokens: 1.3e-3 }],
    [{ runs: 5, flops: 2e11 }],
    [{ runs: 8, tokens: 1.6e-3, flops: 1e11 }],
  ])('stays within the budget %o', (budget) => {
    const within = nextRuns({ ...inputs, budget });
    expect(within.cost.tokens).toBeLessThanOrEqual((budget.tokens ?? 1) * (1 + 1e-9));
    expect(within.cost.flops).toBeLessThanOrEqual((budget.flops ?? 1e99) * (1 + 1e-9));
    expect(within.runs.length).toBeGreaterThan(0);
    expect(within.runs.length).toBeLessThanOrEqual(budget.runs);
    if (within.runs.length < budget.runs)
      expect(within.warnings.join()).toMatch(/pays for \d of the \d runs asked for/);
    expect(within.after.halfWidth).toBeLessThan(within.before.halfWidth);
  });

  it('goes for a size that the law knows nothing about when the question is about it', () => {
    const without = rows.filter((row) => row.n < 5e-5);
    const asked = planInputs(without, { noise: NOISE });
    const found = nextRuns({ ...asked, budget: { runs: 1 } });
    expect(found.runs[0]!.n).toBe(5.6e-5);
    expect(found.warnings.join()).toMatch(/not sound \(too-few-sizes\)/);
    expect(found.warnings.join()).toMatch(/nearly singular/);
  });

  it('plans for the general loss at the end of the range where the ratio has no derivative', () => {
    const free = nextRuns({ ...inputs, question: tolerance(5) });
    expect(free).toMatchObject({ quantity: 'general-loss', domainRatio: 1 });
    expect(free.warnings.join()).toMatch(/stands at the end of its range, 1/);
    expect(free.runs[0]!.domainRatio).toBeGreaterThan(0.9);
    expect(free.warnings.join()).toMatch(/general share below 0\.05/);
    const never = nextRuns({ ...inputs, question: tolerance(-0.5) });
    expect(never).toMatchObject({ quantity: 'general-loss', domainRatio: null });
    expect(never.warnings.join()).toMatch(/no ratio keeps general loss within the tolerance/);
    expect(never.runs[0]!.domainRatio).toBeLessThan(0.1);
  });

  it('holds parameters at bounds there and says so', () => {
    const fit = { ...inputs.general.fit, parameters: { ...GENERAL, E: 0, eta: 0.01 } };
    const held = nextRuns({ ...inputs, noise: NOISE, general: { fit, rows } });
    expect(held.warnings.join()).toMatch(/E, eta at a bound/);
    expect(held.after.halfWidth).toBeGreaterThan(0);
    expect(held.after.halfWidth).toBeLessThan(held.before.halfWidth);
  });

  it('says when resampled fits scatter otherwise than the straight line does', () => {
    const resampled = (spread: number) => ({
      ...inputs.general.fit,
      replicates: Array.from({ length: 30 }, (_, k) => ({ ...GENERAL, C: 0.3 + (spread * (k - 15)) / 15 })),
    });
    const planned = (spread: number) => nextRuns({ ...inputs, general: { fit: resampled(spread), rows } });
    expect(planned(0.001).warnings.join()).toMatch(/but fits to resampled runs scatter by 0\.00/);
    expect(planned(0.008).warnings.join()).not.toMatch(/resampled/);
    expect(planned(0.008).runs).toEqual(plan.runs);
  });

  it('says what the runs do for the domain loss, from its own law', () => {
    const domainRows = fewRuns({ seed: 9 });
    const both = nextRuns({
      ...inputs,
      domain: { fit: fitLaw(l3, domainRows, { starts: 16 }), rows: domainRows },
    });
    expect(both.runs).toEqual(plan.runs);
    expect(both.domainLoss!.after).toBeLessThan(both.domainLoss!.before);
    const few = domainRows.filter((row) => row.n > 5e-5);
    const none = nextRuns({ ...inputs, domain: { fit: fitLaw(l3, few, { starts: 8 }), rows: few } });
    expect(none.domainLoss).toBeNull();
    expect(none.warnings.join()).toMatch(/no half width of the domain loss: 4 runs are too few/);
  });

  it('trusts single rows where their noise is known, and only the last where it is not', () => {
    const single = nextRuns({ ...inputs, noise: { run: 0.005, row: 0 } });
    expect(single.warnings.join()).toMatch(/each run counts as its last row alone/);
    const seen = nextRuns({ ...inputs, noise: { run: 0.005, row: 0.0001 } });
    expect(seen.before.halfWidth).toBeLessThan(single.before.halfWidth);
  });

  const refusal = (changes: Partial<PlanInputs>): UserError => {
    try {
      nextRuns({ ...inputs, ...changes });
    } catch (error) {
      if (error instanceof UserError) return error;
      throw error;
    }
    throw new Error('nothing was refused');
  };

  it('refuses a budget that pays for nothing, with the price of the cheapest run', () => {
    const error = refusal({ budget: { runs: 2, tokens: 1e-5, flops: 1e9 } });
    expect(error.message).toMatch(
      /budget of 0\.00001 billion tokens and 1\.00e\+9 FLOP pays for none of the 306/,
    );
    expect(error.nextStep).toMatch(/cheapest take 0\.00029\d* billion tokens and 1\.05e\+10 FLOP/);
  });

  it.each<[Partial<PlanInputs>, RegExp]>([
    [{ budget: { runs: 0 } }, /0 is not a number of runs/],
    [{ candidates: { ...inputs.candidates, sizes: [] } }, /no model size to choose/],
    [{ candidates: { ...inputs.candidates, sizes: [{ n: -1 }] } }, /model size -1/],
    [{ candidates: { ...inputs.candidates, ratios: [1.5] } }, /ratio 1\.5 is not in 0…1/],
    [{ candidates: { ...inputs.candidates, tokens: [{ d: 1, evaluateAt: [] }] } }, /never evaluated/],
    [
      { candidates: { ...inputs.candidates, tokens: [{ d: 1, evaluateAt: [2] }] } },
      /cannot be evaluated at 2/,
    ],
    [{ question: { ...QUESTION, baseGeneralLoss: 0 } }, /baseGeneralLoss is 0/],
    [{ level: 1 }, /level is 1/],
    [{ noise: { run: 0, row: 0 } }, /noise of 0 between runs and 0/],
    [{ general: { fit: { ...inputs.general.fit, starts: 0 }, rows } }, /no L3 fit to plan from/],
    [{ general: { fit: inputs.general.fit, rows: [] } }, /no L3 fit to plan from/],
  ])('refuses what makes no sense: %#', (changes, message) => {
    expect(refusal(changes).message).toMatch(message);
    expect(refusal(changes).nextStep).toBeTruthy();
  });

  it('plans from another form too, where the ratio does not enter as where it does', () => {
    const fit = fitLaw(chinchilla, rows, { starts: 8 });
    const blind = nextRuns({ ...inputs, general: { fit, rows }, question: tolerance(0.5) });
    expect(blind.quantity).toBe('general-loss');
    expect(SIZES).toContain(blind.runs[0]!.n);
  });
});
