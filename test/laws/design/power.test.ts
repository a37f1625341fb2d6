import { describe, expect, it } from 'vitest';
import { UserError } from '../../../src/common/errors.ts';
import { growingSweeps, type PowerInputs, power } from '../../../src/laws/design/power.ts';
import { GENERAL, NOISE, QUESTION, SIZES, TOKENS } from './planned.ts';

const tokens = { d: TOKENS[5]!, evaluateAt: [TOKENS[0]!, TOKENS[2]!, TOKENS[5]!] };
const sizes = SIZES.map((n) => ({ n }));
const inputs: PowerInputs = {
  law: { form: 'L3', parameters: GENERAL },
  noise: NOISE,
  question: QUESTION,
  sweeps: growingSweeps({ sizes, ratios: [[0, 0.3, 0.6, 1]], seeds: [4, 1, 2], tokens }),
  halfWidth: 0.02,
  simulations: 100,
};

describe('power', () => {
  const table = power(inputs);

  it('lists designs the cheapest first, with half widths that fall as runs are added', () => {
    expect(table.rows.map(({ seeds, runs }) => [seeds, runs])).toEqual([
      [1, 12],
      [2, 24],
      [4, 48],
    ]);
    expect(table.rows[0]!.tokens).toBeCloseTo(12 * TOKENS[5]!, 12);
    expect(table.rows[0]!.flops).toBeCloseTo(
      SIZES.reduce((sum, n) => sum + 4 * 6 * n * TOKENS[5]! * 1e18, 0),
      -6,
    );
    const [one, two, four] = table.rows.map(({ halfWidth }) => halfWidth!);
    expect(one! / two!).toBeGreaterThan(1.1);
    expect(two! / four!).toBeGreaterThan(1.1);
    expect(one! / four!).toBeLessThan(2.8);
  });

  it('names the cheapest design that reaches the half width', () => {
    const [one, two] = table.rows.map(({ halfWidth }) => halfWidth!);
    const between = power({ ...inputs, halfWidth: (one! + two!) / 2 });
    expect(between.reached).toMatchObject({ seeds: 2, runs: 24 });
    expect(between.verdict).toMatch(/^24 runs \(3 sizes × 4 ratios × 2 seeds\) give ± 0\.0/);
  });

  it('says so when none does, and what it assumed', () => {
    const { noise: _, ...unmeasured } = inputs;
    const never = power({ ...unmeasured, halfWidth: 1e-4, sweeps: inputs.sweeps.slice(1, 2) });
    expect(never.reached).toBeNull();
    expect(never.verdict).toMatch(
      /not reached within the runs looked at \(up to 12\); the best of them gives/,
    );
    expect(never.assumptions.join()).toMatch(
      /0\.01 between runs and 0\.005 along a run \(not measured: a default\)/,
    );
    expect(table.assumptions.join()).not.toMatch(/a default/);
  });

  it('gives no half width to a design that cannot fit the law, and says why', () => {
    const sweeps = growingSweeps({ sizes, ratios: [[0, 0.5, 1]], seeds: [1], tokens });
    const { rows, verdict } = power({ ...inputs, sweeps });
    expect(rows[0]).toMatchObject({ halfWidth: null, note: expect.stringMatching(/3 distinct ratios/) });
    expect(verdict).toMatch(/none of the designs looked at, of up to 9 runs, can fit the law/);
  });

  it('is the same for a seed and another for another', () => {
    const few = { ...inputs, sweeps: inputs.sweeps.slice(1, 2), simulations: 20 };
    expect(power(few)).toEqual(power(few));
    expect(power({ ...few, seed: 2 }).rows).not.toEqual(power(few).rows);
  });

  it.each<[Partial<PowerInputs>, RegExp]>([
    [{ sweeps: [] }, /no design/],
    [{ halfWidth: 0 }, /cannot be reached/],
    [{ question: { ...QUESTION, target: { ...QUESTION.target, tolerance: 5 } } }, /the best ratio is 1/],
    [{ question: { ...QUESTION, target: { ...QUESTION.target, tolerance: -0.5 } } }, /no ratio is within/],
    [{ sweeps: [{ ...inputs.sweeps[0]!, seeds: 0 }] }, /0 seeds/],
    [{ law: { form: 'L99', parameters: GENERAL } }, /there is no law L99/],
  ])('refuses what makes no sense: %#', (changes, message) => {
    expect(() => power({ ...inputs, ...changes })).toThrow(message);
    expect(() => power({ ...inputs, ...changes })).toThrow(UserError);
  });
});
