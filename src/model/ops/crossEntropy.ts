import * as tf from '@tensorflow/tfjs';
import { differentiable } from './differentiable.ts';

/**
 * Negative log-likelihood of each row's target, in nats.
 *
 * logits: [rows, vocabulary]; targets: int32 [rows] → [rows]. Differentiable in the logits.
 */
export function crossEntropy(logits: tf.Tensor2D, targets: tf.Tensor1D): tf.Tensor1D {
  const [rows, vocabulary] = logits.shape;
  const size = rows * vocabulary;
  return differentiable([logits], (save) => {
    const shares = tf.softmax(logits);
    const at = targetPositions(targets, rows, vocabulary);
    save([shares, at]);
    const atTarget = tf.gather(tf.reshape(logits, [size]), at);
    // The largest logit's share is 1 / Σ exp(logit − largest): both maxima give log Σ exp without another array of
    // the logits' size. It is at least 1 / vocabulary, so that its logarithm is exact enough where a share's own,
    // which can be 0, would not be.
    const largest = tf.max(logits, 1);
    const logSum = tf.sub(largest, tf.log(tf.max(shares, 1)));
    return {
      value: tf.sub(logSum, atTarget) as tf.Tensor1D,
      // softmax − one-hot, with the one element that differs in each row written in place of a one-hot matrix.
      gradient: (dy, saved) => {
        const [share, positions] = saved as [tf.Tensor, tf.Tensor1D];
        const flatShares = tf.reshape(share, [size]);
        const lowered = tf.sub(tf.gather(flatShares, positions), 1);
        const flat = tf.tensorScatterUpdate(flatShares, tf.reshape(positions, [rows, 1]), lowered);
        return [tf.mul(tf.reshape(flat, [rows, vocabulary]), tf.reshape(dy, [rows, 1]))];
      },
    };
  });
}

/** Position of each row's target in the flattened logits: [rows]. */
function targetPositions(targets: tf.Tensor1D, rows: number, vocabulary: number): tf.Tensor1D {
  const rowStarts = Int32Array.from({ length: rows }, (_, row) => row * vocabulary);
  return tf.add(targets, tf.tensor1d(rowStarts, 'int32'));
}
