import type * as ort from 'onnxruntime-node';
import { closedError } from '../checks.ts';
import { type ArrayMemory, arrayMemory, spaceOf } from '../loops/arrayMemory.ts';
import { arraysOf, type OpenedLoops, openLoops, type StateLoops } from '../loops/stateLoops.ts';
import type { Arrays, SessionDefinition, TensorSpec, TensorValues } from '../types.ts';
import { type CompiledFunction, compileFunction, type RunOptions } from './compile.ts';
import { deviceError } from './deviceErrors.ts';
import type { OnnxDevice } from './deviceNames.ts';
import type { DeviceBackend } from './devices.ts';
import { type SessionState, type StateLayout, tensorOf } from './state.ts';

/** A session's functions as graphs of the runtime, over a state on their device. */
export interface OpenedGraphs {
  /** Throws when there is none of that name, or when they were closed. */
  functionNamed(name: string): CompiledFunction;
  /** One run of one of a function's graphs: outputs as they come, the state replaced. */
  run(
    session: ort.InferenceSession,
    compiled: CompiledFunction,
    feed: (name: string, spec: TensorSpec) => ort.Tensor,
  ): Promise<Arrays>;
  writeState: SessionState['write'];
  readState: SessionState['read'];
  close(): Promise<void>;
}

/**
 * Compiles all functions; the state begins at zero. Calls must be made one after the other. Throws NoLoops where
 * loops are to update the state and get no memory.
 */
export async function openGraphs(
  device: OnnxDevice,
  backend: DeviceBackend,
  definition: SessionDefinition,
  layout: StateLayout,
  options: RunOptions,
): Promise<OpenedGraphs> {
  const functions: Record<string, CompiledFunction> = {};
  for (const name of Object.keys(definition.functions))
    functions[name] = await compileFunction(backend, definition, name, options);
  const release = async (): Promise<void> => {
    for (const compiled of Object.values(functions)) await compiled.release();
  };
  const { state, updates } = await openState(backend, layout, functions).catch(async (error) => {
    await release();
    throw error;
  });
  let closed = false;
  const checkOpen = (): void => {
    if (closed) throw closedError();
  };
  return {
    functionNamed: (name) => {
      checkOpen();
      const compiled = functions[name];
      if (!compiled) throw new Error(`the session has no function ${name}`);
      return compiled;
    },
    run: async (session, compiled, feed) => {
      const { feeds, reads, outputs, writes } = compiled;
      const update = updates.get(compiled);
      const inputs: Record<string, ort.Tensor> = {};
      for (const [input, name, spec] of feeds) inputs[input] = feed(name, spec);
      for (const [input, buffer] of reads) inputs[input] = state.current(buffer);
      const fetches: Record<string, ort.Tensor | null> = {};
      for (const [output] of outputs) fetches[output] = null;
      for (const [output, buffer] of writes) fetches[output] = state.target(buffer);
      Object.assign(fetches, update?.targets);
      const results = await onDevice(device, session.run(inputs, fetches));
      for (const [output, buffer] of writes) state.written(buffer, results[output]!);
      update?.run((buffer) => state.current(buffer).data as TensorValues);
      return Object.fromEntries(
        outputs.map(([output, name]) => {
          const values = results[output]!.data as TensorValues;
          // What the loops read as well stands where the next call will write.
          return [name, update && output in update.targets ? values.slice() : values];
        }),
      );
    },
    writeState: async (values) => {
      checkOpen();
      await onDevice(device, state.write(values));
    },
    readState: async (names) => {
      checkOpen();
      return onDevice(device, state.read(names));
    },
    close: async () => {
      if (closed) return;
      closed = true;
      await state.close();
      await release();
    },
  };
}

/** The state, and the loops over it of those functions that have some. */
async function openState(
  backend: DeviceBackend,
  layout: StateLayout,
  functions: Readonly<Record<string, CompiledFunction>>,
): Promise<{ state: SessionState; updates: ReadonlyMap<CompiledFunction, Update> }> {
  const memory = loopMemory(layout, Object.values(functions));
  const state = backend.allocateState(layout, memory?.take);
  const updates = new Map<CompiledFunction, Update>();
  for (const compiled of Object.values(functions))
    if (memory && compiled.loops)
      updates.set(compiled, updateOf(compiled.loops, await openLoops(compiled.loops, memory)));
  return { state, updates };
}

/** A function's loops, and the tensors in which its graph leaves what they read. */
interface Update {
  targets: Readonly<Record<string, ort.Tensor>>;
  run: OpenedLoops['run'];
}

function updateOf({ given }: StateLoops, { targets, run }: OpenedLoops): Update {
  return {
    targets: Object.fromEntries(
      Object.entries(given).map(([output, spec]) => [output, tensorOf(spec, targets[output]!)]),
    ),
    run,
  };
}

/** Memory for the state and for what loops read beside it; null where no function has loops. */
function loopMemory(layout: StateLayout, functions: readonly CompiledFunction[]): ArrayMemory | null {
  const loops = functions.flatMap((compiled) => compiled.loops ?? []);
  if (loops.length === 0) return null;
  // A graph that replaces a buffer itself needs a second array for it.
  const twice = new Set(functions.flatMap(({ writes }) => writes.map(([, buffer]) => buffer)));
  const arrays = [
    ...Object.values(layout).map(({ spec }) => spec),
    ...[...twice].map((buffer) => layout[buffer]!.spec),
    ...loops.flatMap(arraysOf),
  ];
  return arrayMemory(arrays.reduce((bytes, spec) => bytes + spaceOf(spec), 0));
}

/** Waits for what the runtime does on the device, with its complaints in plain words. */
async function onDevice<T>(device: OnnxDevice, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw device === 'cpu' ? error : deviceError(device, error);
  }
}
