import { describe, expect, it } from 'vitest';
import { makeRandom } from '../../src/common/random.ts';
import {
  type LawForm,
  lawGradient,
  lawJacobian,
  lawRatioSlope,
  lawValue,
  lawValues,
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
    const vectors = Array.from({ length: 8 }, () =>
      form.parameters.map(({ start }, i) =>
        i < form.linear || !start
          ? between(0.1, 2)
          : between(start.low, start.low + (start.high - start.low) / 2),
      ),
    );
    const ratios = form.ratios === 'all' ? [0, 0.05, 0.5, 1] : [0.02, 0.05, 0.5, 1];
    const points: LawPoint[] = ratios.flatMap((ratio) =>
      [
        { n: 1e-2, d: 3e-2, ratio },
        { n: 1.8, d: 26, ratio },
      ].map((point) => ({
        ...point,
        inputs: Object.fromEntries(
          form.inputs.map(({ name, unit }) => {
            const scale = unit === 'n' ? point.n : unit === 'd' ? point.d : 1;
            return [name, scale * between(0.3, 0.9)];
          }),
        ),
      })),
    );
    const each = (check: (vector: number[], point: LawPoint) => void) => {
      for (const vector of vectors) for (const point of points) check(vector, point);
    };
    const relativelyClose = (actual: number, expected: number, tolerance: number, scale = 1) =>
      expect(Math.abs(actual - expected), `${actual} where ${expected} was expected`).toBeLessThanOrEqual(
        tolerance * Math.max(Math.abs(expected), Math.abs(scale) * 1e-3),
      );

    it('is finite wherever it says that it has a value, the ends of the ratio included', () => {
      each((vector, point) => expect(Number.isFinite(lawValue(form, vector, point))).toBe(true));
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
            2e-5,
            lawValue(form, vector, point) / Math.min(1, Math.abs(value)),
          );
        });
      });
    });

    it('has a Jacobian whose rows are the gradients, whatever stands in its buffers', () => {
      const jacobian = lawJacobian(form, vectors[0]!, points);
      points.forEach((point, i) => {
        expect(jacobian[i]).toEqual(lawGradient(form, vectors[0]!, point));
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
        const scaledBy = (factor: number) =>
          lawValue(
            form,
            vector.map((value, i) => (i < form.linear ? factor * value : value)),
            point,
          );
        relativelyClose(scaledBy(2) - scaledBy(1), scaledBy(1) - scaledBy(0), 1e-9, scaledBy(1));
      });
    });

    it('predicts the same in other units of N and D once its parameters are scaled', () => {
      each((vector, point) => {
        const factors = form.unitFactors(vector, 3e-2, 0.2);
        const scaled = vector.map((value, j) => value * factors[j]!);
        const inputs = Object.fromEntries(
          form.inputs.map(({ name, unit }) => {
            const per = unit === 'n' ? 3e-2 : unit === 'd' ? 0.2 : 1;
            return [name, point.inputs![name]! / per];
          }),
        );
        const inUnits = { n: point.n / 3e-2, d: point.d / 0.2, ratio: point.ratio, inputs };
        relativelyClose(lawValue(form, scaled, inUnits), lawValue(form, vector, point), 1e-9);
        const back = form.unitFactors(scaled, 1 / 3e-2, 1 / 0.2);
        scaled.forEach((value, j) => {
          relativelyClose(value * back[j]!, vector[j]!, 1e-12);
        });
      });
    });

    it('evaluates many points at once as it does one by one', () => {
      const together = lawValues(form, vectors[1]!, points);
      expect([...together]).toEqual(points.map((point) => lawValue(form, vectors[1]!, point)));
    });

    it('says what it is and where it comes from; parameters go to names and back', () => {
      expect(form.source).toMatch(/\d{4}\.\d{5}|doi|baseline/);
      expect(form.limits.ratio0.length * form.limits.ratio1.length).toBeGreaterThan(0);
      expect(new Set(parameterNames(form)).size).toBe(vectors[0]!.length);
      expect(toVector(form, toParameters(form, vectors[0]!))).toEqual(vectors[0]);
      expect(() => toVector(form, {})).toThrow(/missing/);
      for (const { lower, upper, start } of form.parameters.slice(form.linear)) {
        expect(start && start.low >= lower && start.high <= upper && start.low < start.high).toBe(true);
      }
    });

    it('refuses points that lack an input it needs, by name', () => {
      for (const { name } of form.inputs) {
        const { [name]: _, ...others } = points[0]!.inputs!;
        expect(() => lawValue(form, vectors[0]!, { ...points[0]!, inputs: others })).toThrow(name);
      }
    });
  });
}
