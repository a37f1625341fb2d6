import * as tf from '@tensorflow/tfjs';

export interface Forward<T extends tf.Tensor> {
  value: T;
  /** Gradients of the inputs, in their order. `saved` are the tensors given to `save`. */
  gradient(dy: T, saved: tf.Tensor[]): tf.Tensor[];
}

/**
 * tf.customGrad with types: an operation whose gradient is written by hand. `forward` must hand to `save` every tensor
 * that `gradient` uses; others may be disposed of in between.
 */
export function differentiable<T extends tf.Tensor>(
  inputs: readonly tf.Tensor[],
  forward: (save: tf.GradSaveFunc) => Forward<T>,
): T {
  const op = tf.customGrad<T>((...all) => {
    const { value, gradient } = forward(all.at(-1) as tf.GradSaveFunc);
    return { value, gradFunc: gradient };
  });
  return op(...inputs) as T;
}
