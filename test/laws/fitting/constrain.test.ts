import { describe, expect, it } from 'vitest';
import { constrainedForm, fitConstrained, withMinTokens } from '../../../src/laws/fitting/constrain.ts';
import { fitLaw } from '../../../src/laws/fitting/fit.ts';
import { chinchilla } from '../../../src/laws/forms/chinchilla.ts';
import { lawGradient, lawRatioSlopes, lawValue, toVector } from '../../../src/laws/forms/form.ts';
import { l3 } from '../../../src/laws/forms/l3.ts';
import { PLANTED, plantedRows } from '../planted.ts';

/** A law whose loss rises with its own corpus' share near ratio 1. */
const RISING = { ...PLANTED, B: 0.12, C: 0.02, eta: 1.6 };

describe('a fit whose loss may not rise with its corpus share', () => {
  it('falls everywhere on the box, binds where the data rise, and says what it costs', () => {
    const rows = plantedRows({ parameters: RISING, rowNoise: 1e-3 });
    const free = fitLaw(l3, rows, { starts: 32 });
    const slopesOf = (parameters: Record<string, number>) =>
      lawRatioSlopes(
        l3,
        toVector(l3, parameters),
        rows.filter((row) => row.ratio > 0),
      );
    expect(Math.max(...slopesOf(free.parameters))).toBeGreaterThan(0.01);
    for (const kind of ['box', 'published'] as const) {
      const fit = fitConstrained(l3, rows, kind, { starts: 32 });
      expect(Math.max(...slopesOf(fit.parameters))).toBeLessThanOrEqual(1e-9);
      expect(fit.constraint).toMatchObject({ kind, binds: true });
      expect(fit.constraint!.freeObjective).toBeCloseTo(free.objective.value, 10);
      expect(fit.objective.value).toBeGreaterThan(2 * free.objective.value);
      expect(fit.constraint!.detail).toMatch(/binds.*times that of the free fit/);
      expect(fit.form).toBe('L3');
    }
  });

  it('is the free fit where the data obey it', () => {
    const falling = { ...PLANTED, C: 1.2, eta: 1.5, B: 0.004 };
    const rows = plantedRows({ parameters: falling });
    const fit = fitConstrained(l3, rows, 'published');
    expect(fit.constraint!.binds).toBe(false);
    for (const [name, value] of Object.entries(falling)) {
      expect(Math.abs(fit.parameters[name]! / value - 1), name).toBeLessThan(1e-4);
    }
  });

  it('has C at exactly the published least value C0 when nothing is added to it', () => {
    const rows = plantedRows();
    const minTokens = Math.min(...rows.map((row) => row.d));
    const { toPlain } = constrainedForm(l3, 'published', { ratios: { low: 0, high: 1 }, minTokens });
    const { gamma, beta, epsilon } = PLANTED as { gamma: number; beta: number; epsilon: number };
    const plain = toPlain({ ...PLANTED, eta: 1.3, C: 0 });
    // C0 = B·eta·(1 + epsilon)^(gamma + 1) / (gamma·D_min^beta), arXiv 2406.01375 App. E.3
    const c0 = (PLANTED.B! * 1.3 * (1 + epsilon) ** (gamma + 1)) / (gamma * minTokens ** beta);
    expect(plain.C).toBeCloseTo(c0, 12);
  });

  it.each(['L3', 'L6', 'L7'])(
    '%s: the constrained form has exact gradients and equals the plain one',
    (name) => {
      const form = { ...l3, name };
      const names = name === 'L6' ? l3.parameters.filter((each) => each.name !== 'eta') : l3.parameters;
      const rows = withMinTokens(plantedRows());
      const { constrained, toPlain } = constrainedForm({ ...form, parameters: names }, 'box', {
        ratios: { low: 0, high: 1 },
        minTokens: rows[0]!.inputs!.minTokens!,
      });
      const parameters = { ...PLANTED, eta: 1.3, C: 0.1 };
      const vector = toVector(constrained, parameters);
      for (const row of rows.filter((_, i) => i % 17 === 0)) {
        const gradient = lawGradient(constrained, vector, row);
        vector.forEach((value, i) => {
          const step = 1e-6 * value;
          const moved = (by: number) => lawValue(constrained, vector.with(i, value + by), row);
          const expected = (moved(step) - moved(-step)) / (2 * step);
          expect(Math.abs(gradient[i]! - expected)).toBeLessThan(1e-5 * Math.max(1, Math.abs(expected)));
        });
        if (name === 'L3') {
          const plain = toPlain(parameters);
          expect(lawValue(l3, toVector(l3, plain), row)).toBeCloseTo(lawValue(constrained, vector, row), 12);
        }
      }
    },
  );

  it('refuses forms without such a condition, by name', () => {
    expect(() => fitConstrained(chinchilla, plantedRows(), 'box')).toThrow(/chinchilla has no published/);
  });
});
