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
    const shifted = tf.sub(logits, tf.max(logits, 1, true));
    const exponentials = tf.exp(shifted);
    const sums = tf.sum(exponentials, 1, true);
    const at = targetPositions(targets, rows, vocabulary);
    save([exponentials, sums, at]);
    const atTarget = tf.gather(tf.reshape(shifted, [size]), at);
    return {
      value: tf.sub(tf.reshape(tf.log(sums), [rows]), atTarget) as tf.Tensor1D,
      // softmax − one-hot, with the one element that differs in each row written in place of a one-hot matrix.
      gradient: (dy, saved) => {
        const [exponential, sum, positions] = saved as [tf.Tensor, tf.Tensor, tf.Tensor1D];
        const shares = tf.reshape(tf.mul(exponential, tf.reciprocal(sum)), [size]);
        const lowered = tf.sub(tf.gather(shares, positions), 1);
        const flat = tf.tensorScatterUpdate(shares, tf.reshape(positions, [rows, 1]), lowered);
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
