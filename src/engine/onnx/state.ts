import * as ort from 'onnxruntime-node';
import { elementsOf, type StateBuffer } from '../trace/stateLayout.ts';
import type { Arrays, TensorSpec, TensorValues } from '../types.ts';

export type StateLayout = Record<string, StateBuffer>;

/** What a session keeps between calls, buffer by buffer (see stateLayout). */
export interface SessionState {
  /** What the next call reads. */
  current(buffer: string): ort.Tensor;
  /** Where the next call writes; null: wherever the runtime allocates. */
  target(buffer: string): ort.Tensor | null;
  /** Told when a call has written a buffer. */
  written(buffer: string, tensor: ort.Tensor): void;
  /** Replaces entries; names and lengths have been checked. */
  write(values: Arrays): Promise<void>;
  /** Copies of entries that exist. */
  read(names: readonly string[]): Promise<Arrays>;
  close(): Promise<void>;
}

/**
 * State in the process's own memory: two arrays for each buffer that a graph replaces, so that no call allocates or
 * copies state. `newArray` makes arrays of zeros.
 */
export function hostState(
  layout: StateLayout,
  newArray: (spec: TensorSpec) => TensorValues = emptyArray,
): SessionState {
  const newTensor = (buffer: string): ort.Tensor => {
    const { spec } = layout[buffer]!;
    return tensorOf(spec, newArray(spec));
  };
  const current = Object.fromEntries(Object.keys(layout).map((buffer) => [buffer, newTensor(buffer)]));
  const spare: Record<string, ort.Tensor> = {};
  const places = placesOf(layout);
  const view = (name: string): TensorValues => {
    const place = places[name]!;
    return partOf(current[place.buffer]!.data as TensorValues, place);
  };
  return {
    current: (buffer) => current[buffer]!,
    target: (buffer) => {
      spare[buffer] ??= newTensor(buffer);
      return spare[buffer];
    },
    written: (buffer) => {
      [current[buffer], spare[buffer]] = [spare[buffer]!, current[buffer]!];
    },
    write: async (values) => {
      for (const [name, array] of Object.entries(values)) view(name).set(array as never);
    },
    read: async (names) => Object.fromEntries(names.map((name) => [name, view(name).slice()])),
    close: async () => {},
  };
}

/** Where an entry stands in its buffer. */
export interface Place {
  buffer: string;
  offset: number;
  size: number;
}

export function placesOf(layout: StateLayout): Record<string, Place> {
  const places: Record<string, Place> = {};
  for (const [buffer, { entries }] of Object.entries(layout)) {
    for (const { name, offset, size } of entries) places[name] = { buffer, offset, size };
  }
  return places;
}

/** An entry's part of its buffer's array, not a copy. */
export function partOf(array: TensorValues, { offset, size }: Place): TensorValues {
  return array.subarray(offset, offset + size);
}

export function tensorOf(spec: TensorSpec, values: TensorValues): ort.Tensor {
  return values instanceof Int32Array
    ? new ort.Tensor('int32', values, spec.shape)
    : new ort.Tensor('float32', values, spec.shape);
}

export function emptyArray(spec: TensorSpec): TensorValues {
  return spec.dtype === 'int32' ? new Int32Array(elementsOf(spec)) : new Float32Array(elementsOf(spec));
}
