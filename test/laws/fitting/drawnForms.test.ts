import { describe, expect, it } from 'vitest';
import { makeRandom } from '../../../src/common/random.ts';
import { fitLaw } from '../../../src/laws/fitting/fit.ts';
import { lawValues, parameterNames, toVector } from '../../../src/laws/forms/form.ts';
import { lawForm } from '../../../src/laws/forms/registry.ts';
import type { LawParameters } from '../../../src/laws/types.ts';
import { formGrid, inCorner } from './formGrid.ts';

/** Middle of the grid, in billions: a term's coefficient is drawn as what the term costs here. */
const MIDDLE = { n: 1.85e-5, d: 2.3e-4, ratio: 0.5 };

/** Laws as sweeps of small models may show them; what a form does not have is left out. */
const FORMS: Record<string, (draw: ReturnType<typeof drawer>) => LawParameters> = {
  L1: ({ E, A, B, C, alpha, beta, gamma, epsilon }) => ({ E, A, B, C, alpha, beta, gamma, epsilon }),
  L2: ({ E, A, B, C, alpha, beta, gamma, epsilon, eta }) => ({
    E,
    A,
    B,
    C,
    alpha,
    beta,
    gamma,
    epsilon,
    eta,
  }),
  L3: ({ E, A, B, C, alpha, beta, gamma, epsilon, eta }) => ({
    E,
    A,
    B,
    C,
    alpha,
    beta,
    gamma,
    epsilon,
    eta,
  }),
  L4: ({ E, A, B, C, alpha, beta, log }) => ({ E, A, B, C, alpha, beta, b: log(0.3, 4), c: log(1.5, 30) }),
  L5: ({ E, A, B, alpha, beta, log }) => ({ E, A, B, alpha, beta, sigma: log(2e-6, 2e-4) }),
  L6: ({ E, A, B, C, alpha, beta, gamma, epsilon }) => ({ E, A, B, C, alpha, beta, gamma, epsilon }),
  L7: ({ E, A, B, C, alpha, beta, gamma, epsilon, eta }) => ({
    E,
    A,
    B,
    C,
    alpha,
    beta,
    gamma,
    epsilon,
    eta,
  }),
  chinchilla: ({ E, A, B, alpha, beta }) => ({ E, A, B, alpha, beta }),
  'average-parameter-chinchilla': ({ E, A, B, alpha, beta }) => ({ E, A, B, alpha, beta }),
  'data-mixing': ({ E, even }) => ({ c: E, k: even(0.3, 1.5), t: even(-10, 5) }),
  bimix: ({ E, B, beta, log }) => ({ B, C: E, alpha: log(0.01, 0.3), beta }),
  ge24: ({ E, B, C, beta, log }) => ({ E, B, C, beta, gamma: log(0.1, 0.8) }),
  capacity: ({ E, A, B, alpha, beta, log }) => ({ E, A, B, alpha, beta, q: log(0.3, 5) }),
  'cross-lingual': ({ E, A, B, alpha, beta, even }) => {
    const gamma = even(-0.1, 0.3);
    return { E, A, B: B * MIDDLE.n ** gamma, alpha, beta, gamma };
  },
};

function drawer(...seeds: string[]) {
  const random = makeRandom('drawn forms', ...seeds);
  const even = (low: number, high: number) => low + (high - low) * random.uniform();
  const log = (low: number, high: number) => low * (high / low) ** random.uniform();
  const [alpha, beta, gamma] = [log(0.15, 0.6), log(0.15, 0.7), log(0.3, 1.5)];
  return {
    even,
    log,
    E: even(0.8, 2),
    A: even(0.3, 1.2) * MIDDLE.n ** alpha,
    B: even(0.1, 0.6) * MIDDLE.d ** beta,
    C: even(0.1, 0.6) * MIDDLE.ratio ** gamma,
    alpha,
    beta,
    gamma,
    epsilon: log(0.05, 0.4),
    eta: log(0.5, 2),
  };
}

/** Fits noise-free rows of a law and asks it back: predictions on the whole grid, and every parameter. */
function expectBack(name: string, truth: LawParameters, asymmetric: boolean) {
  const form = lawForm(name);
  const points = formGrid(form);
  const losses = lawValues(form, toVector(form, truth), points);
  const rows = points.map((point, i) => ({ ...point, loss: losses[i]! }));
  const fit = fitLaw(form, asymmetric ? rows.filter((row) => !inCorner(row)) : rows);
  const back = lawValues(form, toVector(form, fit.parameters), points);
  const errors = points.map((_, i) => Math.abs(back[i]! / losses[i]! - 1));
  expect(Math.max(...errors), JSON.stringify(truth)).toBeLessThan(1e-7);
  for (const parameter of parameterNames(form))
    expect(Math.abs(fit.parameters[parameter]! / truth[parameter]! - 1), parameter).toBeLessThan(1e-4);
  return fit;
}

describe.each(Object.keys(FORMS))('%s', (name) => {
  it.each([
    ['a full grid', false],
    ['an asymmetric design', true],
  ] as const)('comes back from %s, whatever was drawn', (_, asymmetric) => {
    expectBack(name, FORMS[name]!(drawer(name, String(asymmetric))), asymmetric);
  });
});

it.each([
  ['L4', { E: 1.24, A: 0.0075, B: 0.011, C: 0.42, alpha: 0.46, beta: 0.32, b: 0.46, c: 0.36 }],
  ['L4', { E: 1.36, A: 0.0077, B: 0.049, C: 0.54, alpha: 0.42, beta: 0.26, b: 1.3, c: 0.67 }],
  ['data-mixing', { c: 1.7, k: 0.1, t: 5 }],
  ['data-mixing', { c: 1.7, k: 0.9, t: -11 }],
  ['bimix', { B: 0.02, C: 1.8, alpha: 0.012, beta: 0.4 }],
] as const)('%s: %j lies inside the ranges that starts come from', (name, truth) => {
  expect(expectBack(name, truth, false).status).toBe('converged');
});
