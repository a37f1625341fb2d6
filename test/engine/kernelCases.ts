import * as tf from '@tensorflow/tfjs';
import type { Arrays, SessionDefinition, Tensors } from '../../src/engine/types.ts';

export type Expression = (t: Tensors) => tf.Tensor;

export const FEEDS: SessionDefinition['functions'][string]['feeds'] = {
  /** Of both signs. */
  x: { shape: [3, 4], dtype: 'float32' },
  y: { shape: [3, 4], dtype: 'float32' },
  /** Positive. */
  p: { shape: [3, 4], dtype: 'float32' },
  row: { shape: [4], dtype: 'float32' },
  scalar: { shape: [], dtype: 'float32' },
  ids: { shape: [5], dtype: 'int32' },
  cube: { shape: [2, 3, 4], dtype: 'float32' },
};

const wave = (size: number, speed: number): Float32Array =>
  Float32Array.from({ length: size }, (_, i) => Math.round(1000 * Math.sin(1 + i * speed)) / 500);

/** Feeds of one call. */
export const VALUES: Arrays = {
  x: wave(12, 1.7),
  y: wave(12, 2.9),
  p: wave(12, 0.7).map((element) => Math.abs(element) + 0.1),
  row: wave(4, 1.1),
  scalar: Float32Array.of(0.75),
  ids: Int32Array.of(2, 0, 2, 1, 2),
  cube: wave(24, 0.9),
};

