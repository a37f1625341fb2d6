/**
 * One row a law is fitted to, for ONE predicted loss. Joined by name, never by position.
 * Units: N and D in billions, loss in nats per token.
 */
export interface LawObservation extends LawPoint {
  loss: number;
  /** Whole runs are resampled, never single checkpoints: rows of one run share this name. */
  run: string;
  /** Weight of the row in the objective; 1 when absent. */
  weight?: number;
}

export interface LawPoint {
  /** Model size N: non-embedding parameters, in billions. */
  n: number;
  /** Tokens of continual pre-training D, in billions. */
  d: number;
  /** Share of the corpus whose loss is predicted, 0…1 (general law: 1 − domainRatio). */
  ratio: number;
  /** Further numbers by name, for forms that ask for them (LawForm.inputs), e.g. a schedule's areas. */
  inputs?: Readonly<Record<string, number>>;
}

/** Parameters by their spelled-out names in the papers: E A alpha B beta C gamma eta epsilon … */
export type LawParameters = Record<string, number>;

export type FitStatus =
  | 'converged'
  | 'at-bound'
  | 'iteration-limit'
  | 'grid-edge'
  | 'singular-design'
  | 'too-few-sizes'
  | 'too-few-tokens'
  | 'too-few-ratios';

export type ObjectiveKind = 'log-huber' | 'least-squares';

/**
 * Conditions that make a loss fall with its own corpus' share: `published` is the paper's sufficient one on all ratios
 * (arXiv 2406.01375 App. E.3), `box` the weakest that holds on the ratios and tokens of the data.
 */
export type ConstraintKind = 'published' | 'box';

export interface ConstraintReport {
  kind: ConstraintKind;
  binds: boolean;
  /** Objective of the same fit without the condition. */
  freeObjective: number;
  /** One sentence: whether it binds and what it costs. */
  detail: string;
}

export interface FitQuality {
  /** 1 − residual / total sum of squares, on the loss itself. */
  r2: number;
  /** Sum and mean of Huber(delta) on log loss. */
  huberSum: number;
  huberMean: number;
  /** Mean absolute error, nats per token. */
  mae: number;
  meanRelativeError: number;
  rows: number;
}

export interface Interval {
  low: number;
  high: number;
  /** Coverage, e.g. 0.9. */
  level: number;
}

/** A fitted law: what was asked, what came out, and how far it can be trusted. */
export interface LawFit {
  /** Name of the form in the registry, e.g. `L3`. */
  form: string;
  parameters: LawParameters;
  status: FitStatus;
  /** One sentence a person can act on, e.g. which parameter stands at which bound. */
  statusDetail: string;
  quality: FitQuality;
  /** What was made small, and its value (a sum over rows). */
  objective: { kind: ObjectiveKind; value: number };
  /** Huber threshold on log loss, of the objective and of `quality`. */
  delta: number;
  /** The monotonicity condition that was asked for, whether it binds, and the objective without it; null without one. */
  constraint: ConstraintReport | null;
  /** Norm of the objective's gradient at the solution (parameters scaled to unit size). */
  gradientNorm: number;
  starts: number;
  /** Starts that ended within 1 % of the best objective. */
  startsNearBest: number;
  /** Parameters of every distinct end within 1 % of the best objective, the best first. */
  nearOptimal: LawParameters[];
  /** Largest disagreement of their predictions on any row, nats per token. */
  nearOptimalSpread: number;
  /** Of the scaled Jacobian at the solution. */
  conditionNumber: number;
  /** Percentile intervals over resampled runs; null when resampling was not asked for or impossible. */
  intervals: Record<string, Interval> | null;
  /** The fits to resampled runs behind the intervals (empty when `intervals` is null). */
  replicates: LawParameters[];
  warnings: string[];
}

/** Usage 1 (arXiv 2406.01375 Eq 10): the largest domain ratio that keeps general loss within a tolerance. */
export interface RatioRecommendation {
  status: 'recommended' | 'infeasible' | 'not-identified';
  /** null when infeasible, and the point estimate even when not identified (read `reason`). */
  domainRatio: number | null;
  interval: Interval | null;
  target: { n: number; d: number; tolerance: number; toleranceNats?: number };
  /** General loss of the base model at the target size, before CPT, and what is allowed after it; nats per token. */
  baseGeneralLoss: number;
  generalLossLimit: number;
  predictedGeneralLoss: number | null;
  predictedDomainLoss: number | null;
  /** One or two sentences: why this answer, or why none. */
  reason: string;
  warnings: string[];
}
