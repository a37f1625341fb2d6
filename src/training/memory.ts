import { countParameters } from '../model/family.ts';
import type { RunSpec } from './runSpec.ts';
import { evaluationSequences } from './schedule.ts';

const FLOAT_BYTES = 4;
/** Parameters, their gradients, and AdamW's two moments. */
const COPIES = 4;
/** Node, the runtime and its libraries, before the first tensor. */
const PROCESS_BYTES = 300e6;

/**
 * Memory that training a run takes on its device, bytes: four copies of the parameters; for each layer the activations
 * that the backward pass needs (about 16 vectors of the model's width and 4 of the feed-forward width a token, and two
 * attention matrices a head); and three copies of the logits. An estimate for choosing a device, on the safe side.
 */
export function runMemoryBytes(spec: Pick<RunSpec, 'model' | 'batchSequences'>): number {
  const { model, batchSequences } = spec;
  const { layers, width, feedForwardWidth, heads, contextLength, vocabularySize } = model;
  const tokens = Math.max(batchSequences, evaluationSequences(contextLength)) * contextLength;
  const activations =
    layers * tokens * (16 * width + 4 * feedForwardWidth + 2 * heads * contextLength) +
    3 * tokens * vocabularySize;
  return PROCESS_BYTES + FLOAT_BYTES * (COPIES * countParameters(model).total + activations);
}
