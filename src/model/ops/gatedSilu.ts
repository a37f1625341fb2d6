import * as tf from '@tensorflow/tfjs';

/**
 * SwiGLU's gating (Shazeer 2020, arXiv 2002.05202, eq. 6): silu(gate) · up with silu(x) = x · sigmoid(x).
 *
 * gate, up: the same shape → that shape.
 */
export function gatedSilu(gate: tf.Tensor2D, up: tf.Tensor2D): tf.Tensor2D {
  const op = tf.customGrad((...inputs) => {
    const [g, u, save] = inputs as unknown as [tf.Tensor2D, tf.Tensor2D, tf.GradSaveFunc];
    const sigmoid = tf.sigmoid(g);
    const silu = tf.mul(g, sigmoid);
    save([u, sigmoid, silu]);
    return {
      value: tf.mul(silu, u),
      // silu' = s + silu·(1 − s)
      gradFunc: (dy: tf.Tensor, [upSaved, s, h]: tf.Tensor[]) => {
        const slope = tf.add(s!, tf.sub(h!, tf.mul(h!, s!)));
        return [tf.mul(tf.mul(dy, upSaved!), slope), tf.mul(dy, h!)];
      },
    };
  });
  return op(gate, up) as tf.Tensor2D;
}
