import * as tf from '@tensorflow/tfjs';

/** AdamW (Loshchilov and Hutter 2019, arXiv 1711.05101) with clipping of the gradient's global norm. */
export interface OptimizerSpec {
  beta1: number;
  beta2: number;
  epsilon: number;
  /** Multiplied by the learning rate; applies to matrices only. */
  weightDecay: number;
  /** Largest L2 norm of the whole gradient, nats per token per unit of parameter. */
  clipNorm: number;
}

/**
 * L2 norm of all tensors taken together: []. Summed one after the other, and not in one operation, because a recorded
 * graph is run from its end backwards: the tensor given last is then computed first.
 */
export function globalNorm(tensors: readonly tf.Tensor[]): tf.Scalar {
  const sum = tensors.reduce<tf.Tensor | null>((total, tensor) => {
    const square = tf.sum(tf.square(tensor));
    return total ? tf.add(total, square) : square;
  }, null);
  if (!sum) throw new Error('the norm of no tensors is not defined');
  return tf.sqrt(sum) as tf.Scalar;
}

/** Factor that brings a gradient of this norm down to `clipNorm`, at most 1. */
export function clipFactor(norm: tf.Scalar, clipNorm: number): tf.Scalar {
  return tf.minimum(1, tf.div(clipNorm, norm)) as tf.Scalar;
}

/** What Adam's update needs beside the moments; `step` counts from 1. */
export interface AdamScalars {
  /** learningRate · √(1 − β2^step) / (1 − β1^step): both bias corrections and the rate in one factor. */
  stepSize: tf.Scalar;
  /** ε · √(1 − β2^step): keeps ε's meaning although the second moment is not corrected itself. */
  epsilon: tf.Scalar;
}

/** Kingma and Ba 2015 (arXiv 1412.6980), end of section 2: the two corrections, reordered for fewer passes. */
export function adamScalars(spec: OptimizerSpec, learningRate: tf.Scalar, step: tf.Scalar): AdamScalars {
  const correction1 = tf.sub(1, tf.pow(spec.beta1, step));
  const correction2 = tf.sqrt(tf.sub(1, tf.pow(spec.beta2, step)));
  return {
    stepSize: tf.div(tf.mul(learningRate, correction2), correction1) as tf.Scalar,
    epsilon: tf.mul(spec.epsilon, correction2) as tf.Scalar,
  };
}

/** β1·m + (1 − β1)·scale·g, where `scale` (averaging, clipping) multiplies the raw gradient. */
export function firstMoment<T extends tf.Tensor>(m: T, gradient: T, beta1: number, scale: tf.Scalar): T {
  return tf.add(tf.mul(m, beta1), tf.mul(gradient, tf.mul(scale, 1 - beta1)));
}

/** β2·v + (1 − β2)·(scale·g)². */
export function secondMoment<T extends tf.Tensor>(v: T, gradient: T, beta2: number, scale: tf.Scalar): T {
  const weight = tf.mul(tf.square(scale), 1 - beta2);
  return tf.add(tf.mul(v, beta2), tf.mul(tf.square(gradient), weight));
}

/** What is subtracted from the parameters: stepSize · m / (√v + ε). */
export function adamUpdate<T extends tf.Tensor>(m: T, v: T, scalars: AdamScalars): T {
  return tf.mul(tf.div(m, tf.add(tf.sqrt(v), scalars.epsilon)), scalars.stepSize);
}

/**
 * Decoupled weight decay: p · (1 − learningRate · weightDecay). `weightDecay` is one number, or a vector with one for
 * each element of a flat parameter.
 */
export function decayed<T extends tf.Tensor>(
  parameter: T,
  learningRate: tf.Scalar,
  weightDecay: number | Float32Array,
): T {
  if (weightDecay === 0) return parameter;
  const perElement = typeof weightDecay === 'number' ? weightDecay : tf.tensor1d(weightDecay);
  return tf.mul(parameter, tf.sub(1, tf.mul(learningRate, perElement)));
}
