import type { LargestFeasible } from './feasible.ts';
import type { Evidence } from './resample.ts';
import type { CriticalRatio, RatioRow } from './types.ts';

/** Neighbouring ratios further apart than this leave much to the interpolation. */
const WIDE_BRACKET = 0.3;
const LAMBDA_MATTERS = 0.05;

/** What a person should know before relying on an answer, in plain words. */
export function warningsOf(given: {
  found: LargestFeasible;
  evidence: Evidence;
  table: readonly RatioRow[];
  lambdaRange: CriticalRatio['lambdaRange'];
  resamples: number;
  canResample: boolean;
}): string[] {
  return [...ofUncertainty(given), ...ofShape(given), ...ofLaws(given)];
}

function ofUncertainty({
  evidence,
  table,
  resamples,
  canResample,
  found,
  lambdaRange,
}: Parameters<typeof warningsOf>[0]): string[] {
  const warnings: string[] = [];
  const single = table.filter(({ runs }) => runs.length === 1).map(({ domainRatio }) => show(domainRatio));
  if (resamples === 0) warnings.push('no interval was asked for: a bare point is not to be relied on');
  else if (!canResample && table.length > 0)
    warnings.push(
      `no interval: ratio ${single.join(', ')} has one run only, and neither ratios nor the checkpoints of a run can be resampled in place of runs; add seeds`,
    );
  else if (table.length > 0 && Math.min(...table.map(({ runs }) => runs.length)) < 3)
    warnings.push(
      'with two runs a ratio the interval is too narrow: two of three draws are the same run twice or both',
    );
  const ends = table.filter(
    ({ domainRatio }) => domainRatio === found.feasible || domainRatio === found.infeasible,
  );
  for (const { domainRatio, slope, slopeError, withinTolerance } of ends) {
    if (withinTolerance && slope !== null && Math.abs(slope) < 2 * slopeError!)
      warnings.push(
        `at ratio ${show(domainRatio)} the scatter of the checkpoints leaves open whether the combined loss has turned`,
      );
  }
  const [low, high] = [lambdaRange.atLow, lambdaRange.atHigh];
  if ((low === null) !== (high === null) || Math.abs((low ?? 0) - (high ?? 0)) > LAMBDA_MATTERS)
    warnings.push(
      `the answer depends on lambda: ${low === null ? 'none' : show(low)} at 100, ${high === null ? 'none' : show(high)} at 7,000, and ${evidence.lambda} was taken`,
    );
  return warnings;
}

function ofShape({ found, table }: Parameters<typeof warningsOf>[0]): string[] {
  const warnings: string[] = [];
  if (found.isPatchy)
    warnings.push(
      'a smaller measured ratio is infeasible while a larger one is feasible: noise, or too few tokens',
    );
  if (found.lawDisagrees)
    warnings.push(
      'the ratio law of general loss does not pass the limit where the measurements do; a straight line between them was taken',
    );
  const { feasible, infeasible } = found;
  if (feasible !== null && infeasible !== null && infeasible - feasible > WIDE_BRACKET)
    warnings.push(
      `no ratio was measured between ${show(feasible)} and ${show(infeasible)}, so the answer there is interpolated over a wide gap`,
    );
  const best = table.find(({ domainRatio }) => domainRatio === feasible);
  if (best && !best.domainImproves)
    warnings.push(`domain loss at ratio ${show(best.domainRatio)} ends above the base model's`);
  return warnings;
}

function ofLaws({ table }: Parameters<typeof warningsOf>[0]): string[] {
  const warnings: string[] = [];
  if (table.length === 3)
    warnings.push(
      'three ratios fix the three coefficients of the ratio law exactly: nothing tests its shape',
    );
  const loose = table
    .filter(({ generalLaw }) => generalLaw && generalLaw.status !== 'converged')
    .map(({ domainRatio }) => show(domainRatio));
  if (loose.length > 0)
    warnings.push(
      `the coefficients of the general token law are not determined at ratio ${loose.join(', ')} (its curve may still be right)`,
    );
  return warnings;
}

const show = (ratio: number): string => `${Number(ratio.toPrecision(3))}`;
