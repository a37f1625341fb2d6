import * as tf from '@tensorflow/tfjs';

/**
 * Root-mean-square normalisation of each row without its gain (Zhang and Sennrich 2019, arXiv 1910.07467, eq. 4):
 * y = x / √(mean(x²) + ε). The gain is multiplied into the matrices that read y, which is the same function and
 * costs no pass over the tokens.
 *
 * x: [rows, width] → [rows, width].
 */
export function rmsNormalise(x: tf.Tensor2D, epsilon: number): tf.Tensor2D {
  const op = tf.customGrad((input, save) => {
    const rows = input as tf.Tensor2D;
    const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(rows), 1, true), epsilon));
    const value = tf.mul(rows, inverse);
    (save as tf.GradSaveFunc)([value, inverse]);
    return {
      value,
      // y = r·x with r = (mean x² + ε)^−½ gives dx = r·(dy − y·mean(dy·y)).
      gradFunc: (dy: tf.Tensor, [y, r]: tf.Tensor[]) => {
        const along = tf.mean(tf.mul(dy, y!), 1, true);
        return tf.mul(tf.sub(dy, tf.mul(y!, along)), r!);
      },
    };
  });
  return op(x) as tf.Tensor2D;
}
