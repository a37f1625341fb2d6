import * as tf from '@tensorflow/tfjs';
import { differentiable } from './differentiable.ts';

/** Added to scores of later positions: softmax of it is exactly 0 in float32. */
const MASKED_SCORE = -1e9;

/**
 * Softmax attention in which a position sees itself and what came before. Queries come scaled by 1/√headSize.
 * Query heads that share a key-value head stand one after the other in the rows of one matrix.
 *
 * queries: [batch, groups · length, headSize]; keys, values: [batch, length, headSize] → as queries.
 */
export function causalAttention(queries: tf.Tensor3D, keys: tf.Tensor3D, values: tf.Tensor3D): tf.Tensor3D {
  return differentiable([queries, keys, values], (save) => {
    const mask = causalMask(queries.shape[1], keys.shape[1]);
    const shares = tf.softmax(tf.add(tf.matMul(queries, keys, false, true), mask)) as tf.Tensor3D;
    const value = tf.matMul(shares, values) as tf.Tensor3D;
    save([queries, keys, values, shares, value]);
    return {
      value,
      gradient: (dy, saved) => {
        const [q, k, v, share, out] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
        // Softmax's backward needs sum(dShares · share) per row, which equals sum(dy · out): far fewer elements.
        const along = tf.sum(tf.mul(dy, out), 2, true);
        const dScores = tf.mul(share, tf.sub(tf.matMul(dy, v, false, true), along));
        return [tf.matMul(dScores, k), tf.matMul(dScores, q, true, false), tf.matMul(share, dy, true, false)];
      },
    };
  });
}

/** [rows, length], where row r is position r mod length: 0 up to that position, MASKED_SCORE after it. */
function causalMask(rows: number, length: number): tf.Tensor2D {
  const mask = new Float32Array(rows * length);
  for (let row = 0; row < rows; row++) {
    mask.fill(MASKED_SCORE, row * length + (row % length) + 1, (row + 1) * length);
  }
  return tf.tensor2d(mask, [rows, length]);
}
