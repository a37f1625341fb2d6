import { describe, expect, it } from 'vitest';
import { makeRandom } from '../../../src/common/random.ts';
import { fitLaw } from '../../../src/laws/fitting/fit.ts';
import { type LawForm, lawValues, parameterNames, toVector } from '../../../src/laws/forms/form.ts';
import { lawForm, lawForms } from '../../../src/laws/forms/registry.ts';
import type { LawObservation, LawParameters } from '../../../src/laws/types.ts';
import { formGrid, type GridPoint, inCorner } from './formGrid.ts';

/** A law of each form, as it might come out of a small sweep; N and D in billions. */
const TRUTHS: Record<string, LawParameters> = {
  L1: { E: 1.2, A: 0.02, B: 0.01, C: 0.3, alpha: 0.3, beta: 0.4, gamma: 0.6, epsilon: 0.12 },
  L2: { E: 1.2, A: 0.02, B: 0.03, C: 0.4, alpha: 0.3, beta: 0.25, gamma: 0.7, eta: 1.4, epsilon: 0.1 },
  L3: { E: 1.5, A: 0.02, B: 0.02, C: 0.3, alpha: 0.3, beta: 0.25, gamma: 0.6, eta: 0.8, epsilon: 0.12 },
  L4: { E: 1.2, A: 0.02, B: 0.01, C: 0.8, alpha: 0.3, beta: 0.35, b: 1.7, c: 6 },
  L5: { E: 1.6, A: 0.02, B: 0.004, alpha: 0.3, beta: 0.5, sigma: 2e-5 },
  L6: { E: 1.2, A: 0.02, B: 0.005, C: 0.3, alpha: 0.3, beta: 0.4, gamma: 0.6, epsilon: 0.12 },
  L7: { E: 1.2, A: 0.02, B: 0.02, C: 0.3, alpha: 0.3, beta: 0.3, gamma: 0.6, eta: 0.7, epsilon: 0.12 },
  chinchilla: { E: 1.5, A: 0.02, B: 0.01, alpha: 0.3, beta: 0.4 },
  'average-parameter-chinchilla': { E: 1.5, A: 0.02, B: 0.01, alpha: 0.3, beta: 0.4 },
  'data-mixing': { c: 1.7, k: 0.9, t: -3.4 },
  bimix: { B: 0.02, C: 1.8, alpha: 0.12, beta: 0.4 },
  ge24: { E: 1.5, B: 0.02, C: 0.3, beta: 0.35, gamma: 0.4 },
  capacity: { E: 1.4, A: 0.03, B: 0.006, alpha: 0.25, beta: 0.4, q: 1.6 },
  'cross-lingual': { E: 1.5, A: 0.02, B: 0.006, alpha: 0.3, beta: 0.3, gamma: 0.08 },
  'apple-additive': {
    E: 1.2,
    A: 0.02,
    B: 0.01,
    C1: 2.2,
    gamma1: 0.6,
    C2: 0.7,
    gamma2: 1.3,
    alpha: 0.3,
    beta: 0.4,
  },
  'apple-joint': {
    E: 1.2,
    C1: 2.2,
    gamma1: 0.6,
    C2: 0.7,
    gamma2: 1.3,
    CA1: 0.02,
    CA2: 0.03,
    gammaA: 1.2,
    alpha: 0.3,
    CB1: 0.01,
    CB2: 0.02,
    gammaB: 0.9,
    beta: 0.4,
  },
  'learning-dynamics-general': {
    L0: 1.4,
    A: 0.5,
    C1: 0.3,
    C2: 0.25,
    B: 0.3,
    alpha: 0.5,
    a1: 0.2,
    E: 30,
    beta: 0.3,
    a2: 3.2,
  },
  'learning-dynamics-domain': {
    L0: 1.9,
    A: 0.45,
    C1: 0.3,
    C2: 0.28,
    B: -0.05,
    alpha: 0.5,
    a1: 0.1,
    E: 60,
    beta: 0.3,
    a2: 2,
  },
  forgetting: { A: 0.5, alpha: 0.15, beta: 0.3, B: 40 },
  'forgetting-domain': { E: 1.2, A: 0.03, alpha: 0.2, beta: 0.15 },
  'repetition-aware': { E: 1.4, A: 0.02, B: 0.01, alpha: 0.3, beta: 0.35, rD: 12, rN: 6 },
};
/** Forms in which parameters compensate for each other so far that only predictions are asked back. */
const PREDICTIONS_ONLY = new Set([
  'apple-joint',
  'learning-dynamics-general',
  'learning-dynamics-domain',
  'repetition-aware',
]);

/** Relative, of one run's luck and of single rows. */
const NOISE = { run: 3e-3, row: 1e-3 };

function plant(
  form: LawForm,
  points: readonly GridPoint[],
  { run: runNoise, row: rowNoise } = { run: 0, row: 0 },
): LawObservation[] {
  const random = makeRandom('planted form', form.name);
  const luck = new Map(
    [...new Set(points.map(({ run }) => run))].map((run) => [run, runNoise * random.normal()]),
  );
  const losses = lawValues(form, toVector(form, TRUTHS[form.name]!), points);
  return points.map((point, i) => ({
    ...point,
    loss: losses[i]! * Math.exp(luck.get(point.run)! + rowNoise * random.normal()),
  }));
}

describe.each(Object.keys(TRUTHS).filter((name) => Object.hasOwn(lawForms, name)))('%s', (name) => {
  const form = lawForm(name);
  const points = formGrid(form);

  it('comes back from noise-free rows', () => {
    const rows = plant(form, points);
    const fit = fitLaw(form, rows);
    const predicted = lawValues(form, toVector(form, fit.parameters), rows);
    rows.forEach((row, i) => {
      expect(Math.abs(predicted[i]! / row.loss - 1)).toBeLessThan(1e-7);
    });
    if (PREDICTIONS_ONLY.has(name)) return;
    for (const parameter of parameterNames(form)) {
      const wanted = TRUTHS[name]![parameter]!;
      expect(Math.abs(fit.parameters[parameter]! / wanted - 1), parameter).toBeLessThan(1e-4);
    }
  });

  it('predicts what was held out within the noise, also from an asymmetric design', () => {
    const rows = plant(
      form,
      points.filter((point) => !inCorner(point)),
      NOISE,
    );
    const fit = fitLaw(form, rows);
    const unseen = points.filter(inCorner);
    const truth = lawValues(form, toVector(form, TRUTHS[name]!), unseen);
    const predicted = lawValues(form, toVector(form, fit.parameters), unseen);
    const squares = unseen.map((_, i) => (predicted[i]! / truth[i]! - 1) ** 2);
    const rms = Math.sqrt(squares.reduce((sum, each) => sum + each, 0) / squares.length);
    expect(rms).toBeLessThan(Math.hypot(NOISE.run, NOISE.row));
  });
});

it('knows a planted law of every form that can be fitted to a sweep', () => {
  const missing = Object.values(lawForms).filter(
    (form) => !Object.hasOwn(TRUTHS, form.name) && !PREDICTIONS_ONLY.has(form.name),
  );
  expect(missing.map((form) => form.name)).toEqual([]);
});
