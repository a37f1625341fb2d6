/** Smallest and largest finite value; null when there is none. */
export function extent(values: Iterable<number | null | undefined>): [number, number] | null {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (value === null || value === undefined || !Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? [low, high] : null;
}

/** The range with a margin of `share` of its width on either side; a single value gets room around it. */
export function padded([low, high]: readonly [number, number], share = 0.05): [number, number] {
  const width = high - low || Math.abs(high) * 0.1 || 1;
  return [low - width * share, high + width * share];
}

/**
 * What an axis shows: all that was measured, and of a curve or band what lies no further outside than `slack` times the measured width.
 * A band that runs away would else leave nothing to see of the points.
 */
export function visibleRange(
  measured: Iterable<number | null>,
  drawn: Iterable<number | null>,
  slack = 0.35,
): [number, number] {
  const points = extent(measured);
  const all = extent(drawn);
  if (!points) return padded(all ?? [0, 1]);
  const width = points[1] - points[0] || Math.abs(points[1]) * 0.1 || 1;
  const low = Math.max(all?.[0] ?? points[0], points[0] - slack * width);
  const high = Math.min(all?.[1] ?? points[1], points[1] + slack * width);
  return padded([Math.min(low, points[0]), Math.max(high, points[1])]);
}

export const clamp = (value: number, [low, high]: readonly [number, number]): number =>
  Math.min(high, Math.max(low, value));

export const ascending = (values: Iterable<number>): number[] => [...new Set(values)].sort((a, b) => a - b);

/** At most `most` of the items, evenly chosen, with the first and the last. */
export function thinned<Item>(items: readonly Item[], most: number): Item[] {
  if (items.length <= most) return [...items];
  if (most <= 1) return items.slice(0, most);
  return Array.from({ length: most }, (_, at) => items[Math.round((at * (items.length - 1)) / (most - 1))]!);
}
