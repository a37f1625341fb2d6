import type { LawFit, LawObservation } from '../types.ts';

/**
 * The question that new runs are to answer, usage 1 (arXiv 2406.01375 Eq 10): the largest domain ratio at a target whose
 * general loss stays within a tolerance of the base model's.
 */
export interface DesignQuestion {
  /** n and d in billions; tolerance: the share by which general loss may exceed the base model's. */
  target: { n: number; d: number; tolerance: number };
  /** General loss of the base model at the target size, nats per token; taken as exact. */
  baseGeneralLoss: number;
}

/**
 * Standard deviations of log loss around the law: what all rows of a run share, and what each row has of its own.
 * `row` 0: never seen apart from the run's, so that each run counts as one row.
 */
export interface NoiseModel {
  run: number;
  row: number;
}

/** A number of tokens that a run may be trained on, in billions, and where it would be evaluated on the way. */
export interface TokenPlan {
  d: number;
  /** Token counts of the rows that a law would be fitted to; billions, at most d. */
  evaluateAt: readonly number[];
}

export interface SizeChoice {
  /** Non-embedding parameters, billions. */
  n: number;
  /** Training FLOP per token; 6·N when absent. */
  flopsPerToken?: number;
}

/** One CPT run that could be made. */
export interface CandidateRun {
  n: number;
  domainRatio: number;
  d: number;
  evaluateAt: readonly number[];
  flops: number;
}

/** What may be tried: every size with every ratio and token plan. */
export interface CandidateGrid {
  sizes: readonly SizeChoice[];
  tokens: readonly TokenPlan[];
  /** Domain ratios, 0…1; 0 to 1 in steps of 0.02 when absent. */
  ratios?: readonly number[];
}

export interface Budget {
  /** How many runs to suggest. */
  runs: number;
  /** Of all suggested runs together: training tokens in billions, and training FLOP. */
  tokens?: number;
  flops?: number;
}

export interface Cost {
  /** Billions. */
  tokens: number;
  flops: number;
}

/** One loss' law and the rows that it was fitted to. */
export interface FittedLoss {
  fit: LawFit;
  rows: readonly LawObservation[];
}

/** `level` of the answers lie within ± halfWidth of the point estimate; low and high end where the quantity does. */
export interface PredictedInterval {
  low: number;
  high: number;
  level: number;
  halfWidth: number;
}

export interface SuggestedRun extends CandidateRun {
  /** Predicted half width of the answer once this run and those before it in the list are in. */
  halfWidthAfter: number;
}

/** Runs to make next, the most telling first. */
export interface RunPlan {
  /**
   * What the half widths are of: the best domain ratio; or, where that ratio stands at an end of its range and so has no
   * derivative, the general loss (nats per token) at that end, which decides whether it really stands there.
   */
  quantity: 'domain-ratio' | 'general-loss';
  /** The fit's own answer; null when no ratio is within the tolerance. */
  domainRatio: number | null;
  before: PredictedInterval;
  after: PredictedInterval;
  runs: SuggestedRun[];
  cost: Cost;
  /** Half width of the predicted domain loss at the answer, nats per token; null without a usable law of it. */
  domainLoss: { before: number; after: number } | null;
  noise: NoiseModel;
  warnings: string[];
}
