import type { Interval } from '../types.ts';

/** One measured point of a CPT run. */
export interface TrajectoryRow {
  /** Rows of one run share this name; runs of one ratio that differ in their seed have names of their own. */
  run: string;
  /** R: share of the domain corpus, 0…1. */
  domainRatio: number;
  /** Tokens of CPT so far, in billions. */
  tokens: number;
  /** Nats per token. */
  generalLoss: number;
  domainLoss: number;
}

/** Losses of a model before CPT, nats per token. */
export interface BaseLosses {
  generalLoss: number;
  domainLoss: number;
}

/** Everything measured at one model size. */
export interface SizeTrajectories {
  /** Non-embedding parameters, in billions. */
  modelSize: number;
  /** What losses at T_max are compared with and reported on top of. */
  base: BaseLosses;
  /** By run name, where runs started from base models of their own (one a seed): changes are taken from these. */
  runBases?: Readonly<Record<string, BaseLosses>>;
  rows: readonly TrajectoryRow[];
}

export interface CriticalRatioOptions {
  /** By how much general loss may exceed the base model's at T_max: nats per token, absolute. */
  toleranceNats: number;
  /** Weight of general loss against domain loss; Infinity (null in JSON): only the turning point of general loss counts. */
  lambda: number;
  /** T_max in billions; null: the largest token count that every run was measured at. */
  tokens: number | null;
  /** Draws of runs for the interval; 0: none. */
  resamples: number;
  /** Coverage of the interval. */
  level: number;
  seed: number;
}

/** The paper's tolerance is 0.05 nats; its lambda goes from 100 to 7,000. */
export const DEFAULT_CRITICAL_RATIO: CriticalRatioOptions = {
  toleranceNats: 0.05,
  lambda: 1000,
  tokens: null,
  resamples: 200,
  level: 0.9,
  seed: 0,
};

export const PUBLISHED_LAMBDAS = { low: 100, high: 7000 } as const;

/**
 * T0: from here to T_max the combined loss domain + lambda·general only falls.
 * `before-first`: it falls at every token count measured. `beyond-last`: it still rises at T_max and the token laws,
 * extrapolated, turn later. `never`: not within ten times T_max.
 */
export interface TurningPoint {
  where: 'before-first' | 'within' | 'beyond-last' | 'never';
  /** In billions; null for `before-first` and `never`. */
  tokens: number | null;
}

/** A fitted law of forms.ts, in short. */
export interface FittedLaw {
  form: string;
  /** Of the form; a T_ref is T_max unless the law says otherwise. */
  parameters: Record<string, number>;
  /** alpha… s… beta… as the paper writes them, T in billions; null where an exponent is exactly 0. */
  published: Record<string, number> | null;
  status: string;
  statusDetail: string;
  r2: number;
  /** Mean absolute error, nats per token (of a ratio: the ratio's own unit). */
  mae: number;
}

/** What was measured and fitted at one domain ratio, and which conditions it fails. */
export interface RatioRow {
  domainRatio: number;
  /** Names of its runs, sorted. */
  runs: string[];
  /** Means over runs at T_max, nats per token. */
  generalLoss: number;
  domainLoss: number;
  /** Change of general loss from the base model to T_max. */
  generalChange: number;
  withinTolerance: boolean;
  /** T0 with the lambda asked for, and with lambda = ∞ (the peak of general loss); null when the token laws cannot be fitted. */
  turning: TurningPoint | null;
  generalTurning: TurningPoint | null;
  /** Change of (general loss + domain loss / lambda) per unit of log T at T_max: feasible when zero or less; null as above. */
  slope: number | null;
  /** Its standard error, taking checkpoints as independent (too small: those of one run share its luck). */
  slopeError: number | null;
  domainImproves: boolean;
  /** null when the tolerance holds but the turning point is unknown. */
  feasible: boolean | null;
  /** The conditions it fails, in words. */
  fails: string[];
  /** Why there are no token laws; null where there are. */
  tokenLawProblem: string | null;
  generalLaw: FittedLaw | null;
  domainLaw: FittedLaw | null;
}

/** The critical mixture ratio at one model size: the largest domain ratio that keeps both conditions. */
export interface CriticalRatio {
  modelSize: number;
  status: 'found' | 'infeasible' | 'not-identified';
  /** The point estimate even when not identified (read `reason`); null when there is none. */
  domainRatio: number | null;
  /** The measured ratios that it lies between: feasible and infeasible (null where none was measured). */
  bracket: { feasible: number | null; infeasible: number | null };
  /** Which condition stops it: general loss at T_max, general loss not yet falling there, or neither (ratio 1). */
  limitedBy: 'tolerance' | 'turning' | 'nothing' | null;
  /** Over runs drawn anew within each ratio; null where that is impossible (see warnings). */
  interval: Interval | null;
  /** The answer with every slope moved by two of its standard errors, up and down: 0 where that leaves no ratio. */
  scatterRange: { low: number; high: number } | null;
  /** The answer with lambda 100 and 7,000; null where there is none. */
  lambdaRange: { atLow: number | null; atHigh: number | null };
  /** T_max, in billions. */
  tokens: number;
  toleranceNats: number;
  lambda: number;
  baseGeneralLoss: number;
  generalLossLimit: number;
  ratios: RatioRow[];
  /** Losses at T_max against R (Eq 6); null with fewer than three ratios. */
  generalRatioLaw: FittedLaw | null;
  domainRatioLaw: FittedLaw | null;
  /** How the answer moves with tokens (turning condition only); null with fewer than three turning points. */
  acrossTokens: AcrossTokens | null;
  reason: string;
  warnings: string[];
}

/** R_CMR = alpha4·T^s4 + beta3, fitted to the (T0, R) pairs of one model size. */
export interface AcrossTokens {
  law: FittedLaw;
  /** In billions; what `level` and `slope4` refer to. */
  referenceTokens: number;
  pairs: { tokens: number; domainRatio: number }[];
  warnings: string[];
}
