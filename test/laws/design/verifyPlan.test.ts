import { describe, expect, it } from 'vitest';
import { nextRuns } from '../../../src/laws/design/nextRuns.ts';
import { verifyPlan } from '../../../src/laws/design/verifyPlan.ts';
import { fewRuns, GENERAL, knownInputs, NOISE, planInputs, QUESTION } from './planned.ts';

describe('verifyPlan', () => {
  it('measures what the straight line predicts, within a factor of 1.5 of the variance, on a sound design', () => {
    const ratios = [0, 0.2, 0.4, 0.6, 0.8, 1];
    for (const noise of [NOISE, { run: 0.001, row: 0.004 }]) {
      const inputs = knownInputs(fewRuns({ ratios }), { noise });
      const plan = nextRuns(inputs);
      const check = verifyPlan(inputs, plan, { truth: 'fit', simulations: 120 });
      for (const [measured, predicted] of [
        [check.now, plan.before],
        [check.withPlan, plan.after],
      ] as const) {
        const variances = (measured.halfWidth / predicted.halfWidth) ** 2;
        expect(variances).toBeGreaterThan(1 / 1.5);
        expect(variances).toBeLessThan(1.5);
        expect(Math.abs(measured.bias)).toBeLessThan(measured.halfWidth / 4);
      }
    }
  });

  it('finds that planned runs narrow the answer far more than random ones of equal cost', () => {
    // Planned from noisy data and its own estimate of the noise; judged under the planted law.
    const rows = fewRuns({ seed: 1 });
    const question = { ...QUESTION, target: { ...QUESTION.target, tolerance: 0.1 } };
    const inputs = planInputs(rows, { budget: { runs: 4 }, question });
    const plan = nextRuns(inputs);
    const truth = {
      ...inputs,
      noise: NOISE,
      general: { rows, fit: { ...inputs.general.fit, parameters: GENERAL } },
    };
    const check = verifyPlan(truth, plan, { truth: 'fit', simulations: 120 });
    expect(check.withPlan.halfWidth).toBeLessThan(0.6 * check.now.halfWidth);
    expect(check.withPlan.halfWidth).toBeLessThan(0.75 * check.withRandomRuns.halfWidth);
    expect(check.randomCost.flops / plan.cost.flops).toBeGreaterThan(0.95);
    expect(check.randomCost.flops / plan.cost.flops).toBeLessThanOrEqual(1 + 1e-9);
    expect(check.randomCost.tokens / plan.cost.tokens).toBeGreaterThan(0.95);
  });

  it('simulates from the resampled fits when there are any, and is the same for a seed', () => {
    const inputs = knownInputs(fewRuns());
    const replicates = [0.26, 0.3, 0.34].map((C) => ({ ...GENERAL, C }));
    const resampled = {
      ...inputs,
      general: { ...inputs.general, fit: { ...inputs.general.fit, replicates } },
    };
    const plan = nextRuns(resampled);
    const few = { simulations: 12 };
    const check = verifyPlan(resampled, plan, few);
    expect(verifyPlan(resampled, plan, few)).toEqual(check);
    expect(check.now.simulations).toBe(12);
    expect(verifyPlan(resampled, plan, { ...few, seed: 2 }).now).not.toEqual(check.now);
    // The fit alone: other truths, other errors, on the same luck.
    const alone = verifyPlan(resampled, plan, { ...few, truth: 'fit' });
    expect(alone.now).not.toEqual(check.now);
    expect(alone).toEqual(verifyPlan(inputs, plan, few));
  });

  it('measures the general loss where the plan is about it', () => {
    const question = { ...QUESTION, target: { ...QUESTION.target, tolerance: 5 } };
    const inputs = knownInputs(fewRuns(), { question });
    const plan = nextRuns(inputs);
    const check = verifyPlan(inputs, plan, { simulations: 60 });
    expect(check.quantity).toBe('general-loss');
    expect(check.now.halfWidth / plan.before.halfWidth).toBeGreaterThan(1 / 1.5);
    expect(check.now.halfWidth / plan.before.halfWidth).toBeLessThan(1.5);
    expect(check.withPlan.halfWidth).toBeLessThan(0.8 * check.now.halfWidth);
  });
});
