import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { makeRandom } from '../../src/common/random.ts';
import { ATTENTION_BLOCK, causalAttention } from '../../src/model/ops/causalAttention.ts';

/** Attention as it is written in books: every score, the later positions then masked. */
function plain(queries: tf.Tensor3D, keys: tf.Tensor3D, values: tf.Tensor3D): tf.Tensor3D {
  const [rows, length] = [queries.shape[1], keys.shape[1]];
  const mask = tf.tensor2d(
    Array.from({ length: rows }, (_, row) =>
      Array.from({ length }, (_, key) => (key > row % length ? -1e9 : 0)),
    ),
  );
  return tf.matMul(tf.softmax(tf.add(tf.matMul(queries, keys, false, true), mask)), values) as tf.Tensor3D;
}

const random = makeRandom('attention');
const drawn = (shape: [number, number, number]) =>
  tf.tensor3d(
    Float32Array.from({ length: shape[0] * shape[1] * shape[2] }, () => random.normal()),
    shape,
  );

describe('attention in blocks', () => {
  beforeAll(() => tf.setBackend('cpu'));

  test.each([
    ['one block', 5, 1],
    ['exactly one', ATTENTION_BLOCK, 1],
    ['two blocks', 2 * ATTENTION_BLOCK, 1],
    ['three blocks, the last of two rows', 2 * ATTENTION_BLOCK + 2, 1],
    ['heads that share keys', ATTENTION_BLOCK + 7, 3],
  ])('%s: value and gradients of the whole square', (_, length, groups) => {
    const inputs = [
      drawn([2, groups * length, 4]),
      drawn([2, length, 4]),
      drawn([2, length, 4]),
    ] as tf.Tensor3D[];
    const weights = drawn([2, groups * length, 4]);
    const gradients = (attend: typeof plain) =>
      tf.valueAndGrads((...given) =>
        tf.sum(tf.mul(attend(...(given as [tf.Tensor3D, tf.Tensor3D, tf.Tensor3D])), weights)),
      )(inputs);
    const [blocked, whole] = [gradients(causalAttention), gradients(plain)];
    expect(blocked.value.dataSync()[0]).toBeCloseTo(whole.value.dataSync()[0]!, 3);
    for (const [i, gradient] of blocked.grads.entries()) {
      const difference = tf.max(tf.abs(tf.sub(gradient, whole.grads[i]!))).dataSync()[0]!;
      expect(difference).toBeLessThan(1e-5);
    }
  });

  test('no position sees what comes after it', () => {
    const length = ATTENTION_BLOCK + 9;
    const [queries, keys, values] = [drawn([1, length, 4]), drawn([1, length, 4]), drawn([1, length, 4])];
    const before = causalAttention(queries, keys, values);
    const changedFrom = length - 3;
    const bump = tf.tensor3d(
      Float32Array.from({ length: length * 4 }, (_, i) => (i >= changedFrom * 4 ? 10 : 0)),
      [1, length, 4],
    );
    const after = causalAttention(queries, tf.add(keys, bump), tf.add(values, bump));
    const moved = tf.max(tf.abs(tf.sub(after, before)), 2).dataSync();
    expect([...moved.slice(0, changedFrom)].every((difference) => difference === 0)).toBe(true);
    expect([...moved.slice(changedFrom)].every((difference) => difference > 0.01)).toBe(true);
  });
});
