import type * as tf from '@tensorflow/tfjs';
import { reshaped, type TraceKernel } from '../trace/backend.ts';
import { type Graph, sameShape, type Value } from '../trace/graph.ts';

/** A list of sizes or positions as ONNX wants it: an int64 constant. */
export function indexConstant(graph: Graph, numbers: readonly number[]): Value {
  return graph.constant(BigInt64Array.from(numbers, BigInt), [numbers.length]);
}

const reshape: TraceKernel = (recorder, inputs, attributes) => {
  const x = inputs.x as tf.TensorInfo;
  const size = x.shape.reduce((product, side) => product * side, 1);
  const asked = attributes.shape as number[];
  const known = asked.reduce((product, side) => (side === -1 ? product : product * side), 1);
  const shape = asked.map((side) => (side === -1 ? size / known : side));
  return recorder.tensor(recorder.rawValue(x), shape, x.dtype);
};

const expandDims: TraceKernel = (recorder, inputs, attributes) => {
  const x = inputs.input as tf.TensorInfo;
  const dim = attributes.dim as number;
  const shape = [...x.shape];
  shape.splice(dim < 0 ? dim + x.shape.length + 1 : dim, 0, 1);
  return recorder.tensor(recorder.rawValue(x), shape, x.dtype);
};

const transpose: TraceKernel = (recorder, inputs, attributes) => {
  const x = inputs.x as tf.TensorInfo;
  const perm = attributes.perm as number[];
  const shape = perm.map((axis) => x.shape[axis]!);
  // Axes of one side may go anywhere: when the others keep their order, no element moves.
  const wide = perm.filter((axis) => x.shape[axis] !== 1);
  if (wide.every((axis, i) => i === 0 || axis > wide[i - 1]!)) {
    return recorder.tensor(recorder.rawValue(x), shape, x.dtype);
  }
  const value = recorder.value(x);
  const result = recorder.graph.emit('Transpose', [value], shape, value.type, { attributes: { perm } });
  return recorder.tensor(result, shape, x.dtype);
};

const slice: TraceKernel = (recorder, inputs, attributes) => {
  const x = inputs.x as tf.TensorInfo;
  const begin = attributes.begin as number[];
  const size = begin.map((start, axis) => {
    const asked = (attributes.size as number[])[axis]!;
    return asked === -1 ? x.shape[axis]! - start : asked;
  });
  if (sameShape(size, x.shape)) return recorder.tensor(recorder.rawValue(x), x.shape, x.dtype);
  const { graph } = recorder;
  const cut = size.flatMap((side, axis) => (side === x.shape[axis] ? [] : [axis]));
  const value = recorder.value(x);
  const operands = [
    value,
    indexConstant(
      graph,
      cut.map((axis) => begin[axis]!),
    ),
    indexConstant(
      graph,
      cut.map((axis) => begin[axis]! + size[axis]!),
    ),
    indexConstant(graph, cut),
  ];
  return recorder.tensor(graph.emit('Slice', operands, size, value.type), size, x.dtype);
};

const concat: TraceKernel = (recorder, inputs, attributes) => {
  const tensors = (Object.values(inputs) as tf.TensorInfo[]).filter((tensor) => !tensor.shape.includes(0));
  const first = tensors[0]!;
  const axis = ((attributes.axis as number) + first.shape.length) % first.shape.length;
  if (tensors.length === 1) return recorder.tensor(recorder.rawValue(first), first.shape, first.dtype);
  const shape = [...first.shape];
  shape[axis] = tensors.reduce((sum, tensor) => sum + tensor.shape[axis]!, 0);
  const values = tensors.map((tensor) => recorder.value(tensor));
  return recorder.tensor(joined(recorder.graph, values, axis), shape, first.dtype);
};

