import type * as tf from '@tensorflow/tfjs';
import { reshaped, type TraceKernel } from '../trace/backend.ts';
import { type Graph, sizeOf, type Value } from '../trace/graph.ts';
import { castValue, elementTypeFor } from './elementwise.ts';

const INT64 = 'int64';

/** Rows (or slices along `axis`) of x by index. */
const gather: TraceKernel = (recorder, inputs, attributes) => {
  const x = inputs.x as tf.TensorInfo;
  const indices = inputs.indices as tf.TensorInfo;
  const axis = ((attributes.axis as number) + x.shape.length) % x.shape.length;
  if (((attributes.batchDims as number | undefined) ?? 0) !== 0) {
    throw new Error('the onnx engine gathers without batch dimensions only');
  }
  const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)];
  const value = recorder.value(x);
  const operands = [value, recorder.value(indices)];
  const result = recorder.graph.emit('Gather', operands, shape, value.type, { attributes: { axis } });
  return recorder.tensor(result, shape, x.dtype);
};

/** Elements (or slices) of params at index tuples, the last axis of `indices`. */
const gatherNd: TraceKernel = (recorder, inputs) => {
  const params = inputs.params as tf.TensorInfo;
  const indices = inputs.indices as tf.TensorInfo;
  const depth = indices.shape.at(-1)!;
  const shape = [...indices.shape.slice(0, -1), ...params.shape.slice(depth)];
  const value = recorder.value(params);
  const positions = castValue(recorder.graph, recorder.value(indices), INT64);
  return recorder.tensor(
    recorder.graph.emit('GatherND', [value, positions], shape, value.type),
    shape,
    params.dtype,
  );
};

/** A copy of `tensor` with `updates` written at index tuples. */
const tensorScatterUpdate: TraceKernel = (recorder, inputs) => {
  const [tensor, indices, updates] = [inputs.tensor, inputs.indices, inputs.updates] as tf.TensorInfo[];
  const { graph } = recorder;
  const value = recorder.value(tensor!);
  const operands = [value, castValue(graph, recorder.value(indices!), INT64), recorder.value(updates!)];
  return recorder.tensor(
    graph.emit('ScatterND', operands, value.shape, value.type),
    tensor!.shape,
    tensor!.dtype,
  );
};

function zeros(graph: Graph, shape: readonly number[]): Value {
  return graph.constant(new Float32Array(sizeOf(shape)), shape);
}

/** The gradient of gather: adds each row of x to the row that its segment id names. */
const unsortedSegmentSum: TraceKernel = (recorder, inputs, attributes) => {
  const x = inputs.x as tf.TensorInfo;
  const segmentIds = inputs.segmentIds as tf.TensorInfo;
  const { graph } = recorder;
  const shape = [attributes.numSegments as number, ...x.shape.slice(segmentIds.shape.length)];
  const positions = castValue(graph, recorder.rawValue(segmentIds), INT64);
  const rows = sizeOf(segmentIds.shape);
  const operands = [
    zeros(graph, shape),
    reshaped(graph, positions, [rows, 1]),
    reshaped(graph, recorder.rawValue(x), [rows, ...shape.slice(1)]),
  ];
  const attributesOfAdd = { attributes: { reduction: { text: 'add' } } };
  return recorder.tensor(
    graph.emit('ScatterND', operands, shape, 'float32', attributesOfAdd),
    shape,
    x.dtype,
  );
};

const oneHot: TraceKernel = (recorder, inputs, attributes) => {
  const indices = inputs.indices as tf.TensorInfo;
  const { depth, onValue, offValue, dtype } = attributes as Record<string, number> & { dtype: tf.DataType };
  const { graph } = recorder;
  const shape = [...indices.shape, depth!];
  const operands = [
    castValue(graph, recorder.value(indices), INT64),
    graph.constant(BigInt64Array.of(BigInt(depth!)), [1]),
    graph.constant(Float32Array.of(offValue!, onValue!), [2]),
  ];
  const hot = graph.emit('OneHot', operands, shape, 'float32', { attributes: { axis: -1 } });
  return recorder.tensor(castValue(graph, hot, elementTypeFor(dtype)), shape, dtype);
};

export const indexingKernels: Record<string, TraceKernel> = {
  GatherNd: gatherNd,
  GatherV2: gather,
  OneHot: oneHot,
  TensorScatterUpdate: tensorScatterUpdate,
  UnsortedSegmentSum: unsortedSegmentSum,
};
