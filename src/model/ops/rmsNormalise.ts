import * as tf from '@tensorflow/tfjs';
import { differentiable } from './differentiable.ts';
import { offeredKernel } from './offeredKernel.ts';

/**
 * Root-mean-square normalisation of each row without its gain (Zhang and Sennrich 2019, arXiv 1910.07467, eq. 4):
 * y = x / √(mean(x²) + ε). The gain is multiplied into the matrices that read y, which is the same function and
 * costs no pass over the tokens.
 *
 * x: [rows, width] → [rows, width].
 */
export function rmsNormalise(x: tf.Tensor2D, epsilon: number): tf.Tensor2D {
  return differentiable([x], (save) => {
    const [value, inverse] = offeredKernel('RmsNormalise', { x }, { epsilon }) ?? composed(x, epsilon);
    save([value!, inverse!]);
    return {
      value: value as tf.Tensor2D,
      // y = r·x with r = (mean x² + ε)^−½ gives dx = r·(dy − y·mean(dy·y)).
      gradient: (dy, [y, r]) => {
        const along = tf.mean(tf.mul(dy, y!), 1, true);
        return [tf.mul(tf.sub(dy, tf.mul(y!, along)), r!)];
      },
    };
  });
}

function composed(x: tf.Tensor2D, epsilon: number): tf.Tensor[] {
  const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(x), 1, true), epsilon));
  return [tf.mul(x, inverse), inverse];
}
