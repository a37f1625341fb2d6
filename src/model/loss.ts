import * as tf from '@tensorflow/tfjs';
import { crossEntropy } from './ops/crossEntropy.ts';
import { logits, type Parameters } from './transformer.ts';
import type { ModelSpec } from './types.ts';

/**
 * Negative log-likelihood of every target token, in nats.
 *
 * tokens: int32 [sequences, contextLength + 1], of which each row's first contextLength are inputs and its last
 * contextLength are targets → [sequences · contextLength].
 */
export function tokenLosses(spec: ModelSpec, parameters: Parameters, tokens: tf.Tensor2D): tf.Tensor1D {
  const [sequences, given] = tokens.shape;
  const length = given - 1;
  const inputs = tf.slice(tokens, [0, 0], [sequences, length]);
  const targets = tf.reshape(tf.slice(tokens, [0, 1], [sequences, length]), [sequences * length]);
  return crossEntropy(logits(spec, parameters, inputs), targets as tf.Tensor1D);
}

/** Sum over each sequence's targets, in nats: [sequences]. */
export function sequenceLosses(spec: ModelSpec, parameters: Parameters, tokens: tf.Tensor2D): tf.Tensor1D {
  const [sequences, given] = tokens.shape;
  return tf.sum(tf.reshape(tokenLosses(spec, parameters, tokens), [sequences, given - 1]), 1);
}
