import { predict, predictAll } from '../predict.ts';
import type { Interval, LawFit, LawObservation, LawParameters } from '../types.ts';
import { minimise } from './minimise.ts';
import { intervalOf, unusable } from './replicates.ts';
import type { AnswerWords, Estimate } from './types.ts';

/** What a budget pays for. All in FLOP: 6 per parameter and training token, 2 per parameter and token that is served. */
export interface CostModel {
  /** Tokens that the model will serve, billions: counted as 2·N·tokens. 0: training only. */
  inferenceTokens: number;
  /** Tokens of the base model's own pre-training, billions, counted as 6·N·tokens; 0: the base model is there. */
  baseTokens: number;
}

export const CPT_ONLY: CostModel = { inferenceTokens: 0, baseTokens: 0 };

export interface ComputeQuestion {
  /** FLOP. */
  flops: number;
  /** Share of the corpus whose loss is predicted. */
  ratio: number;
  cost: CostModel;
}

export interface ComputeAnswer extends AnswerWords {
  /** Billions of parameters and tokens. */
  n: Estimate | null;
  d: Estimate | null;
  loss: number | null;
  /** The best inside the sizes that were measured. */
  withinMeasured: { n: number; d: number; loss: number } | null;
}

/** Smallest and largest size looked at, as multiples of those measured. */
const REACH = 1e4;
const GRID = 300;

/**
 * Usage 3 of the D-CPT law (arXiv 2406.01375 App. G.3): the size and tokens whose loss is least for a compute budget, at a fixed
 * ratio. Found numerically for any form and cost; for CPT alone and a law that is Chinchilla at that ratio it agrees with
 * computeOptimum.
 */
export function computeBudget(
  fit: LawFit,
  question: ComputeQuestion,
  rows: readonly LawObservation[],
  level: number,
): ComputeAnswer {
  const none = { n: null, d: null, loss: null, withinMeasured: null };
  const trouble = unusable('loss', fit);
  if (trouble) {
    return { ...none, status: 'not-identified', sentence: `The data cannot tell: ${trouble}.`, warnings: [] };
  }
  const sizes = rows.map((row) => row.n);
  const [smallest, largest] = [Math.min(...sizes), Math.max(...sizes)];
  const best = (parameters: LawParameters, low: number, high: number) =>
    bestSize({ form: fit.form, parameters }, question, low, high);
  const found = best(fit.parameters, smallest / REACH, largest * REACH);
  if (!found) {
    return {
      ...none,
      status: 'infeasible',
      sentence: 'The budget does not pay for a single token at any size looked at.',
      warnings: [],
    };
  }
  const replicated = fit.replicates.map((parameters) => best(parameters, smallest / REACH, largest * REACH));
  const within = best(fit.parameters, smallest, largest);
  const n: Estimate = {
    value: found.n,
    interval: intervalOf(
      replicated.map((each) => each?.n ?? null),
      level,
    ),
  };
  const d: Estimate = {
    value: found.d,
    interval: intervalOf(
      replicated.map((each) => each?.d ?? null),
      level,
    ),
  };
  const outside = found.n < smallest / 1.001 || found.n > largest * 1.001;
  const warnings = [
    ...(outside
      ? [
          `the best size, ${count(found.n)} parameters, lies outside the ${count(smallest)} to ${count(largest)} that were measured` +
            (within ? `; inside them the best is ${count(within.n)} on ${count(within.d)} tokens` : ''),
        ]
      : []),
    ...(question.cost.baseTokens === 0
      ? ['the base models’ own pre-training is not counted, which favours large ones']
      : []),
    ...(n.interval === null ? ['no resampled fits, so no interval'] : []),
  ];
  const atEnd = found.n <= (smallest / REACH) * 1.01 || found.n >= largest * REACH * 0.99;
  const wide = spans(n.interval, 100);
  return {
    n,
    d,
    loss: found.loss,
    withinMeasured: within,
    status: atEnd || wide ? 'not-identified' : 'recommended',
    sentence: atEnd
      ? 'The data cannot tell: the law sees no best size in any reach.'
      : wide
        ? `The data cannot tell: resampled fits put the best size anywhere from ${count(n.interval!.low)} to ${count(n.interval!.high)} parameters.`
        : `For ${question.flops.toExponential(1)} FLOP: ${count(found.n)} parameters on ${count(found.d)} tokens, predicted loss ${found.loss.toFixed(4)}.`,
    warnings,
  };
}

/** Tokens (billions) that a budget leaves for a size (billions); negative when it does not suffice. */
export function affordableTokens(n: number, { flops, cost }: ComputeQuestion): number {
  return flops / (6e18 * n) - cost.baseTokens - cost.inferenceTokens / 3;
}

function bestSize(
  law: { form: string; parameters: LawParameters },
  question: ComputeQuestion,
  low: number,
  high: number,
): { n: number; d: number; loss: number } | null {
  // The largest size that still reads a token.
  const dearest =
    question.flops / (6e18 * (question.cost.baseTokens + question.cost.inferenceTokens / 3 + 1e-9));
  const top = Math.min(high, dearest);
  if (top <= low) return null;
  const point = (n: number) => ({
    n,
    d: Math.max(1e-12, affordableTokens(n, question)),
    ratio: question.ratio,
  });
  const n = minimise(
    (size) => predict(law.form, law.parameters, point(size)),
    low,
    top,
    GRID,
    (ns) => predictAll(law, ns.map(point)),
  );
  return { n, d: point(n).d, loss: predict(law.form, law.parameters, point(n)) };
}

/**
 * Closed form for L = E + A/N^alpha + B0/D^beta and C = 6·N·D (arXiv 2406.01375 App. G.3): N = G(C/6)^a, D = G^-1(C/6)^b, G =
 * (alpha·A/(beta·B0))^(1/(alpha + beta)), a = beta/(alpha + beta), b = alpha/(alpha + beta). N, D in billions; flops in FLOP; for L3
 * B0 = B·r^eta.
 */
export function computeOptimum(
  { alpha, beta, A, B0 }: { alpha: number; beta: number; A: number; B0: number },
  flops: number,
): { n: number; d: number; a: number; b: number; g: number } {
  const a = beta / (alpha + beta);
  const b = alpha / (alpha + beta);
  const g = ((alpha * A) / (beta * B0)) ** (1 / (alpha + beta));
  // N and D in billions: their product is in 1e18.
  const product = flops / 6e18;
  return { n: g * product ** a, d: product ** b / g, a, b, g };
}

const spans = (interval: Interval | null, times: number): boolean =>
  interval !== null && interval.high > times * interval.low;

const count = (billions: number): string => {
  const value = billions * 1e9;
  const [unit, size] =
    value >= 1e9 ? ['B', 1e9] : value >= 1e6 ? ['M', 1e6] : value >= 1e3 ? ['k', 1e3] : ['', 1];
  return `${Number((value / (size as number)).toPrecision(3))}${unit}`;
};
