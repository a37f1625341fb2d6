const GOLDEN = (Math.sqrt(5) - 1) / 2;
/** Values that differ by less, relatively, are equal: further down there is only rounding. */
const EQUAL = 1e-13;
/** Relative, of x. Closer to a minimum the values of a smooth function differ by rounding alone. */
const PRECISION = 1e-9;

/**
 * Where a function on [low, high] (both positive) is least: every point of a grid that is even in logarithms, then golden
 * section around the best. Holds for functions with several valleys, down to the grid's width. Of equal values the lowest x.
 * `many`: the function at many points in one call, where that is cheaper; `precision`: relative, of x.
 */
export function minimise(
  value: (x: number) => number,
  low: number,
  high: number,
  steps: number,
  many: (xs: readonly number[]) => ArrayLike<number> = (xs) => xs.map(value),
  precision = PRECISION,
): number {
  if (high <= low) return low;
  const grid = logGrid(low, high, steps);
  const values = many(grid);
  let best = 0;
  for (let k = 1; k <= steps; k++) if (values[k]! < values[best]!) best = k;
  const inside = goldenSection(
    value,
    grid[Math.max(0, best - 1)]!,
    grid[Math.min(steps, best + 1)]!,
    precision,
  );
  return leastOf([low, high, grid[best]!, inside], value);
}

/** `steps` + 1 points from low to high, even in logarithms, both ends exact. */
export const logGrid = (low: number, high: number, steps: number): number[] =>
  Array.from({ length: steps + 1 }, (_, k) => (k === steps ? high : low * (high / low) ** (k / steps)));

/** A function of one number, laid out along a grid: its values there, and at any point between. */
export interface Sampled {
  values: ArrayLike<number>;
  at(x: number): number;
}

/** Where a function is least among the x that are allowed, and whether it is what is allowed that stops it there. */
export interface Least {
  x: number;
  stopped: boolean;
}

/**
 * Where `loss` is least on a rising grid among the x with `excess` ≤ 0 (null: all are allowed). What is allowed may have gaps: the ends
 * of every stretch are found by bisection, the best stretch searched by golden section. Of equal losses the highest x. null
 * when no grid point is allowed, or none has a loss.
 */
export function minimiseWithin(grid: readonly number[], loss: Sampled, excess: Sampled | null): Least | null {
  const isAllowed = (i: number) => !Number.isNaN(loss.values[i]!) && (!excess || excess.values[i]! <= 0);
  let best = -1;
  const stretches: { first: number; last: number }[] = [];
  for (let i = 0; i < grid.length; i++) {
    if (!isAllowed(i)) continue;
    const open = stretches.at(-1);
    if (open && open.last === i - 1) open.last = i;
    else stretches.push({ first: i, last: i });
    if (best < 0 || loss.values[i]! <= loss.values[best]!) best = i;
  }
  if (best < 0 || !Number.isFinite(loss.values[best]!)) return null;

  const ends = stretches.map(({ first, last }) => ({
    low: excess && first > 0 ? border(excess.at, grid[first]!, grid[first - 1]!) : grid[first]!,
    high: excess && last < grid.length - 1 ? border(excess.at, grid[last]!, grid[last + 1]!) : grid[last]!,
  }));
  const around = ends[stretches.findIndex(({ first, last }) => first <= best && best <= last)]!;
  const inside = leastBetween(
    loss.at,
    Math.max(around.low, grid[best - 1] ?? around.low),
    Math.min(around.high, grid[best + 1] ?? around.high),
    loss.values[best]!,
  );
  const candidates = [...ends.flatMap(({ low, high }) => [low, high]), grid[best]!, inside];
  const x = leastOf(
    candidates.sort((a, b) => b - a),
    loss.at,
  );
  const [start, end] = [grid[0]!, grid.at(-1)!];
  const isEdge = (edge: number) =>
    edge !== start && edge !== end && Math.abs(x - edge) <= 1e-6 * (end - start);
  return { x, stopped: excess !== null && ends.some(({ low, high }) => isEdge(low) || isEdge(high)) };
}

/** The last allowed x on the way from one that is to one that is not. */
function border(excess: (x: number) => number, allowed: number, beyond: number): number {
  let [near, far] = [allowed, beyond];
  const precision = PRECISION * Math.max(Math.abs(allowed), Math.abs(beyond));
  while (Math.abs(far - near) > precision) {
    const middle = (near + far) / 2;
    if (excess(middle) <= 0) near = middle;
    else far = middle;
  }
  return near;
}

/** Golden section, unless an end is as good as the best that is known and the function still falls there. */
function leastBetween(value: (x: number) => number, low: number, high: number, known: number): number {
  const step = 1e-6 * (high - low);
  for (const [end, before] of [
    [high, high - step],
    [low, low + step],
  ] as const) {
    const atEnd = value(end);
    if (atEnd <= known && atEnd < value(before)) return end;
  }
  return goldenSection(value, low, high);
}

function goldenSection(
  value: (x: number) => number,
  low: number,
  high: number,
  relative = PRECISION,
): number {
  let [a, b] = [low, high];
  let c = b - GOLDEN * (b - a);
  let d = a + GOLDEN * (b - a);
  let [ofC, ofD] = [value(c), value(d)];
  const precision = relative * Math.max(Math.abs(low), Math.abs(high));
  while (b - a > precision) {
    if (ofC < ofD) {
      [b, d, ofD] = [d, c, ofC];
      c = b - GOLDEN * (b - a);
      ofC = value(c);
    } else {
      [a, c, ofC] = [c, d, ofD];
      d = a + GOLDEN * (b - a);
      ofD = value(d);
    }
  }
  return (a + b) / 2;
}

/** The x of the least value; of equal ones the first. */
function leastOf(xs: readonly number[], value: (x: number) => number): number {
  const values = xs.map(value);
  let best = 0;
  for (let i = 1; i < xs.length; i++) {
    const least = values[best]!;
    const isLess = Number.isFinite(least)
      ? values[i]! < least - EQUAL * Math.abs(least)
      : values[i]! < Number.POSITIVE_INFINITY;
    if (isLess) best = i;
  }
  return xs[best]!;
}
