import type { LawForm, StartRange } from '../forms/form.ts';
import type { Problem } from './objective.ts';

/**
 * Points that fill the unit cube evenly in any number of dimensions, without a seed: x_k = frac(1/2 + k·a), a_i powers
 * of 1/g where g is the root of g^(d+1) = g + 1 (M. Roberts, 2018, "The unreasonable effectiveness of quasirandom sequences").
 */
export function evenPoint(k: number, dimensions: number): number[] {
  let root = 2;
  for (let i = 0; i < 60; i++) root = (1 + root) ** (1 / (dimensions + 1));
  return Array.from({ length: dimensions }, (_, i) => {
    const value = 0.5 + k * root ** -(i + 1);
    return value - Math.floor(value);
  });
}

/**
 * Start vectors, best first: the shape parameters run through a low-discrepancy sequence over their start ranges, the
 * linear ones follow from them (variable projection: the search is over the shape only).
 */
export function globalSearch(problem: Problem, count: number): { vector: number[]; value: number }[] {
  const { form } = problem;
  const shape = form.parameters.slice(form.linear);
  const zeros = new Array<number>(form.linear).fill(0);
  return Array.from({ length: shape.length === 0 ? 1 : count }, (_, k) => {
    const unit = evenPoint(k, shape.length);
    const vector = problem.solveLinear([...zeros, ...shape.map(({ start }, i) => within(start!, unit[i]!))]);
    return { vector, value: problem.objective(vector) };
  })
    .filter(({ value }) => Number.isFinite(value))
    .sort((a, b) => a.value - b.value);
}

function within({ low, high, steps }: StartRange, share: number): number {
  return steps === 'log' ? low * (high / low) ** share : low + (high - low) * share;
}

/** Shape parameters that ended outside the range that starts come from: a better optimum may lie further out. */
export function outsideStarts(form: LawForm, vector: readonly number[]): string[] {
  return form.parameters.flatMap(({ name, start }, i) =>
    start && (vector[i]! < start.low || vector[i]! > start.high) ? [name] : [],
  );
}
