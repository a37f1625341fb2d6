import type * as tf from '@tensorflow/tfjs';
import { type Recorder, reshaped, type TraceKernel } from '../trace/backend.ts';
import type { Graph, Value } from '../trace/graph.ts';
import { sizeOf } from '../trace/graph.ts';
import { broadcastShape } from './elementwise.ts';

function lastTwoExchanged(graph: Graph, value: Value): Value {
  const rank = value.shape.length;
  const perm = [...Array(rank - 2).keys(), rank - 1, rank - 2];
  return graph.emit(
    'Transpose',
    [value],
    perm.map((axis) => value.shape[axis]!),
    value.type,
    { attributes: { perm } },
  );
}

/** tfjs lowers every matrix product to this; a batch of one becomes Gemm, which takes transposes for free. */
const batchMatMul: TraceKernel = (recorder: Recorder, inputs, attributes) => {
  const { graph } = recorder;
  const a = inputs.a as tf.TensorInfo;
  const b = inputs.b as tf.TensorInfo;
  const transposeA = attributes.transposeA as boolean;
  const transposeB = attributes.transposeB as boolean;
  const batch = broadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const rows = a.shape.at(transposeA ? -1 : -2)!;
  const columns = b.shape.at(transposeB ? -2 : -1)!;
  const shape = [...batch, rows, columns];

  if (sizeOf(batch) === 1) {
    const [matrixA, matrixB] = [a, b].map((tensor) =>
      reshaped(graph, recorder.rawValue(tensor), tensor.shape.slice(-2)),
    );
    const product = graph.emit('Gemm', [matrixA!, matrixB!], [rows, columns], 'float32', {
      attributes: { transA: Number(transposeA), transB: Number(transposeB) },
    });
    return recorder.tensor(product, shape, 'float32');
  }
  const operandA = transposeA ? lastTwoExchanged(graph, recorder.value(a)) : recorder.value(a);
  const operandB = transposeB ? lastTwoExchanged(graph, recorder.value(b)) : recorder.value(b);
  return recorder.tensor(graph.emit('MatMul', [operandA, operandB], shape, 'float32'), shape, 'float32');
};

export const matmulKernels: Record<string, TraceKernel> = { BatchMatMul: batchMatMul };
