import * as tf from '@tensorflow/tfjs';

/**
 * Negative log-likelihood of each row's target, in nats.
 *
 * logits: [rows, vocabulary]; targets: int32 [rows] → [rows]. Differentiable in the logits.
 */
export function crossEntropy(logits: tf.Tensor2D, targets: tf.Tensor1D): tf.Tensor1D {
  const [rows, vocabulary] = logits.shape;
  const size = rows * vocabulary;
  const op = tf.customGrad((input, save) => {
    const scores = input as tf.Tensor2D;
    const shifted = tf.sub(scores, tf.max(scores, 1, true));
    const exponentials = tf.exp(shifted);
    const sums = tf.sum(exponentials, 1, true);
    const at = targetPositions(targets, rows, vocabulary);
    (save as tf.GradSaveFunc)([exponentials, sums, at]);
    return {
      value: tf.sub(tf.reshape(tf.log(sums), [rows]), tf.gather(tf.reshape(shifted, [size]), at)),
      // softmax − one-hot, with the one element that differs in each row written in place of a one-hot matrix.
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [exponential, sum, positions] = saved as [tf.Tensor2D, tf.Tensor2D, tf.Tensor1D];
        const shares = tf.reshape(tf.mul(exponential, tf.reciprocal(sum)), [size]);
        const atTarget = tf.sub(tf.gather(shares, positions), 1);
        const gradient = tf.tensorScatterUpdate(shares, tf.reshape(positions, [rows, 1]), atTarget);
        return tf.mul(tf.reshape(gradient, [rows, vocabulary]), tf.reshape(dy, [rows, 1]));
      },
    };
  });
  return op(logits) as tf.Tensor1D;
}

/** Position of each row's target in the flattened logits: [rows]. */
function targetPositions(targets: tf.Tensor1D, rows: number, vocabulary: number): tf.Tensor1D {
  const rowStarts = Int32Array.from({ length: rows }, (_, row) => row * vocabulary);
  return tf.add(targets, tf.tensor1d(rowStarts, 'int32'));
}
