import { UserError } from '../../common/errors.ts';
import { checkPositive } from './checks.ts';

/** What a budget pays for beside the CPT run itself. All in FLOP: 6 per parameter and training token, 2 per parameter and token served. */
export interface CostModel {
  /** Tokens that the model will serve, billions: counted as 2·N·tokens. 0: training only. */
  inferenceTokens: number;
  /** Tokens of the base model's own pre-training, billions, counted as 6·N·tokens; 0: the base model is there. */
  baseTokens: number;
}

/** C = 6·N·D and nothing else (arXiv 2406.01375 section 4.3). */
export const CPT_ONLY: CostModel = { inferenceTokens: 0, baseTokens: 0 };

export interface Budget {
  /** FLOP. */
  flops: number;
  cost: CostModel;
}

/** Smallest and largest size looked at, as multiples of those measured. */
const REACH = 1e4;

/** Tokens (billions) that a budget leaves for a size (billions); negative when it does not suffice. */
export function affordableTokens(n: number, { flops, cost }: Budget): number {
  return flops / (6e18 * n) - cost.baseTokens - cost.inferenceTokens / 3;
}

/** FLOP that a run of n parameters and d tokens (billions) takes out of a budget. */
export const flopsOf = (n: number, d: number, cost: CostModel): number =>
  6e18 * n * (d + cost.baseTokens) + 2e18 * n * cost.inferenceTokens;

/** Sizes (billions) worth looking at: within reach of those measured, and able to read a token. null when there are none. */
export function affordableSizes(
  measured: { smallest: number; largest: number },
  { flops, cost }: Budget,
  reach = REACH,
): { low: number; high: number } | null {
  const oneToken = 1e-9;
  const dearest = flops / (6e18 * (cost.baseTokens + cost.inferenceTokens / 3 + oneToken));
  const low = measured.smallest / reach;
  const high = Math.min(measured.largest * reach, dearest);
  return high >= low ? { low, high } : null;
}

/** Throws a UserError for a budget that means nothing. */
export function checkBudget({ flops, cost }: Budget): void {
  checkPositive({ flops }, 'Give the budget in FLOP, e.g. 5e19.');
  for (const [name, value] of Object.entries(cost)) {
    if (!(value >= 0 && Number.isFinite(value))) {
      throw new UserError(`${name} is ${value}`, 'Give tokens in billions, or 0.');
    }
  }
}

/** What the cost model leaves out, in words. */
export const costWarnings = ({ baseTokens }: CostModel): string[] =>
  baseTokens === 0 ? ["the base models' own pre-training is not counted, which favours large ones"] : [];
