import { describe, expect, it } from 'vitest';
import { makeRandom } from '../../src/common/random.ts';
import {
  type LawForm,
  lawGradient,
  lawRatioSlope,
  lawValue,
  parameterNames,
  toParameters,
  toVector,
} from '../../src/laws/forms/form.ts';
import type { LawPoint } from '../../src/laws/types.ts';

/** What every law form must do, whatever its formula. */
export function lawFormContract(form: LawForm): void {
  describe(`law form ${form.name}`, () => {
    const random = makeRandom('law form contract', form.name);
    const between = (low: number, high: number) => low + (high - low) * random.uniform();
    const vectors = Array.from({ length: 8 }, () => [
      ...form.linear.map(() => between(0.1, 2)),
      ...form.shape.map(({ lower, upper }) => between(Math.max(lower, 0.1), Math.min(upper, 1.5))),
    ]);
    const points: LawPoint[] = [0, 0.05, 0.5, 1].flatMap((ratio) => [
      { n: 1e-5, d: 3e-4, ratio },
      { n: 1.8, d: 26, ratio },
    ]);
    const each = (check: (vector: number[], point: LawPoint) => void) => {
      for (const vector of vectors) for (const point of points) check(vector, point);
    };
    const relativelyClose = (actual: number, expected: number, tolerance: number, scale = 1) =>
      expect(Math.abs(actual - expected)).toBeLessThanOrEqual(
        tolerance * Math.max(Math.abs(expected), scale * 1e-3),
      );

    it('is finite and positive on the whole range of ratios, the ends included', () => {
      each((vector, point) => {
        const value = lawValue(form, vector, point);
        expect(Number.isFinite(value) && value > 0).toBe(true);
      });
    });

    it('has a gradient that agrees with finite differences', () => {
      each((vector, point) => {
        const gradient = lawGradient(form, vector, point);
        vector.forEach((value, i) => {
          const step = 1e-6 * value;
          const moved = (by: number) => lawValue(form, vector.with(i, value + by), point);
          relativelyClose(
            gradient[i]!,
            (moved(step) - moved(-step)) / (2 * step),
            1e-5,
            lawValue(form, vector, point),
          );
        });
      });
    });

    it('has a slope in the ratio that agrees with finite differences', () => {
      for (const vector of vectors) {
        for (const point of points.filter(({ ratio }) => ratio > 0 && ratio < 1)) {
          const moved = (by: number) => lawValue(form, vector, { ...point, ratio: point.ratio + by });
          const expected = (moved(1e-7) - moved(-1e-7)) / 2e-7;
          relativelyClose(lawRatioSlope(form, vector, point), expected, 1e-4, lawValue(form, vector, point));
        }
      }
    });

    it('is linear in its linear parameters', () => {
      each((vector, point) => {
        const doubled = vector.map((value, i) => (i < form.linear.length ? 2 * value : value));
        relativelyClose(lawValue(form, doubled, point), 2 * lawValue(form, vector, point), 1e-12);
      });
    });

    it('predicts the same in other units of N and D once its linear parameters are scaled', () => {
      each((vector, point) => {
        const shape = vector.slice(form.linear.length);
        const scale = form.linearScale(shape, 3e-5, 0.02);
        const scaled = [...scale.map((factor, j) => vector[j]! * factor), ...shape];
        const inUnits = lawValue(form, scaled, { n: point.n / 3e-5, d: point.d / 0.02, ratio: point.ratio });
        relativelyClose(inUnits, lawValue(form, vector, point), 1e-10);
      });
    });

    it('says what it is and where it comes from; parameters go to names and back', () => {
      expect(form.source).toMatch(/\d{4}\.\d{5}|doi/);
      expect(new Set(parameterNames(form)).size).toBe(vectors[0]!.length);
      expect(toVector(form, toParameters(form, vectors[0]!))).toEqual(vectors[0]);
      expect(() => toVector(form, {})).toThrow(/missing/);
    });
  });
}
