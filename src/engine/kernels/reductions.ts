import * as tf from '@tensorflow/tfjs';
import type { TraceKernel } from '../trace/backend.ts';
import { type Graph, sizeOf, type Value } from '../trace/graph.ts';

function reduced(graph: Graph, op: string, value: Value, axes: readonly number[], keepDims = false): Value {
  // A side of one needs no reducing, only another shape.
  const wide = axes.filter((axis) => value.shape[axis] !== 1);
  if (wide.length === 0) return value;
  const shape = keepDims
    ? value.shape.map((side, axis) => (wide.includes(axis) ? 1 : side))
    : value.shape.filter((_, axis) => !wide.includes(axis));
  const operand = graph.constant(BigInt64Array.from(wide, BigInt), [wide.length]);
  return graph.emit(op, [value, operand], shape, value.type, { attributes: { keepdims: Number(keepDims) } });
}

const reduction =
  (op: string): TraceKernel =>
  (recorder, inputs, attributes) => {
    const x = inputs.x as tf.TensorInfo;
    // tfjs calls the axes of Max differently from those of the other reductions.
    const asked = (attributes.reductionIndices ?? attributes.axis) as number | number[];
    const axes = tf.util.parseAxisParam(asked, x.shape);
    const keepDims = (attributes.keepDims as boolean | undefined) ?? false;
    const shape = keepDims
      ? x.shape.map((side, axis) => (axes.includes(axis) ? 1 : side))
      : x.shape.filter((_, axis) => !axes.includes(axis));
    if (op === 'ReduceSum' && shape.every((side) => side === 1)) {
      const squares = squaredValue(recorder.graph, recorder.rawValue(x));
      if (squares) {
        const sum = reduced(recorder.graph, 'ReduceSumSquare', squares, [...squares.shape.keys()]);
        return recorder.tensor(sum, shape, x.dtype);
      }
    }
    return recorder.tensor(reduced(recorder.graph, op, recorder.value(x), axes, keepDims), shape, x.dtype);
  };

/** What was squared to give this value, if that is how it was made: its whole sum then needs no array of squares. */
function squaredValue(graph: Graph, value: Value): Value | undefined {
  const producer = graph.producerOf(value);
  if (producer?.op !== 'Mul' || producer.inputs[0] !== producer.inputs[1]) return undefined;
  const squared = graph.valueNamed(producer.inputs[0]!);
  return sizeOf(squared.shape) > 1 ? squared : undefined;
}

/** tfjs's softmax is over the last axis. */
const softmax: TraceKernel = (recorder, inputs) => {
  const x = inputs.logits as tf.TensorInfo;
  const value = recorder.value(x);
  const result = recorder.graph.emit('Softmax', [value], value.shape, value.type, {
    attributes: { axis: -1 },
  });
  return recorder.tensor(result, x.shape, x.dtype);
};

export const reductionKernels: Record<string, TraceKernel> = {
  Max: reduction('ReduceMax'),
  Mean: reduction('ReduceMean'),
  Min: reduction('ReduceMin'),
  Sum: reduction('ReduceSum'),
  Softmax: softmax,
};
