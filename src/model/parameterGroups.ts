import * as tf from '@tensorflow/tfjs';
import { parameterSpecs } from './family.ts';
import type { ModelSpec } from './types.ts';

/**
 * Parameters of fewer elements than this are updated together as one flat vector: for small tensors the fixed cost of
 * an operation outweighs its arithmetic, while for large ones the copies would cost more and leave the cache.
 */
export const FLAT_BELOW_ELEMENTS = 16_384;

/** Parameters that the optimiser handles as one tensor. */
export interface ParameterGroup {
  names: string[];
  shapes: number[][];
  /** One number, or one for each element of the flat vector where they differ. */
  weightDecay: number | Float32Array;
}

/** All small parameters as one group, every other parameter as one of its own. */
export function parameterGroups(spec: ModelSpec, weightDecay: number): ParameterGroup[] {
  const all = Object.entries(parameterSpecs(spec)).map(([name, { shape, decay }]) => ({
    name,
    shape,
    size: sizeOf(shape),
    weightDecay: decay ? weightDecay : 0,
  }));
  const small = all.filter(({ size }) => size < FLAT_BELOW_ELEMENTS);
  const large = all.filter(({ size }) => size >= FLAT_BELOW_ELEMENTS);
  return [small, ...large.map((one) => [one])]
    .filter((members) => members.length > 0)
    .map((members) => ({
      names: members.map(({ name }) => name),
      shapes: members.map(({ shape }) => shape),
      weightDecay:
        members.length === 1
          ? members[0]!.weightDecay
          : Float32Array.from(members.flatMap((one) => Array<number>(one.size).fill(one.weightDecay))),
    }));
}

/** Several tensors as one flat vector; a single tensor stays as it is. */
export function joinFlat(tensors: readonly tf.Tensor[]): tf.Tensor {
  if (tensors.length === 1) return tensors[0]!;
  return tf.concat(tensors.map((tensor) => tf.reshape(tensor, [tensor.size]) as tf.Tensor1D));
}

/** The inverse of joinFlat. */
export function splitFlat(flat: tf.Tensor, shapes: readonly number[][]): tf.Tensor[] {
  if (shapes.length === 1) return [flat];
  return tf.split(flat, shapes.map(sizeOf)).map((piece, i) => tf.reshape(piece, shapes[i]!));
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}
