import { createRequire } from 'node:module';
import type * as ort from 'onnxruntime-node';
import { checkArrays, checkFeeds, closedError } from '../checks.ts';
import { recordFunction } from '../trace/recordFunction.ts';
import type { Engine, EngineSession, SessionDefinition, TensorSpec, TensorValues } from '../types.ts';
import { deviceError } from './deviceErrors.ts';
import type { OnnxDevice } from './deviceNames.ts';
import { type DeviceBackend, deviceBackend } from './devices.ts';
import { finishGraph } from './finish.ts';
import { tensorOf } from './state.ts';

/** One thread, asleep when idle: a machine runs one trainer per core, and small matrices gain little from more. */
const SESSION_OPTIONS: ort.InferenceSession.SessionOptions = {
  executionProviders: ['cpu'],
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: 'sequential',
  graphOptimizationLevel: 'all',
  logSeverityLevel: 3,
  extra: {
    session: { intra_op: { allow_spinning: '0' }, inter_op: { allow_spinning: '0' } },
    // It would undo the transposes that kernels/matmul.ts makes beforehand, because they pay.
    optimization: { disable_specified_optimizers: 'GemmTransposeFusion' },
  },
};

/** Runs step functions as ONNX graphs, recorded once when a session opens. */
export function createOnnxEngine(device: OnnxDevice = 'cpu'): Engine {
  const { version } = createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string };
  return {
    name: 'onnx',
    device,
    version: `onnxruntime-node ${version}`,
    open: (definition) => open(definition, device),
  };
}

interface CompiledFunction {
  session: ort.InferenceSession;
  feeds: [input: string, name: string, spec: TensorSpec][];
  reads: [input: string, buffer: string][];
  outputs: [output: string, name: string][];
  writes: [output: string, buffer: string][];
}

async function compile(
  backend: DeviceBackend,
  definition: SessionDefinition,
  functionName: string,
): Promise<CompiledFunction> {
  const step = definition.functions[functionName]!;
  const recorded = await recordFunction(definition, step);
  const outputs = Object.fromEntries([
    ...Object.entries(recorded.outputs).map(([name, value]) => [`output/${name}`, value] as const),
    ...Object.entries(recorded.stateOutputs).map(([name, value]) => [`state/${name}`, value] as const),
  ]);
  const graph = finishGraph(recorded.graph, outputs);
  const writes = Object.keys(recorded.stateOutputs).map((buffer): [string, string] => [
    `out:state/${buffer}`,
    buffer,
  ]);
  const session = await backend.createSession(
    functionName,
    graph,
    writes.map(([output]) => output),
  );
  const used = new Set(graph.inputs.map((value) => value.name));
  return {
    session,
    feeds: Object.entries(recorded.feedInputs)
      .filter(([, value]) => used.has(value.name))
      .map(([name, value]) => [value.name, name, step.feeds[name]!]),
    reads: Object.entries(recorded.stateInputs)
      .filter(([, value]) => used.has(value.name))
      .map(([buffer, value]) => [value.name, buffer]),
    outputs: Object.keys(recorded.outputs).map((name) => [`out:output/${name}`, name]),
    writes,
  };
}

async function open(definition: SessionDefinition, device: OnnxDevice): Promise<EngineSession> {
  const backend = deviceBackend(device, SESSION_OPTIONS);
  const functions: Record<string, CompiledFunction> = {};
  for (const name of Object.keys(definition.functions))
    functions[name] = await compile(backend, definition, name);
  const state = backend.allocateState(definition);
  let closed = false;
  const checkOpen = (): void => {
    if (closed) throw closedError();
  };

  return {
    writeState: async (values) => {
      checkOpen();
      checkArrays('state entry', values, definition.state);
      await onDevice(device, state.write(values));
    },
    readState: async (names = Object.keys(definition.state)) => {
      checkOpen();
      const unknown = names.find((name) => !definition.state[name]);
      if (unknown !== undefined) throw new Error(`the state has no entry ${unknown}`);
      return onDevice(device, state.read(names));
    },
    call: async (functionName, feeds) => {
      checkOpen();
      const compiled = functions[functionName];
      if (!compiled) throw new Error(`the session has no function ${functionName}`);
      checkFeeds(functionName, feeds, definition.functions[functionName]!.feeds);
      const inputs: Record<string, ort.Tensor> = {};
      for (const [input, name, spec] of compiled.feeds) inputs[input] = tensorOf(spec, feeds[name]!);
      for (const [input, buffer] of compiled.reads) inputs[input] = state.current(buffer);
      const fetches: Record<string, ort.Tensor | null> = {};
      for (const [output] of compiled.outputs) fetches[output] = null;
      for (const [output, buffer] of compiled.writes) fetches[output] = state.target(buffer);
      const results = await onDevice(device, compiled.session.run(inputs, fetches));
      for (const [output, buffer] of compiled.writes) state.written(buffer, results[output]!);
      return Object.fromEntries(
        compiled.outputs.map(([output, name]) => [name, results[output]!.data as TensorValues]),
      );
    },
    close: async () => {
      if (closed) return;
      closed = true;
      await state.close();
      for (const { session } of Object.values(functions)) await session.release();
    },
    notes: () => backend.notes,
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
