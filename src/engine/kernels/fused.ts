import type * as tf from '@tensorflow/tfjs';
import { MICROSOFT, type TraceKernel } from '../trace/backend.ts';

/**
 * Kernels beyond tfjs's own: operations that ONNX Runtime does in one node. Whoever writes a step may use them where
 * the active backend has them.
 */

/**
 * RotateHalf: pairs (i, i + size/2) of the last axis turned by tables over the axis before it.
 * x [any, length, size], cosine and sine [length, size / 2] → as x.
 */
const rotateHalf: TraceKernel = (recorder, inputs) => {
  const [x, cosine, sine] = [inputs.x, inputs.cosine, inputs.sine] as tf.TensorInfo[];
  const { graph } = recorder;
  const operands = [
    recorder.value(x!),
    graph.constant(BigInt64Array.of(0n), [1]),
    recorder.value(cosine!),
    recorder.value(sine!),
  ];
  const turned = graph.emit('RotaryEmbedding', operands, operands[0]!.shape, 'float32', {
    domain: MICROSOFT,
  });
  return recorder.tensor(turned, x!.shape, x!.dtype);
};

/** RmsNormalise: x [rows, width], attribute epsilon → [x · r, r] with r = 1/√(mean(x²) + ε) of each row, [rows, 1]. */
const rmsNormalise: TraceKernel = (recorder, inputs, attributes) => {
  const x = inputs.x as tf.TensorInfo;
  const [rows, width] = x.shape as [number, number];
  const { graph } = recorder;
  const [value, inverse] = graph.emitMany(
    'SimplifiedLayerNormalization',
    [recorder.value(x), graph.constant(new Float32Array(width).fill(1), [width])],
    [
      { shape: [rows, width], type: 'float32' },
      { shape: [rows, 1], type: 'float32' },
    ],
    { attributes: { axis: -1, epsilon: { float: attributes.epsilon as number } } },
  );
  return [recorder.tensor(value!, x.shape, 'float32'), recorder.tensor(inverse!, [rows, 1], 'float32')];
};

export const fusedKernels: Record<string, TraceKernel> = {
  RmsNormalise: rmsNormalise,
  RotateHalf: rotateHalf,
};
