import * as ort from 'onnxruntime-node';
import type { Value } from '../trace/graph.ts';
import type { Arrays, TensorValues } from '../types.ts';
import { encodeModel } from './encode.ts';
import { emptyArray, partOf, placesOf, type SessionState, type StateLayout, tensorOf } from './state.ts';

/**
 * State that stays in the GPU's memory between calls. onnxruntime-node 1.30 gives outputs as `gpu-buffer` tensors and
 * takes them as inputs (with WebGPU; it has nothing of the kind for CUDA), but cannot download one: `getData` ends the
 * process. So what is written or read goes through a graph of copies, whose outputs are on the side that is wanted.
 */
export function webgpuState(layout: StateLayout, options: ort.InferenceSession.SessionOptions): SessionState {
  const places = placesOf(layout);
  const tensors: Record<string, ort.Tensor> = {};
  for (const [buffer, { spec }] of Object.entries(layout)) tensors[buffer] = tensorOf(spec, emptyArray(spec));
  const copying: Partial<Record<CopyTo, Promise<ort.InferenceSession>>> = {};

  const copy = async (to: CopyTo, buffers: readonly string[]): Promise<Record<string, ort.Tensor>> => {
    if (buffers.length === 0) return {};
    copying[to] ??= ort.InferenceSession.create(copyGraph(layout), {
      ...options,
      preferredOutputLocation: to,
    });
    const session = await copying[to];
    const feeds = Object.fromEntries(Object.keys(layout).map((buffer) => [`in:${buffer}`, tensors[buffer]!]));
    const results = await session.run(
      feeds,
      buffers.map((buffer) => `out:${buffer}`),
    );
    return Object.fromEntries(buffers.map((buffer) => [buffer, results[`out:${buffer}`]!]));
  };
  const replace = (buffer: string, tensor: ort.Tensor): void => {
    const old = tensors[buffer]!;
    tensors[buffer] = tensor;
    // Not left to the garbage collector, which does not see the GPU's memory.
    if (old.location === 'gpu-buffer') old.dispose();
  };
  /** Arrays in the process's memory that hold what the buffers hold. */
  const download = async (buffers: readonly string[]): Promise<Record<string, TensorValues>> => {
    const away = buffers.filter((buffer) => tensors[buffer]!.location === 'gpu-buffer');
    const copies = await copy('cpu', away);
    return Object.fromEntries(
      buffers.map((buffer) => [buffer, (copies[buffer] ?? tensors[buffer]!).data as TensorValues]),
    );
  };
  const buffersOf = (names: readonly string[]): string[] => [
    ...new Set(names.map((name) => places[name]!.buffer)),
  ];

  return {
    current: (buffer) => tensors[buffer]!,
    target: () => null,
    written: replace,
    write: async (values) => {
      const buffers = buffersOf(Object.keys(values));
      const whole = (buffer: string): boolean => layout[buffer]!.entries.every(({ name }) => values[name]);
      const kept = await download(buffers.filter((buffer) => !whole(buffer)));
      for (const buffer of buffers) {
        const { spec, entries } = layout[buffer]!;
        const array = kept[buffer]?.slice() ?? emptyArray(spec);
        for (const { name } of entries) {
          if (values[name]) partOf(array, places[name]!).set(values[name] as never);
        }
        replace(buffer, tensorOf(spec, array));
      }
      for (const [buffer, tensor] of Object.entries(await copy('gpu-buffer', buffers)))
        replace(buffer, tensor);
    },
    read: async (names) => {
      const arrays: Arrays = await download(buffersOf(names));
      return Object.fromEntries(
        names.map((name) => [name, partOf(arrays[places[name]!.buffer]!, places[name]!).slice()]),
      );
    },
    close: async () => {
      for (const buffer of Object.keys(layout)) replace(buffer, tensorOf(EMPTY, emptyArray(EMPTY)));
      for (const session of Object.values(copying)) await (await session).release();
    },
  };
}

type CopyTo = 'cpu' | 'gpu-buffer';
const EMPTY = { shape: [0], dtype: 'float32' } as const;

/** Every buffer from an input to an output. */
function copyGraph(layout: StateLayout): Uint8Array {
  const values = (prefix: string): Value[] =>
    Object.entries(layout).map(([buffer, { spec }]) => ({
      name: `${prefix}:${buffer}`,
      type: spec.dtype,
      shape: spec.shape,
    }));
  const nodes = Object.keys(layout).map((buffer) => ({
    op: 'Identity',
    domain: '',
    inputs: [`in:${buffer}`],
    outputs: [`out:${buffer}`],
    attributes: {},
  }));
  return encodeModel({ nodes, constants: [], inputs: values('in'), outputs: values('out') });
}
