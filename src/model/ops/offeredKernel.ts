import * as tf from '@tensorflow/tfjs';

/**
 * Runs a kernel that only some engines offer: one operation of the model as one node of theirs. Returns null where the
 * active backend has none of that name; the caller then composes the operation from ordinary tensor operations.
 * Not differentiable: for use inside tf.customGrad.
 */
export function offeredKernel(
  name: string,
  inputs: Record<string, tf.Tensor>,
  attributes: tf.NamedAttrMap = {},
): tf.Tensor[] | null {
  if (!tf.getKernel(name, tf.getBackend())) return null;
  const result = tf.engine().runKernel(name, inputs, attributes) as tf.Tensor | tf.Tensor[];
  return Array.isArray(result) ? result : [result];
}
