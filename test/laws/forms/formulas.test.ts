import { describe, expect, it } from 'vitest';
import { makeRandom } from '../../../src/common/random.ts';
import { columnsOf } from '../../../src/laws/forms/columns.ts';
import {
  evaluationFor,
  lawValue,
  parameterNames,
  toParameters,
  toVector,
} from '../../../src/laws/forms/form.ts';
import { lawForm, lawForms } from '../../../src/laws/forms/registry.ts';
import type { LawParameters, LawPoint } from '../../../src/laws/types.ts';

type Formula = (p: Readonly<Record<string, number>>, n: number, d: number, r: number) => number;

/** The papers' formulas, written out a second time without the forms' terms. `n`: what the form takes for model size. */
const PAPERS: Record<string, Formula> = {
  L1: (p, n, d, r) => p.E! + p.A! / n ** p.alpha! + p.B! / d ** p.beta! + p.C! / (r + p.epsilon!) ** p.gamma!,
  L2: (p, n, d, r) =>
    p.E! + p.A! / n ** p.alpha! + (p.B! / d ** p.beta! + p.C! / (r + p.epsilon!) ** p.gamma!) ** p.eta!,
  L3: (p, n, d, r) =>
    p.E! + p.A! / n ** p.alpha! + (p.B! * r ** p.eta!) / d ** p.beta! + p.C! / (r + p.epsilon!) ** p.gamma!,
  L4: (p, n, d, r) => p.E! + p.A! / n ** p.alpha! + (p.B! * p.b! ** r) / d ** p.beta! + p.C! / p.c! ** r,
  L5: (p, n, d, r) => p.E! + p.A! / n ** p.alpha! + p.B! / (r * d + (1 - r) * p.sigma!) ** p.beta!,
  L6: (p, n, d, r) =>
    p.E! + p.A! / n ** p.alpha! + (p.B! * Math.E ** r) / d ** p.beta! + p.C! / (r + p.epsilon!) ** p.gamma!,
  L7: (p, n, d, r) =>
    p.E! +
    p.A! / n ** p.alpha! +
    (p.B! * (r + p.epsilon!) ** p.eta!) / d ** p.beta! +
    p.C! / (r + p.epsilon!) ** p.gamma!,
  chinchilla: (p, n, d) => p.E! + p.A! / n ** p.alpha! + p.B! / d ** p.beta!,
  'average-parameter-chinchilla': (p, n, d) => p.E! + p.A! / n ** p.alpha! + p.B! / d ** p.beta!,
  'data-mixing': (p, _n, _d, r) => p.c! + p.k! * Math.exp(p.t! * r),
  bimix: (p, _n, d, r) => (p.B! / d ** p.beta! + p.C!) / r ** p.alpha!,
  ge24: (p, _n, d, r) => p.E! + p.B! / d ** p.beta! + p.C! / r ** p.gamma!,
  capacity: (p, n, d, r) => {
    const own = r ** (1 / (1 + p.alpha!));
    const other = (p.q! * (1 - r)) ** (1 / (1 + p.alpha!));
    return p.E! + p.A! / ((n * own) / (own + other)) ** p.alpha! + p.B! / (d * r) ** p.beta!;
  },
  'cross-lingual': (p, n, d) => p.E! + p.A! / n ** p.alpha! + p.B! / (d ** p.beta! * n ** p.gamma!),
};

const POINTS = [
  [6e-6, 6e-5],
  [0.5, 3],
  [4, 26],
].flatMap(([n, d]) => [0, 0.07, 0.5, 1].map((ratio) => ({ n: n!, d: d!, ratio })));

