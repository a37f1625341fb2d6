import * as tf from '@tensorflow/tfjs';
import { differentiable } from './differentiable.ts';
import { offeredKernel } from './offeredKernel.ts';

export interface RotaryTables {
  /** cos and sin of position · frequency, each [contextLength, headSize / 2], row-major, times `scale`. */
  cosine: Float32Array;
  sine: Float32Array;
  contextLength: number;
  halfHead: number;
}

/**
 * Rotary position tables (Su et al. 2021, arXiv 2104.09864, eq. 34): pair i of position p turns by
 * p · theta^(−2i / headSize). Both tables carry `scale`, so that the attention's 1/√headSize costs nothing.
 */
export function rotaryTables(
  contextLength: number,
  headSize: number,
  theta: number,
  scale: number,
): RotaryTables {
  const halfHead = headSize / 2;
  const cosine = new Float32Array(contextLength * halfHead);
  const sine = new Float32Array(contextLength * halfHead);
  for (let position = 0; position < contextLength; position++) {
    for (let pair = 0; pair < halfHead; pair++) {
      const angle = position * theta ** ((-2 * pair) / headSize);
      cosine[position * halfHead + pair] = scale * Math.cos(angle);
      sine[position * halfHead + pair] = scale * Math.sin(angle);
    }
  }
  return { cosine, sine, contextLength, halfHead };
}

/**
 * Turns queries or keys by their positions; pair i is elements i and i + headSize/2 (Hugging Face's "rotate half"
 * order of Llama checkpoints).
 *
 * x: [any, contextLength, headSize] → the same shape.
 */
export function rotate(x: tf.Tensor3D, tables: RotaryTables): tf.Tensor3D {
  return differentiable([x], () => ({
    value: turn(x, tables, 1),
    // A rotation's transpose is the rotation back.
    gradient: (dy) => [turn(dy, tables, -1)],
  }));
}

function turn(x: tf.Tensor3D, tables: RotaryTables, direction: 1 | -1): tf.Tensor3D {
  const { contextLength, halfHead } = tables;
  const sine = direction === 1 ? tables.sine : tables.sine.map((value) => -value);
  const [cos, sin] = [tables.cosine, sine].map((table) => tf.tensor2d(table, [contextLength, halfHead]));
  const offered = offeredKernel('RotateHalf', { x, cosine: cos!, sine: sin! });
  if (offered) return offered[0] as tf.Tensor3D;
  const [first, second] = tf.split(x, 2, 2) as [tf.Tensor3D, tf.Tensor3D];
  return tf.concat(
    [
      tf.sub(tf.mul(first, cos!), tf.mul(second, sin!)) as tf.Tensor3D,
      tf.add(tf.mul(second, cos!), tf.mul(first, sin!)) as tf.Tensor3D,
    ],
    2,
  );
}
