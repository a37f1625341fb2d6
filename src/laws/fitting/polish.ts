import { solvePositive } from './linearAlgebra.ts';
import type { Problem } from './objective.ts';

export interface Polished {
  vector: number[];
  value: number;
  /** Largest share of a parameter's gradient that is left uncancelled, over parameters that are free to move: 0 at a minimum. */
  gradientNorm: number;
  iterations: number;
  /** False when the iteration limit came first. */
  converged: boolean;
}

/** A step that improves by a smaller share is hardly one. */
const SETTLED = 1e-10;
const PATIENCE = 6;

/**
 * Walks from `start` to a minimum of the objective inside the form's bounds: Gauss-Newton steps with
 * Huber's weights (each is the minimum of a quadratic above the objective), damped as Levenberg and Marquardt do, with
 * parameters that press against a bound held there. Never goes up.
 */
export function polish(
  problem: Problem,
  start: readonly number[],
  maxIterations: number,
  settledBelow = SETTLED,
): Polished {
  const bounds = problem.form.parameters;
  const clamp = (value: number, i: number) => Math.min(bounds[i]!.upper, Math.max(bounds[i]!.lower, value));
  let vector = start.map(clamp);
  let here = problem.curvature(vector);
  let damping = 1e-3;
  let settled = 0;
  let iterations = 0;
  while (iterations < maxIterations && settled < PATIENCE) {
    iterations++;
    const free = freeParameters(vector, here.gradient);
    const system = free.map((i) =>
      free.map((j) => here.matrix[i]![j]! + (i === j ? damping * here.matrix[i]![i]! + 1e-300 : 0)),
    );
    const step = solvePositive(
      system,
      free.map((i) => -here.gradient[i]!),
    );
    const next = [...vector];
    if (step)
      free.forEach((i, k) => {
        next[i] = clamp(vector[i]! + step[k]!, i);
      });
    const value = step ? problem.objective(next) : Number.POSITIVE_INFINITY;
    if (value < here.value) {
      settled = here.value - value < settledBelow * here.value ? settled + 1 : 0;
      vector = next;
      here = problem.curvature(vector);
      damping = Math.max(1e-12, damping / 4);
    } else {
      damping *= 6;
      if (damping > 1e10) break;
    }
  }
  const free = freeParameters(vector, here.gradient);
  // Below this the residuals are rounding, and so is what is left of their gradient.
  const exact = here.value < 1e-24 * problem.rows;
  const shares = free.map((i) => Math.abs(here.gradient[i]!) / (here.magnitude[i]! || 1));
  const gradientNorm = exact ? 0 : Math.max(0, ...shares);
  return { vector, value: here.value, gradientNorm, iterations, converged: iterations < maxIterations };

  function freeParameters(at: readonly number[], gradient: readonly number[]): number[] {
    return at.flatMap((value, i) => {
      const held =
        (value <= bounds[i]!.lower && gradient[i]! > 0) || (value >= bounds[i]!.upper && gradient[i]! < 0);
      return held ? [] : [i];
    });
  }
}