describe.each(Object.keys(PAPERS))('%s', (name) => {
  const form = lawForm(name);
  const random = makeRandom('formulas', name);
  const draws = Array.from({ length: 4 }, () =>
    toParameters(
      form,
      form.parameters.map(() => 0.2 + random.uniform()),
    ),
  );
  const sizeOf = (point: LawPoint) => (form.inputs.length > 0 ? 0.6 * point.n : point.n);
  const points = POINTS.filter(({ ratio }) => form.ratios === 'all' || ratio > 0).map((point) => ({
    ...point,
    inputs: Object.fromEntries(form.inputs.map((input) => [input.name, sizeOf(point)])),
  }));
  const agrees = (formula: Formula) => {
    for (const parameters of draws) {
      for (const point of points) {
        const expected = formula(parameters, sizeOf(point), point.d, point.ratio);
        const actual = lawValue(form, toVector(form, parameters), point);
        expect(Math.abs(actual / expected - 1), JSON.stringify(point)).toBeLessThan(1e-12);
      }
    }
  };

  it('computes the formula of its paper', () => agrees(PAPERS[name]!));

  it('computes the formula that it prints', () => agrees(printed(form.formula, parameterNames(form))));
});

/** A form's printed formula as a function. */
function printed(formula: string, names: readonly string[]): Formula {
  const code = formula
    .replaceAll('^', '**')
    .replace('exp(', 'Math.exp(')
    .replace('*e**r', '*Math.E**r')
    .replace('meanN', 'N');
  const run = new Function('N', 'D', 'r', ...names, `return ${code};`);
  return (p, n, d, r) => run(n, d, r, ...names.map((each) => p[each]));
}

describe('where the formulas end', () => {
  const AT_ENDS = Object.values(lawForms).flatMap((form) =>
    [0, 1].map((ratio) => ({ form, ratio, name: form.name })),
  );
  /** Value, gradient and slope of one row whose linear parameters are `linear`. */
  const all = (form: (typeof AT_ENDS)[number]['form'], ratio: number, linear: (i: number) => number) => {
    const vector = form.parameters.map((_, i) => (i < form.linear ? linear(i) : 0.4));
    const inputs = Object.fromEntries(form.inputs.map((input) => [input.name, 0.05]));
    const out = evaluationFor(form, 1, { gradient: true, ratioSlope: true });
    form.evaluate(vector, columnsOf(form, [{ n: 0.01, d: 0.1, ratio, inputs }]), out);
    return {
      value: out.value[0]!,
      gradient: out.gradient!.map((column) => column[0]!),
      slope: out.ratioSlope![0]!,
    };
  };

  it.each(AT_ENDS)(
    '$name has no NaN at ratio $ratio, also where a fit left a coefficient at 0',
    ({ form, ratio }) => {
      for (const linear of [() => 0.5, () => 2, (i: number) => (i === 0 ? 0.5 : 0), () => 0]) {
        const { value, gradient, slope } = all(form, ratio, linear);
        expect([value, ...gradient, slope].filter(Number.isNaN)).toEqual([]);
      }
    },
  );

  it('is infinite exactly where a form says that it has no value', () => {
    for (const { form, ratio } of AT_ENDS) {
      const diverges = form.ratios === 'positive' && ratio === 0;
      for (const linear of [() => 0.5, (i: number) => (i === 0 ? 0.5 : 0)])
        expect(all(form, ratio, linear).value === Number.POSITIVE_INFINITY, form.name).toBe(diverges);
    }
  });

  it('keeps rows beside one at ratio 0 as they are', () => {
    const parameters: LawParameters = { B: 0.02, C: 1.8, alpha: 0.12, beta: 0.4 };
    const form = lawForm('bimix');
    const row = { n: 1, d: 2, ratio: 0.3 };
    const out = evaluationFor(form, 3, { gradient: true, ratioSlope: true });
    form.evaluate(toVector(form, parameters), columnsOf(form, [row, { ...row, ratio: 0 }, row]), out);
    const expected = PAPERS.bimix!(parameters, 1, 2, 0.3);
    expect(out.value[0]).toBeCloseTo(expected, 12);
    expect(out.value[2]).toBeCloseTo(expected, 12);
    expect(out.ratioSlope![2]).toBeCloseTo((-0.12 * expected) / 0.3, 12);
    expect(out.value[1]).toBe(Number.POSITIVE_INFINITY);
  });
});
