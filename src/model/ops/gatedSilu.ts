import * as tf from '@tensorflow/tfjs';
import { differentiable } from './differentiable.ts';

/**
 * SwiGLU's gating (Shazeer 2020, arXiv 2002.05202, eq. 6): silu(gate) · up with silu(x) = x · sigmoid(x).
 *
 * gate, up: the same shape → that shape.
 */
export function gatedSilu(gate: tf.Tensor2D, up: tf.Tensor2D): tf.Tensor2D {
  return differentiable([gate, up], (save) => {
    const sigmoid = tf.sigmoid(gate);
    const silu = tf.mul(gate, sigmoid);
    save([up, sigmoid, silu]);
    return {
      value: tf.mul(silu, up) as tf.Tensor2D,
      // silu' = s + silu·(1 − s)
      gradient: (dy, [upSaved, s, h]) => {
        const slope = tf.add(s!, tf.sub(h!, tf.mul(h!, s!)));
        return [tf.mul(tf.mul(dy, upSaved!), slope), tf.mul(dy, h!)];
      },
    };
  });
}