/** Each kernel, and each case in which a kernel takes a path of its own. */
export const EXPRESSIONS: Record<string, Expression> = {
  Abs: ({ x }) => tf.abs(x!),
  Erf: ({ x }) => tf.erf(x!),
  Exp: ({ x }) => tf.exp(x!),
  Log: ({ p }) => tf.log(p!),
  Neg: ({ x }) => tf.neg(x!),
  Reciprocal: ({ p }) => tf.reciprocal(p!),
  Relu: ({ x }) => tf.relu(x!),
  Rsqrt: ({ p }) => tf.rsqrt(p!),
  Sigmoid: ({ x }) => tf.sigmoid(x!),
  Sqrt: ({ p }) => tf.sqrt(p!),
  Square: ({ x }) => tf.square(x!),
  Step: ({ x }) => tf.step(x!, 0.3),
  Tanh: ({ x }) => tf.tanh(x!),
  Identity: ({ x }) => tf.clone(x!),
  Add: ({ x, y }) => tf.add(x!, y!),
  'Add, broadcast row': ({ x, row }) => tf.add(x!, row!),
  'Add, outer': ({ x, row }) => tf.add(tf.reshape(x!, [3, 4, 1]), row!),
  'Add, equal shapes made differently': ({ x, y }) =>
    tf.add(tf.reshape(x!, [12]), tf.reshape(tf.neg(y!), [12])),
  'Add, zeros': ({ x }) => tf.add(tf.zeros([3, 4]), x!),
  'Add, zeros that enlarge': ({ row }) => tf.add(row!, tf.zeros([3, 4])),
  AddN: ({ x, y, p }) => tf.addN([x!, y!, p!]),
  Maximum: ({ x, y }) => tf.maximum(x!, y!),
  Minimum: ({ x, scalar }) => tf.minimum(x!, scalar!),
  Multiply: ({ x, row }) => tf.mul(row!, x!),
  'Multiply, by one': ({ x }) => tf.mul(x!, 1),
  'Multiply, scalar of higher rank': ({ x, scalar }) => tf.mul(x!, tf.reshape(scalar!, [1, 1, 1])),
  Pow: ({ p, y }) => tf.pow(p!, y!),
  'Pow, of a number': ({ scalar }) => tf.pow(0.9, scalar!),
  RealDiv: ({ x, p }) => tf.div(x!, p!),
  SquaredDifference: ({ x, row }) => tf.squaredDifference(x!, row!),
  Sub: ({ x, row }) => tf.sub(row!, x!),
  'Sub, from zero': ({ x }) => tf.sub(0, x!),
  Equal: ({ ids }) => tf.cast(tf.equal(ids!, 2), 'float32'),
  Greater: ({ x, y }) => tf.cast(tf.greater(x!, y!), 'float32'),
  GreaterEqual: ({ x, row }) => tf.cast(tf.greaterEqual(x!, row!), 'float32'),
  Less: ({ x, y }) => tf.cast(tf.less(x!, y!), 'int32'),
  LessEqual: ({ x, y }) => tf.cast(tf.lessEqual(x!, y!), 'float32'),
  LogicalAnd: ({ x, y }) => tf.cast(tf.logicalAnd(tf.greater(x!, 0), tf.greater(y!, 0)), 'float32'),
  LogicalOr: ({ x, y }) => tf.cast(tf.logicalOr(tf.greater(x!, 0), tf.greater(y!, 0)), 'float32'),
  LogicalNot: ({ x }) => tf.cast(tf.logicalNot(tf.greater(x!, 0)), 'float32'),
  Select: ({ x, y, p }) => tf.where(tf.greater(x!, 0), y!, p!),
  Cast: ({ ids }) => tf.mul(tf.cast(ids!, 'float32'), 0.5),
  Fill: ({ x }) => tf.add(x!, tf.fill([3, 4], 2.5)),
  OnesLike: ({ x }) => tf.sub(tf.onesLike(x!), x!),
  ZerosLike: ({ x }) => tf.concat([tf.zerosLike(x!), x!]),
  Sum: ({ cube }) => tf.sum(cube!, 1),
  'Sum, all': ({ x }) => tf.sum(x!),
  'Sum, kept, negative axis': ({ cube }) => tf.sum(cube!, -1, true),
  'Sum, over sides of one': ({ x }) => tf.sum(tf.reshape(x!, [3, 1, 4]), [1]),
  'Sum, of squares': ({ x }) => tf.sum(tf.square(x!)),
  'Sum, of squares, one axis': ({ x }) => tf.sum(tf.square(x!), 1),
  'Sum, of the square of a scalar': ({ scalar }) => tf.sum(tf.square(scalar!)),
  Mean: ({ cube }) => tf.mean(cube!, [0, 2]),
  Max: ({ x }) => tf.max(x!, 1),
  'Max, kept': ({ x }) => tf.max(x!, 0, true),
  Min: ({ x }) => tf.min(x!, 1),
  Softmax: ({ cube }) => tf.softmax(cube!),
  BatchMatMul: ({ x, y }) => tf.matMul(x!, y!, false, true),
  'BatchMatMul, first transposed': ({ x, y }) => tf.matMul(x!, y!, true, false),
  'BatchMatMul, both transposed': ({ x, y }) => tf.matMul(x!, tf.reshape(y!, [4, 3]), true, true),
  'BatchMatMul, batches': ({ cube }) => tf.matMul(cube!, cube!, false, true),
  'BatchMatMul, batches, first transposed': ({ cube }) => tf.matMul(cube!, cube!, true, false),
  'BatchMatMul, vector': ({ x, row }) => tf.dot(x!, row!),
  GatherV2: ({ x, ids }) => tf.gather(x!, ids! as tf.Tensor1D),
  'GatherV2, other axis': ({ x, ids }) => tf.gather(x!, ids! as tf.Tensor1D, 1),
  GatherNd: ({ x, ids }) => tf.gatherND(x!, tf.reshape(tf.slice(ids!, [0], [4]), [2, 2])),
  TensorScatterUpdate: ({ row, ids }) =>
    tf.tensorScatterUpdate(row!, tf.reshape(tf.slice(ids!, [1], [3]), [3, 1]), tf.tensor1d([7, 8, 9])),
  UnsortedSegmentSum: ({ ids }) =>
    tf.unsortedSegmentSum(tf.tensor2d(wave(10, 1), [5, 2]), ids! as tf.Tensor1D, 4),
  OneHot: ({ ids }) => tf.cast(tf.oneHot(ids!, 4), 'float32'),
  Concat: ({ x, y }) => tf.concat([x!, y!], 1),
  'Concat, of all pieces of a split': ({ x }) => tf.concat(tf.split(x!, [1, 3], 1), 1),
  'Concat, of pieces in another order': ({ x }) => tf.concat(tf.split(x!, [1, 3], 1).reverse(), 1),
  'Concat, of some pieces': ({ x }) => tf.concat(tf.split(x!, 4, 1).slice(0, 2), 1),
  ExpandDims: ({ x }) => tf.mul(tf.expandDims(x!, 1), tf.expandDims(x!, -1).reshape([3, 4, 1])),
  Pack: ({ x, y }) => tf.stack([x!, y!], 1),
  Reshape: ({ x }) => tf.softmax(tf.reshape(x!, [2, -1])),
  Slice: ({ cube }) => tf.slice(cube!, [0, 1, 1], [-1, 2, 3]),
  'Slice, of everything': ({ x }) => tf.slice(x!, [0, 0], [3, 4]),
  SplitV: ({ x }) => tf.split(x!, [1, 2, -1], 1)[2]!,
  'SplitV, in equal parts': ({ x }) => tf.split(x!, 2, 1)[1]!,
  Tile: ({ x }) => tf.tile(x!, [2, 3]),
  'Tile, once': ({ x }) => tf.tile(x!, [1, 1]),
  BroadcastTo: ({ row }) => tf.broadcastTo(row!, [3, 4]),
  Transpose: ({ cube }) => tf.transpose(cube!, [2, 0, 1]),
  'Transpose, that moves nothing': ({ cube }) => tf.transpose(tf.reshape(cube!, [2, 1, 12]), [1, 0, 2]),
  Unpack: ({ cube }) => tf.unstack(cube!, 1)[2]!,
  'gradient of a broadcast product': ({ x, row }) => tf.grad((r) => tf.sum(tf.square(tf.mul(x!, r))))(row!),
  'gradient of a look-up': ({ x, ids }) =>
    tf.grad((e) => tf.sum(tf.square(tf.gather(e, ids! as tf.Tensor1D))))(x!),
};

/** A session with one function `f`, whose output `result` is the expression of its feeds. */
export function definitionOf(expression: Expression): SessionDefinition {
  return {
    state: {},
    functions: {
      f: {
        feeds: FEEDS,
        reads: [],
        compute: (_state, feeds) => ({ outputs: { result: expression(feeds) } }),
      },
    },
  };
}
