import * as tf from '@tensorflow/tfjs';
import { differentiable } from './differentiable.ts';

/** Added to scores of later positions: softmax of it is exactly 0 in float32. */
const MASKED_SCORE = -1e9;

/**
 * Positions that attend together, to what came before them and to each other. A block's rows meet no key that comes after the block: of the
 * square of scores only little more than the half that counts is computed. Smaller blocks leave out more, but make small products.
 */
export const ATTENTION_BLOCK = 64;

/**
 * Softmax attention in which a position sees itself and what came before. Queries come scaled by 1/√headSize.
 * Query heads that share a key-value head stand one after the other in the rows of one matrix.
 *
 * queries: [batch, groups · length, headSize]; keys, values: [batch, length, headSize] → as queries.
 */
export function causalAttention(queries: tf.Tensor3D, keys: tf.Tensor3D, values: tf.Tensor3D): tf.Tensor3D {
  const [batch, length, headSize] = keys.shape;
  const groups = queries.shape[1] / length;
  const blocks = blocksOf(length);
  const sizes = blocks.map(({ rows }) => rows);
  /** Cuts the positions of queries, or of what has their shape, into blocks of [batch, groups · rows, headSize]. */
  const byBlock = (rows: tf.Tensor): tf.Tensor3D[] =>
    split(tf.reshape(rows, [batch * groups, length, headSize]), sizes, 1).map((block, i) =>
      tf.reshape(block, [batch, groups * sizes[i]!, headSize]),
    );
  const joined = (parts: readonly tf.Tensor[]): tf.Tensor3D =>
    tf.reshape(
      concat(
        parts.map((part, i) => tf.reshape(part, [batch * groups, sizes[i]!, headSize])),
        1,
      ),
      [batch, groups * length, headSize],
    );
  const upTo = (rows: tf.Tensor, end: number): tf.Tensor =>
    end === length ? rows : tf.slice(rows as tf.Tensor3D, [0, 0, 0], [batch, end, headSize]);

  return differentiable([queries, keys, values], (save) => {
    const queryBlocks = byBlock(queries);
    const shares = blocks.map(({ rows, end }, i) => {
      const scores = tf.matMul(queryBlocks[i]!, upTo(keys, end), false, true);
      return tf.softmax(tf.add(scores, causalMask(groups, rows, end)));
    });
    const attended = blocks.map(({ end }, i) => tf.matMul(shares[i]!, upTo(values, end)));
    save([keys, values, ...queryBlocks, ...shares, ...attended]);
    return {
      value: joined(attended),
      gradient: (dy, saved) => {
        const [k, v, ...rest] = saved as [tf.Tensor, tf.Tensor, ...tf.Tensor[]];
        const of = (part: number, block: number) => rest[part * blocks.length + block]!;
        const dBlocks = byBlock(dy).map((dOut, i) => {
          const { end } = blocks[i]!;
          const [q, share, out] = [of(0, i), of(1, i), of(2, i)];
          // Softmax's backward needs sum(dShares · share) per row, which equals sum(dy · out): far fewer elements.
          const along = tf.sum(tf.mul(dOut, out), 2, true);
          const dScores = tf.mul(share, tf.sub(tf.matMul(dOut, upTo(v, end), false, true), along));
          return {
            dQueries: tf.matMul(dScores, upTo(k, end)),
            // Transposed, [batch, headSize, end]: the long side as columns fills vector registers, the head size would not.
            dKeys: tf.matMul(q, dScores, true, false),
            dValues: tf.matMul(dOut, share, true, false),
          };
        });
        return [
          joined(dBlocks.map(({ dQueries }) => dQueries)),
          byPosition(dBlocks.map(({ dKeys }) => dKeys)),
          byPosition(dBlocks.map(({ dValues }) => dValues)),
        ];
      },
    };
  });
}

interface Block {
  rows: number;
  /** The position after its last: so many keys are seen. */
  end: number;
}

function blocksOf(length: number): Block[] {
  const count = Math.ceil(length / ATTENTION_BLOCK);
  return Array.from({ length: count }, (_, i) => {
    const end = Math.min(length, (i + 1) * ATTENTION_BLOCK);
    return { rows: end - i * ATTENTION_BLOCK, end };
  });
}

/** Sums what each block says of the keys that it has seen: [batch, headSize, end] each → [batch, length, headSize]. */
function byPosition(parts: readonly tf.Tensor[]): tf.Tensor {
  const sum = parts.reduceRight((later, earlier) => {
    const [seen, end] = [earlier.shape[2]!, later.shape[2]!];
    const [both, rest] = tf.split(later, [seen, end - seen], 2) as [tf.Tensor, tf.Tensor];
    return tf.concat([tf.add(both, earlier), rest], 2);
  });
  return tf.transpose(sum, [0, 2, 1]);
}

const split = (x: tf.Tensor, sizes: number[], axis: number): tf.Tensor[] =>
  sizes.length === 1 ? [x] : tf.split(x, sizes, axis);
const concat = (parts: tf.Tensor[], axis: number): tf.Tensor =>
  parts.length === 1 ? parts[0]! : tf.concat(parts, axis);

/** [groups · rows, end] for the last `rows` of `end` positions: 0 up to the row's own position, MASKED_SCORE after it. */
function causalMask(groups: number, rows: number, end: number): tf.Tensor2D {
  const mask = new Float32Array(groups * rows * end);
  for (let row = 0; row < groups * rows; row++) {
    const position = end - rows + (row % rows);
    mask.fill(MASKED_SCORE, row * end + position + 1, (row + 1) * end);
  }
  return tf.tensor2d(mask, [groups * rows, end]);
}
