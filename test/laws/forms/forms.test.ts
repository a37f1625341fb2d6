import { describe, expect, it } from 'vitest';
import { lawForm, lawForms } from '../../../src/laws/forms/registry.ts';
import { predict } from '../../../src/laws/predict.ts';
import { lawFormContract } from '../../contract/lawForm.ts';

for (const form of Object.values(lawForms)) lawFormContract(form);

describe('L3', () => {
  const parameters = {
    E: 1.2,
    A: 0.5,
    B: 0.3,
    C: 0.4,
    alpha: 0.3,
    beta: 0.25,
    gamma: 0.7,
    eta: 1.4,
    epsilon: 0.1,
  };

  it('is the published formula (arXiv 2406.01375 Eq 6), worked by hand', () => {
    const expected = 1.2 + 0.5 / 1.8 ** 0.3 + (0.3 * 0.2 ** 1.4) / 10 ** 0.25 + 0.4 / 0.3 ** 0.7;
    expect(predict('L3', parameters, { n: 1.8, d: 10, ratio: 0.2 })).toBeCloseTo(expected, 14);
  });

  it('does not depend on D where the corpus is absent', () => {
    const at = (d: number) => predict('L3', parameters, { n: 1.8, d, ratio: 0 });
    expect(at(0.1)).toBe(at(100));
  });

  it('is Chinchilla at a fixed ratio: E + C/(r + epsilon)^gamma and B·r^eta', () => {
    const ratio = 0.5;
    const { A, alpha, beta } = parameters;
    const collapsed = { E: 1.2 + 0.4 / 0.6 ** 0.7, A, B: 0.3 * 0.5 ** 1.4, alpha, beta };
    for (const [n, d] of [
      [0.5, 1],
      [4, 26],
    ] as const) {
      expect(predict('L3', parameters, { n, d, ratio })).toBeCloseTo(
        predict('chinchilla', collapsed, { n, d, ratio }),
        12,
      );
    }
  });
});

describe('the registry', () => {
  it('names the forms there are', () => {
    expect(() => lawForm('L9')).toThrow(/no law L9/);
    expect(() => lawForm('toString')).toThrow(/no law/);
  });

  it('knows the D-CPT law by its name, and names in any case', () => {
    for (const name of ['d-cpt', 'D-CPT', 'L3', 'l3']) expect(lawForm(name).name).toBe('L3');
    expect(lawForm('Cross-Lingual').name).toBe('cross-lingual');
    for (const [name, form] of Object.entries(lawForms)) expect(lawForm(name.toUpperCase())).toBe(form);
  });

  it('has the candidates of the D-CPT paper and the rivals', () => {
    const rivals = 'chinchilla average-parameter-chinchilla data-mixing bimix ge24 capacity cross-lingual';
    const wanted = [...['L1', 'L2', 'L3', 'L4', 'L5', 'L6', 'L7'], ...rivals.split(' ')];
    expect(Object.keys(lawForms)).toEqual(expect.arrayContaining(wanted));
  });
});
