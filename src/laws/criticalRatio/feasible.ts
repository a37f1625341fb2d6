/** The two conditions at one measured ratio. */
export interface Conditions {
  ratio: number;
  /** General loss at T_max less what is allowed; holds when zero or less. */
  excess: number;
  /** Change of the combined loss per unit of log T at T_max; T0 < T_max when below zero. Null: unknown. */
  slope: number | null;
}

export interface LargestFeasible {
  /**
   * `found`: between two measured ratios, or 1. `open`: the largest ratio measured is feasible and is not 1. `none`: no
   * measured ratio is feasible. `unknown`: the slope that would decide is not known.
   */
  kind: 'found' | 'open' | 'none' | 'unknown';
  ratio: number | null;
  feasible: number | null;
  infeasible: number | null;
  limitedBy: 'tolerance' | 'turning' | 'nothing' | null;
  /** Feasible ratios lie above infeasible ones. */
  isPatchy: boolean;
  /** The ratio law does not cross the limit where the measurements do; a straight line between them was taken. */
  lawDisagrees: boolean;
}

/**
 * The critical ratio max F (arXiv 2407.17467 section 3): the largest ratio that keeps general loss at T_max within the
 * tolerance and has T0 < T_max. `measured` by ratio, ascending. From the largest feasible measured ratio to the next
 * one, which is not, the tolerance is followed along the ratio law (Eq 6; `lawExcess`, null without one). T0(R) = T_max
 * is the zero in R of the combined loss' slope at T_max, which is interpolated on a straight line: unlike T0 itself it is known
 * at every ratio, also where loss never turns, and asks for no extrapolation in tokens. The lower crossing is the answer.
 */
export function largestFeasible(
  measured: readonly Conditions[],
  lawExcess: ((ratio: number) => number) | null,
): LargestFeasible {
  const verdicts = measured.map(({ excess, slope }) => {
    if (excess > 0) return false;
    return slope === null ? null : slope <= 0;
  });
  const top = verdicts.lastIndexOf(true);
  const nothing = { ratio: null, feasible: null, infeasible: null, limitedBy: null, lawDisagrees: false };
  if (verdicts.lastIndexOf(null) > top) {
    return { ...nothing, kind: 'unknown', feasible: top < 0 ? null : measured[top]!.ratio, isPatchy: false };
  }
  if (top < 0) return { ...nothing, kind: 'none', infeasible: measured[0]?.ratio ?? null, isPatchy: false };
  const below = measured[top]!;
  const above = measured[top + 1];
  const isPatchy = verdicts.slice(0, top).includes(false);
  const common = { feasible: below.ratio, infeasible: above?.ratio ?? null, isPatchy };
  if (!above) {
    const all = below.ratio === 1;
    return {
      ...common,
      kind: all ? 'found' : 'open',
      ratio: below.ratio,
      limitedBy: all ? 'nothing' : null,
      lawDisagrees: false,
    };
  }
  const tolerance = above.excess > 0 ? toleranceCrossing(below, above, lawExcess) : null;
  const turning =
    above.slope !== null && above.slope > 0
      ? straight(below.ratio, below.slope!, above.ratio, above.slope)
      : null;
  const isTolerance = tolerance !== null && (turning === null || tolerance.ratio <= turning);
  return {
    ...common,
    kind: 'found',
    ratio: isTolerance ? tolerance.ratio : turning,
    limitedBy: isTolerance ? 'tolerance' : 'turning',
    lawDisagrees: isTolerance && tolerance.lawDisagrees,
  };
}

function toleranceCrossing(
  below: Conditions,
  above: Conditions,
  lawExcess: ((ratio: number) => number) | null,
): { ratio: number; lawDisagrees: boolean } {
  const crosses = lawExcess && lawExcess(below.ratio) <= 0 && lawExcess(above.ratio) > 0;
  if (!crosses) {
    return {
      ratio: straight(below.ratio, below.excess, above.ratio, above.excess),
      lawDisagrees: lawExcess !== null,
    };
  }
  let low = below.ratio;
  let high = above.ratio;
  while (high - low > 1e-12) {
    const middle = (low + high) / 2;
    if (lawExcess(middle) <= 0) low = middle;
    else high = middle;
  }
  return { ratio: low, lawDisagrees: false };
}

/** Where the line through (x0, y0 ≤ 0) and (x1, y1 > 0) is zero. */
function straight(x0: number, y0: number, x1: number, y1: number): number {
  return x0 + ((x1 - x0) * -y0) / (y1 - y0);
}
