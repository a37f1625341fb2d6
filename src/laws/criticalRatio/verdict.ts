import type { Interval } from '../types.ts';
import type { LargestFeasible } from './feasible.ts';
import type { CriticalRatio, RatioRow } from './types.ts';

/** Distinct ratios without which the ratio law cannot be fitted. */
const FEWEST_RATIOS = 3;
/** A range wider than this share of all ratios decides nothing. */
const WIDEST = 0.6;
/** Resampled answers that may disagree on whether there is an answer at all. */
const MOST_DISSENT = 0.3;

/** The status of an answer, the ratio that goes with it, and why. */
export function verdict(given: {
  found: LargestFeasible;
  table: readonly RatioRow[];
  replicates: readonly LargestFeasible[];
  interval: Interval | null;
  scatterRange: CriticalRatio['scatterRange'];
  tokens: number;
  toleranceNats: number;
}): Pick<CriticalRatio, 'status' | 'domainRatio' | 'reason'> {
  const { found, table } = given;
  const trouble = undetermined(given);
  if (trouble)
    return { status: 'not-identified', domainRatio: found.ratio, reason: `the data cannot tell: ${trouble}` };
  if (found.kind === 'none') {
    const lowest = table[0]!;
    return {
      status: 'infeasible',
      domainRatio: null,
      reason: `no measured ratio is feasible; at the lowest, ${show(lowest.domainRatio)}, ${lowest.fails.join(', and ')}. A smaller share of domain text may be feasible: it was not measured`,
    };
  }
  return { status: 'found', domainRatio: found.ratio, reason: whyFound(given) };
}

function whyFound({ found, tokens, toleranceNats }: Parameters<typeof verdict>[0]): string {
  const between = `between the measured ratios ${show(found.feasible!)} and ${show(found.infeasible ?? 1)}`;
  if (found.limitedBy === 'nothing')
    return `domain text alone (ratio 1) keeps general loss within ${toleranceNats} nats of the base model's and turns before ${tokens} billion tokens`;
  return found.limitedBy === 'tolerance'
    ? `${between} general loss at ${tokens} billion tokens passes the ${toleranceNats} nats allowed above the base model's`
    : `${between} the combined loss stops turning down before ${tokens} billion tokens`;
}

function undetermined({
  found,
  table,
  replicates,
  interval,
  scatterRange,
}: Parameters<typeof verdict>[0]): string | null {
  if (table.length === 0) return 'no run has a positive domain ratio';
  if (found.kind === 'unknown') {
    const without = table.filter(({ feasible }) => feasible === null);
    const ratios = without.map(({ domainRatio }) => show(domainRatio)).join(', ');
    return `general loss is within the tolerance at ratio ${ratios}, but whether it turns before T_max is unknown there (${without[0]!.tokenLawProblem})`;
  }
  // Ratio 1 is the largest there is, so that a run there can settle it alone.
  if (found.limitedBy === 'nothing') return dissent(found, replicates) ?? unsteady(interval, scatterRange);
  if (table.length < FEWEST_RATIOS)
    return `${table.length} domain ratio${table.length === 1 ? '' : 's'} where at least ${FEWEST_RATIOS} are needed`;
  if (found.kind === 'open')
    return `the largest measured ratio, ${show(found.ratio!)}, is feasible, so that the critical ratio is that or more; measure ratio 1`;
  return dissent(found, replicates) ?? unsteady(interval, scatterRange);
}

function dissent(found: LargestFeasible, replicates: readonly LargestFeasible[]): string | null {
  if (replicates.length === 0) return null;
  const other = replicates.filter(({ ratio }) => (ratio === null) !== (found.ratio === null)).length;
  const share = other / replicates.length;
  if (share <= MOST_DISSENT) return null;
  return found.ratio === null
    ? `${Math.round(100 * share)} % of the fits to resampled runs find a feasible ratio, those to all runs do not`
    : `${Math.round(100 * share)} % of the fits to resampled runs find no feasible ratio at all`;
}

function unsteady(interval: Interval | null, scatterRange: CriticalRatio['scatterRange']): string | null {
  if (interval && interval.high - interval.low > WIDEST)
    return `the fits to resampled runs put the ratio anywhere from ${show(interval.low)} to ${show(interval.high)}`;
  if (scatterRange && scatterRange.high - scatterRange.low > WIDEST)
    return `within the scatter of the checkpoints around the token laws the ratio may be anything from ${show(scatterRange.low)} to ${show(scatterRange.high)}`;
  return null;
}

const show = (ratio: number): string => `${Number(ratio.toPrecision(3))}`;