/** Joins values along an axis; all pieces of one split in their order are what was split. */
export function joined(graph: Graph, values: readonly Value[], axis: number): Value {
  const first = values[0]!;
  if (values.length === 1) return first;
  const split = graph.producerOf(first);
  const pieces = split?.op === 'Split' && split.attributes.axis === axis ? split.outputs : [];
  if (pieces.length === values.length && values.every((value, i) => value.name === pieces[i])) {
    return graph.valueNamed(split!.inputs[0]!);
  }
  const whole = values.reduce((sum, value) => sum + value.shape[axis]!, 0);
  const shape = first.shape.map((side, i) => (i === axis ? whole : side));
  return graph.emit('Concat', values, shape, first.type, { attributes: { axis } });
}

const pack: TraceKernel = (recorder, inputs, attributes) => {
  const tensors = Object.values(inputs) as tf.TensorInfo[];
  const first = tensors[0]!;
  const axis = attributes.axis as number;
  const single = [...first.shape];
  single.splice(axis, 0, 1);
  const shape = single.map((side, i) => (i === axis ? tensors.length : side));
  const values = tensors.map((tensor) => reshaped(recorder.graph, recorder.rawValue(tensor), single));
  return recorder.tensor(joined(recorder.graph, values, axis), shape, first.dtype);
};

/** Cuts along an axis into pieces of the given sizes. */
export function split(graph: Graph, value: Value, axis: number, sizes: readonly number[]): Value[] {
  if (sizes.length === 1) return [value];
  const outputs = sizes.map((side) => ({
    shape: value.shape.map((whole, i) => (i === axis ? side : whole)),
    type: value.type,
  }));
  return graph.emitMany('Split', [value, indexConstant(graph, sizes)], outputs, { attributes: { axis } });
}

const unpack: TraceKernel = (recorder, inputs, attributes) => {
  const x = inputs.value as tf.TensorInfo;
  const axis = ((attributes.axis as number) + x.shape.length) % x.shape.length;
  const shape = x.shape.filter((_, i) => i !== axis);
  const sizes = Array<number>(x.shape[axis]!).fill(1);
  return split(recorder.graph, recorder.value(x), axis, sizes).map((piece) =>
    recorder.tensor(piece, shape, x.dtype),
  );
};

const splitKernel: TraceKernel = (recorder, inputs, attributes) => {
  const x = inputs.x as tf.TensorInfo;
  const axis = ((attributes.axis as number) + x.shape.length) % x.shape.length;
  const asked = attributes.numOrSizeSplits as number | number[];
  const whole = x.shape[axis]!;
  const sizes = typeof asked === 'number' ? Array<number>(asked).fill(whole / asked) : [...asked];
  const open = sizes.indexOf(-1);
  if (open >= 0) sizes[open] = whole - sizes.reduce((sum, side) => sum + side, 1);
  return split(recorder.graph, recorder.value(x), axis, sizes).map((piece) =>
    recorder.tensor(piece, piece.shape, x.dtype),
  );
};

const tile: TraceKernel = (recorder, inputs, attributes) => {
  const x = inputs.x as tf.TensorInfo;
  const reps = attributes.reps as number[];
  const shape = x.shape.map((side, axis) => side * reps[axis]!);
  if (reps.every((repetitions) => repetitions === 1)) {
    return recorder.tensor(recorder.rawValue(x), shape, x.dtype);
  }
  const value = recorder.value(x);
  const result = recorder.graph.emit('Tile', [value, indexConstant(recorder.graph, reps)], shape, value.type);
  return recorder.tensor(result, shape, x.dtype);
};

const broadcastTo: TraceKernel = (recorder, inputs, attributes) => {
  const x = inputs.x as tf.TensorInfo;
  const shape = attributes.shape as number[];
  const value = recorder.value(x);
  const result = recorder.graph.emit(
    'Expand',
    [value, indexConstant(recorder.graph, shape)],
    shape,
    value.type,
  );
  return recorder.tensor(result, shape, x.dtype);
};

export const arrangementKernels: Record<string, TraceKernel> = {
  BroadcastTo: broadcastTo,
  Concat: concat,
  ExpandDims: expandDims,
  Pack: pack,
  Reshape: reshape,
  Slice: slice,
  SplitV: splitKernel,
  Tile: tile,
  Transpose: transpose,
  Unpack: unpack,
};
