const GOLDEN = (Math.sqrt(5) - 1) / 2;

/**
 * Where a function on [low, high] (both positive) is least: every point of a grid that is even in logarithms, then golden
 * section around the best. Holds for functions with several valleys, down to the grid's width. `many`: the function at many
 * points in one call, where that is cheaper.
 */
export function minimise(
  value: (x: number) => number,
  low: number,
  high: number,
  steps: number,
  many: (xs: readonly number[]) => ArrayLike<number> = (xs) => xs.map(value),
): number {
  if (high <= low) return low;
  const grid = Array.from({ length: steps + 1 }, (_, k) =>
    k === steps ? high : low * (high / low) ** (k / steps),
  );
  const values = many(grid);
  let best = 0;
  for (let k = 1; k <= steps; k++) if (values[k]! < values[best]!) best = k;
  let a = grid[Math.max(0, best - 1)]!;
  let b = grid[Math.min(steps, best + 1)]!;
  for (let i = 0; i < 80 && b - a > 1e-10 * b; i++) {
    const c = b - GOLDEN * (b - a);
    const d = a + GOLDEN * (b - a);
    if (value(c) < value(d)) b = d;
    else a = c;
  }
  const middle = (a + b) / 2;
  return [low, high, middle].reduce((x, y) => (value(y) < value(x) ? y : x));
}
