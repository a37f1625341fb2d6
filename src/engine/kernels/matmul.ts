import type * as tf from '@tensorflow/tfjs';
import { type Recorder, reshaped, type TraceKernel } from '../trace/backend.ts';
import type { Graph, Value } from '../trace/graph.ts';
import { sizeOf } from '../trace/graph.ts';
import { broadcastShape } from './elementwise.ts';

/** Transposes the last two axes: [..., a, b] → [..., b, a]. */
export function lastTwoExchanged(graph: Graph, value: Value): Value {
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

/**
 * aᵀ · b, the gradient of every weight matrix. ONNX Runtime packs a transposed left operand again for every 128 columns; transposing the
 * narrower operand beforehand costs less, and once where several products share it.
 */
function productOverRows(graph: Graph, a: Value, b: Value): Value {
  const [rows, columns] = [a.shape[1]!, b.shape[1]!];
  const gemm = (left: Value, right: Value, shape: number[]): Value =>
    graph.emit('Gemm', [left, right], shape, 'float32', { attributes: { transA: 0, transB: 0 } });
  if (rows < columns) return gemm(lastTwoExchanged(graph, a), b, [rows, columns]);
  return lastTwoExchanged(graph, gemm(lastTwoExchanged(graph, b), a, [columns, rows]));
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
    const product =
      transposeA && !transposeB
        ? productOverRows(graph, matrixA!, matrixB!)
        : graph.emit('Gemm', [matrixA!, matrixB!], [rows, columns], 'float32', {
            attributes: { transA: Number(transposeA), transB: Number(transposeB) },
          });
    return recorder.tensor(product, shape, 'float32');
  }
  const operandA = transposeA ? lastTwoExchanged(graph, recorder.value(a)) : recorder.value(a);
  const operandB = transposeB ? lastTwoExchanged(graph, recorder.value(b)) : recorder.value(b);
  return recorder.tensor(graph.emit('MatMul', [operandA, operandB], shape, 'float32'), shape, 'float32');
};

export const matmulKernels: Record<string, TraceKernel> = { BatchMatMul: batchMatMul };
