import { describe, expect, it } from 'vitest';
import { makeRandom } from '../../../src/common/random.ts';
import { predict } from '../../../src/laws/predict.ts';

/** What the corpora lose together when the first gets x of the capacity N: Σ h_i c_i x_i^-b (arXiv 2606.08167 Theorem 4.1, H = 0). */
const together = (x: number, n: number, h: number, [own, other]: readonly number[], b: number): number =>
  h * own! * x ** -b + (1 - h) * other! * (n - x) ** -b;

/** Where a function with one valley is least, by cutting the interval in thirds. */
function least(value: (x: number) => number, low: number, high: number): number {
  let [a, b] = [low, high];
  for (let i = 0; i < 200; i++) {
    const third = (b - a) / 3;
    if (value(a + third) < value(b - third)) b -= third;
    else a += third;
  }
  return (a + b) / 2;
}

const random = makeRandom('capacity programme');
const between = (low: number, high: number) => low + (high - low) * random.uniform();
const CASES = Array.from({ length: 40 }, () => ({
  n: 10 ** between(-5, 1),
  h: between(0.02, 0.98),
  costs: [10 ** between(-2, 1), 10 ** between(-2, 1)] as const,
  b: between(0.1, 1.5),
}));

describe('the capacity form', () => {
  it('is the loss at the minimum of the programme, found numerically', () => {
    for (const { n, h, costs, b } of CASES) {
      const x = least((each) => together(each, n, h, costs, b), 0, n);
      const parameters = { E: 0, A: costs[0], B: 0, alpha: b, beta: 1, q: costs[1] / costs[0] };
      const loss = predict('capacity', parameters, { n, d: 1, ratio: h });
      expect(Math.abs(loss / (costs[0] * x ** -b) - 1)).toBeLessThan(1e-6);
    }
  });

  it('shares capacity so that nothing is won by moving some', () => {
    for (const { n, h, costs, b } of CASES) {
      const unit = { E: 0, A: 1, B: 0, alpha: b, beta: 1, q: costs[1] / costs[0] };
      const x = predict('capacity', unit, { n, d: 1, ratio: h }) ** (-1 / b);
      const here = together(x, n, h, costs, b);
      const moved = 1e-3 * Math.min(x, n - x);
      for (const step of [-moved, moved]) expect(together(x + step, n, h, costs, b)).toBeGreaterThan(here);
    }
  });

  it('gives two corpora seen from either side the whole capacity, no more', () => {
    for (const { n, h, costs, b } of CASES) {
      const q = costs[1] / costs[0];
      const won = (ratio: number, own: number) =>
        predict('capacity', { E: 0, A: 1, B: 0, alpha: b, beta: 1, q: own }, { n, d: 1, ratio }) ** (-1 / b);
      expect((won(h, q) + won(1 - h, 1 / q)) / n).toBeCloseTo(1, 10);
    }
  });

  it('is Chinchilla where the corpus is alone', () => {
    const law = { E: 1.4, A: 0.03, B: 0.006, alpha: 0.25, beta: 0.4 };
    const at = { n: 2e-5, d: 3e-4, ratio: 1 };
    expect(predict('capacity', { ...law, q: 1.6 }, at)).toBeCloseTo(predict('chinchilla', law, at), 14);
  });
});
