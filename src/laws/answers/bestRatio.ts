import { distinct } from '../fitting/checkRows.ts';
import { percentileInterval, predict, predictAll } from '../predict.ts';
import type { Interval, LawFit, LawObservation, LawParameters, RatioRecommendation } from '../types.ts';
import { type BaseLoss, baseLossAt } from './baseLoss.ts';

export interface DecisionInputs {
  generalFit: LawFit;
  domainFit: LawFit;
  /**
   * n and d in billions; tolerance: the share by which general loss may exceed the base model's, unless toleranceNats says
   * by how many nats per token.
   */
  target: { n: number; d: number; tolerance: number; toleranceNats?: number };
  /** General loss of base models, before CPT. */
  baseLosses: readonly BaseLoss[];
  /** The rows of the general fit: what counts as extrapolation, and a check where the target was measured. */
  generalRows: readonly LawObservation[];
  level: number;
}

/** Ratios looked at; between neighbours the crossing is found by bisection. */
const GRID = 1000;
/** An interval wider than this share of all ratios decides nothing. */
const WIDEST_INTERVAL = 0.6;
/** Resampled fits that may disagree with the point estimate on whether there is an answer at all. */
const MOST_DISSENT = 0.3;
const EXTRAPOLATION = 3;

/**
 * Usage 1 of the D-CPT law (arXiv 2406.01375 Eq 10): the largest domain ratio whose predicted general loss at the
 * target N and D stays within (1 + tolerance) of the base model's. Found by looking at every ratio, so it holds for laws
 * that are not monotone; the interval is that of the same decision made with every resampled fit.
 */
export function recommendRatio(inputs: DecisionInputs): RatioRecommendation {
  const { generalFit, domainFit, target, level } = inputs;
  const base = baseLossAt(inputs.baseLosses, target.n);
  const limit = generalLossLimit(base.loss, target);
  const allowed = allowance(target);
  const generalLoss = (parameters: LawParameters, domainRatio: number) =>
    predict(generalFit.form, parameters, { n: target.n, d: target.d, ratio: 1 - domainRatio });
  const largest = (parameters: LawParameters) =>
    largestRatioWithin({ form: generalFit.form, parameters }, target, limit);

  const domainRatio = generalFit.starts > 0 ? largest(generalFit.parameters) : null;
  const replicated = generalFit.replicates.map(largest);
  const found = replicated.filter((ratio) => ratio !== null);
  const interval = found.length > 0 ? percentileInterval(found, level) : null;
  const warnings = [...base.warnings, ...extrapolations(inputs)];
  const common = {
    target,
    baseGeneralLoss: base.loss,
    generalLossLimit: limit,
    predictedGeneralLoss: domainRatio === null ? null : generalLoss(generalFit.parameters, domainRatio),
    predictedDomainLoss:
      domainRatio === null
        ? null
        : predict(domainFit.form, domainFit.parameters, { n: target.n, d: target.d, ratio: domainRatio }),
  };

  const trouble = unidentified(inputs, domainRatio, replicated, interval);
  if (trouble) {
    return {
      ...common,
      status: 'not-identified',
      domainRatio,
      interval,
      reason: `the data cannot tell, because ${trouble}`,
      warnings,
    };
  }
  if (domainRatio === null) {
    const best = Math.min(
      ...Array.from({ length: GRID + 1 }, (_, k) => generalLoss(generalFit.parameters, k / GRID)),
    );
    return {
      ...common,
      status: 'infeasible',
      domainRatio: null,
      interval: null,
      reason:
        `no ratio keeps general loss within ${allowed} of the base model's ${base.loss.toFixed(4)}: ` +
        `the lowest that the law predicts is ${best.toFixed(4)}, the limit is ${limit.toFixed(4)}`,
      warnings,
    };
  }
  if (interval === null)
    warnings.push('no resampled fits, so no interval: a bare point is not to be relied on');
  if (1 - domainRatio < 0.1 && domainRatio < 1) {
    warnings.push(
      'the general share is below 0.1, where no law of this family is reliable (arXiv 2406.01375 App. I.3)',
    );
  }
  warnings.push(
    ...measuredCheck(inputs, domainRatio, limit),
    ...domainSlope(inputs, domainRatio),
    ...nearOptimalCheck(generalFit, largest, interval),
  );
  return {
    ...common,
    status: 'recommended',
    domainRatio,
    interval,
    reason:
      domainRatio === 1
        ? `every ratio up to 1 keeps general loss within ${allowed} of the base model's: the limit does not bind`
        : `the largest share that keeps general loss within ${allowed} of the base model's ${base.loss.toFixed(4)}`,
    warnings,
  };
}

/** Highest general loss allowed, nats per token. */
export function generalLossLimit(
  baseLoss: number,
  target: { tolerance: number; toleranceNats?: number },
): number {
  return target.toleranceNats === undefined
    ? (1 + target.tolerance) * baseLoss
    : baseLoss + target.toleranceNats;
}

/** The tolerance in words: `3 %` or `0.05 nats`. */
export const allowance = (target: { tolerance: number; toleranceNats?: number }): string =>
  target.toleranceNats === undefined ? percent(target.tolerance) : `${target.toleranceNats} nats`;

/**
 * The largest domain ratio whose predicted general loss stays within a limit (nats per token) at a target; null when no
 * ratio's does. All ratios of the grid are looked at in one call, the crossing is bisected.
 */
