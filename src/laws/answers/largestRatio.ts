import { type LossSurface, layOut } from './lossSurface.ts';

/** Ratios looked at; between neighbours the crossing is found by bisection. */
export const GRID = 1000;
const PRECISION = 1e-9;

/** The largest ratio in [0, 1] at which `feasible` holds, to 1e-9; null when none of the grid's is. */
export function largestFeasible(feasible: (ratio: number) => boolean): number | null {
  for (let k = GRID; k >= 0; k--) if (feasible(k / GRID)) return crossingAbove(k, feasible);
  return null;
}

/** General losses along the domain ratio at a target, at every ratio of the grid; laid out once for all fits. */
export const alongRatios = ({ n, d }: { n: number; d: number }) =>
  layOut(Array.from({ length: GRID + 1 }, (_, k) => ({ n, d, ratio: 1 - k / GRID })));

/**
 * The largest domain ratio whose predicted general loss stays within a limit (nats per token) at a target; null when no
 * ratio's does. The grid is evaluated in one call, `grid` being alongRatios of the same target.
 */
export function largestRatioWithin(
  general: LossSurface,
  { n, d }: { n: number; d: number },
  limit: number,
  grid: ReturnType<typeof alongRatios>,
): number | null {
  const losses = general.over(grid);
  let last = GRID;
  while (last >= 0 && !(losses[last]! <= limit)) last--;
  return last < 0 ? null : crossingAbove(last, (ratio) => general.at(n, d, 1 - ratio) <= limit);
}

/** The last feasible ratio between grid point k, which is feasible, and the next, which is not. */
function crossingAbove(k: number, feasible: (ratio: number) => boolean): number {
  if (k === GRID) return 1;
  let low = k / GRID;
  let high = (k + 1) / GRID;
  while (high - low > PRECISION) {
    const middle = (low + high) / 2;
    if (feasible(middle)) low = middle;
    else high = middle;
  }
  return low;
}
