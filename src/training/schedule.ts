import type { RunSpec } from './runSpec.ts';

/** Tokens of one optimiser step. */
export function batchTokens(spec: Pick<RunSpec, 'batchSequences' | 'model'>): number {
  return spec.batchSequences * spec.model.contextLength;
}

/**
 * Learning rate of the step that starts at `tokensBefore`: linear warm-up, then constant, so that every later
 * checkpoint is a valid token count D of its own (arXiv 2507.09404; a decaying schedule would not allow it).
 * Evaluated at the step's end, so that the first step already moves.
 */
export function learningRateAt(spec: RunSpec, tokensBefore: number): number {
  const tokensAfter = tokensBefore + batchTokens(spec);
  if (tokensAfter >= spec.warmupTokens) return spec.learningRate;
  return (spec.learningRate * tokensAfter) / spec.warmupTokens;
}

/**
 * Rows evaluated per call: about 4,096 tokens, enough to fill the matrix products of the largest default model
 * while the T × vocabulary logits stay in the processor's cache.
 */
export function evaluationSequences(contextLength: number): number {
  return Math.max(1, Math.floor(4096 / contextLength));
}
