import { describe, expect, it } from 'vitest';
import { nextRuns } from '../../../src/laws/design/nextRuns.ts';
import { verifyPlan } from '../../../src/laws/design/verifyPlan.ts';
import { fewRuns, GENERAL, knownInputs, NOISE, planInputs, QUESTION } from './planned.ts';

describe('verifyPlan', () => {
  it('measures what the straight line predicts, within a factor of 1.3, on a sound design', () => {
    const ratios = [0, 0.15, 0.3, 0.45, 0.6, 0.75, 0.9, 1];
    for (const noise of [NOISE, { run: 0.001, row: 0.004 }]) {
      const inputs = knownInputs(fewRuns({ ratios }), { noise });
      const plan = nextRuns(inputs);
      const check = verifyPlan(inputs, plan, { truth: 'fit', simulations: 300 });
      for (const [measured, predicted] of [
        [check.now, plan.before],
        [check.withPlan, plan.after],
      ] as const) {
        expect(measured.halfWidth / predicted.halfWidth).toBeGreaterThan(1 / 1.3);
        expect(measured.halfWidth / predicted.halfWidth).toBeLessThan(1.3);
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
    const check = verifyPlan(truth, plan, { truth: 'fit', simulations: 200 });
    console.log(
      plan.domainRatio,
      check.now.halfWidth,
      check.withPlan.halfWidth,
      check.withRandomRuns.halfWidth,
    );
    expect(check.withPlan.halfWidth).toBeLessThan(0.7 * check.now.halfWidth);
    expect(check.withPlan.halfWidth).toBeLessThan(0.85 * check.withRandomRuns.halfWidth);
    expect(check.randomCost.flops / plan.cost.flops).toBeGreaterThan(0.95);
    expect(check.randomCost.flops / plan.cost.flops).toBeLessThanOrEqual(1 + 1e-9);
    expect(check.randomCost.tokens / plan.cost.tokens).toBeGreaterThan(0.95);
  });
});