export function largestRatioWithin(
  law: { form: string; parameters: LawParameters },
  { n, d }: { n: number; d: number },
  limit: number,
): number | null {
  const losses = predictAll(
    law,
    Array.from({ length: GRID + 1 }, (_, k) => ({ n, d, ratio: 1 - k / GRID })),
  );
  return largestFeasible((r) => {
    const k = r * GRID;
    const loss = Number.isInteger(k) ? losses[k]! : predict(law.form, law.parameters, { n, d, ratio: 1 - r });
    return loss <= limit;
  });
}

/** The largest ratio in [0, 1] at which `feasible` holds, to 1e-9; null when none of the grid's is. */
export function largestFeasible(feasible: (ratio: number) => boolean): number | null {
  for (let k = GRID; k >= 0; k--) {
    if (!feasible(k / GRID)) continue;
    if (k === GRID) return 1;
    let low = k / GRID;
    let high = (k + 1) / GRID;
    while (high - low > 1e-9) {
      const middle = (low + high) / 2;
      if (feasible(middle)) low = middle;
      else high = middle;
    }
    return low;
  }
  return null;
}

function unidentified(
  { generalFit }: DecisionInputs,
  domainRatio: number | null,
  replicated: readonly (number | null)[],
  interval: Interval | null,
): string | null {
  if (generalFit.status.startsWith('too-few') || generalFit.status === 'singular-design') {
    return `the general law cannot be fitted: ${generalFit.statusDetail}`;
  }
  if (replicated.length === 0) return null;
  const infeasible = replicated.filter((ratio) => ratio === null).length / replicated.length;
  if (domainRatio !== null && infeasible > MOST_DISSENT) {
    return `${percent(infeasible)} of the fits to resampled runs find no feasible ratio at all`;
  }
  if (domainRatio === null && 1 - infeasible > MOST_DISSENT) {
    return `the fit finds no feasible ratio, but ${percent(1 - infeasible)} of the fits to resampled runs do`;
  }
  if (interval && interval.high - interval.low > WIDEST_INTERVAL) {
    return `the fits to resampled runs put the ratio anywhere from ${interval.low.toFixed(2)} to ${interval.high.toFixed(2)}`;
  }
  return null;
}

function extrapolations({ target, generalRows }: DecisionInputs): string[] {
  const compute = (row: { n: number; d: number }) => row.n * row.d;
  const largest = Math.max(...generalRows.map(compute));
  const factor = compute(target) / largest;
  const shares = generalRows.map((row) => 1 - row.ratio);
  const warnings: string[] = [];
  if (factor > EXTRAPOLATION) {
    warnings.push(
      `the target needs ${factor.toPrecision(2)} × the compute of the largest run measured: an extrapolation`,
    );
  }
  const [low, high] = [Math.min(...shares), Math.max(...shares)];
  if (low > 0 || high < 1) {
    warnings.push(`only ratios from ${low} to ${high} were measured; beyond them the law is untested`);
  }
  return warnings;
}

/** Where the target itself was measured: do the runs on either side of the answer say the same? */
function measuredCheck(
  { target, generalRows }: DecisionInputs,
  domainRatio: number,
  limit: number,
): string[] {
  const at = generalRows.filter((row) => near(row.n, target.n) && near(row.d, target.d));
  const ratios = distinct(at.map((row) => 1 - row.ratio));
  const mean = (ratio: number) => {
    const losses = at.filter((row) => 1 - row.ratio === ratio).map((row) => row.loss);
    return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
  };
  const within = ratios.filter((ratio) => mean(ratio) <= limit);
  const beyond = ratios.filter((ratio) => mean(ratio) > limit);
  const lastWithin = within.length > 0 ? Math.max(...within) : null;
  const firstBeyond = beyond.length > 0 ? Math.min(...beyond) : null;
  if (firstBeyond !== null && domainRatio > firstBeyond) {
    return [
      `the run measured at ratio ${Number(firstBeyond.toFixed(4))} is already above the limit: the law is too hopeful there`,
    ];
  }
  if (lastWithin !== null && domainRatio < lastWithin) {
    return [
      `the run measured at ratio ${Number(lastWithin.toFixed(4))} is still within the limit: the law is too careful there`,
    ];
  }
  return [];
}

/** Fits that are as good as the best may answer otherwise: say so when they lie outside the interval. */
function nearOptimalCheck(
  fit: LawFit,
  largest: (parameters: LawParameters) => number | null,
  interval: Interval | null,
): string[] {
  const ratios = fit.nearOptimal.map(largest).filter((ratio) => ratio !== null);
  if (ratios.length < 2) return [];
  const [low, high] = [Math.min(...ratios), Math.max(...ratios)];
  const held = interval && low >= interval.low - 0.005 && high <= interval.high + 0.005;
  if (held || high - low < 0.02) return [];
  return [
    `fits that are nearly as good put the ratio between ${low.toFixed(2)} and ${high.toFixed(2)}${interval ? ', which the interval does not hold' : ''}`,
  ];
}

function domainSlope({ domainFit, target }: DecisionInputs, domainRatio: number): string[] {
  const at = (ratio: number) =>
    predict(domainFit.form, domainFit.parameters, { n: target.n, d: target.d, ratio });
  const best = Array.from({ length: GRID + 1 }, (_, k) => k / GRID)
    .filter((ratio) => ratio <= domainRatio)
    .reduce((a, b) => (at(b) < at(a) ? b : a), 0);
  if (best > domainRatio - 0.02) return [];
  return [
    `the domain law predicts its lowest loss at ratio ${best.toFixed(2)} already; more domain text would not help there`,
  ];
}

const near = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-6 * b;
const percent = (share: number): string => `${Number((100 * share).toPrecision(2))} %`;
