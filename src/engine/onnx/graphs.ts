import type * as ort from 'onnxruntime-node';
import { closedError } from '../checks.ts';
import type { Arrays, SessionDefinition, TensorSpec, TensorValues } from '../types.ts';
import { type CompiledFunction, compileFunction, type Multiplicity } from './compile.ts';
import { deviceError } from './deviceErrors.ts';
import type { OnnxDevice } from './deviceNames.ts';
import type { DeviceBackend } from './devices.ts';
import type { SessionState, StateLayout } from './state.ts';

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

/** Compiles all functions; the state begins at zero. Calls must be made one after the other. */
export async function openGraphs(
  device: OnnxDevice,
  backend: DeviceBackend,
  definition: SessionDefinition,
  layout: StateLayout,
  multiplicity: Multiplicity,
): Promise<OpenedGraphs> {
  const functions: Record<string, CompiledFunction> = {};
  for (const name of Object.keys(definition.functions))
    functions[name] = await compileFunction(backend, definition, name, multiplicity);
  const state = backend.allocateState(layout);
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
    run: async (session, { feeds, reads, outputs, writes }, feed) => {
      const inputs: Record<string, ort.Tensor> = {};
      for (const [input, name, spec] of feeds) inputs[input] = feed(name, spec);
      for (const [input, buffer] of reads) inputs[input] = state.current(buffer);
      const fetches: Record<string, ort.Tensor | null> = {};
      for (const [output] of outputs) fetches[output] = null;
      for (const [output, buffer] of writes) fetches[output] = state.target(buffer);
      const results = await onDevice(device, session.run(inputs, fetches));
      for (const [output, buffer] of writes) state.written(buffer, results[output]!);
      return Object.fromEntries(
        outputs.map(([output, name]) => [name, results[output]!.data as TensorValues]),
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
      for (const { release } of Object.values(functions)) await release();
    },
  };
}

/** Waits for what the runtime does on the device, with its complaints in plain words. */
async function onDevice<T>(device: OnnxDevice, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw device === 'cpu' ? error : deviceError(device, error);
  }
}
