import { createRequire } from 'node:module';
import * as ort from 'onnxruntime-node';
import { checkArrays, checkFeeds, closedError } from '../checks.ts';
import { recordFunction } from '../trace/recordFunction.ts';
import { elementsOf, stateLayout } from '../trace/stateLayout.ts';
import type { Engine, EngineSession, SessionDefinition, TensorSpec, TensorValues } from '../types.ts';
import { encodeModel } from './encode.ts';
import { finishGraph } from './finish.ts';

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
export function createOnnxEngine(): Engine {
  const { version } = createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string };
  return { name: 'onnx', device: 'cpu', version: `onnxruntime-node ${version}`, open };
}

interface CompiledFunction {
  session: ort.InferenceSession;
  feeds: [input: string, name: string, spec: TensorSpec][];
  reads: [input: string, buffer: string][];
  outputs: [output: string, name: string][];
  writes: [output: string, buffer: string][];
}

async function compile(definition: SessionDefinition, functionName: string): Promise<CompiledFunction> {
  const step = definition.functions[functionName]!;
  const recorded = await recordFunction(definition, step);
  const outputs = Object.fromEntries([
    ...Object.entries(recorded.outputs).map(([name, value]) => [`output/${name}`, value] as const),
    ...Object.entries(recorded.stateOutputs).map(([name, value]) => [`state/${name}`, value] as const),
  ]);
  const graph = finishGraph(recorded.graph, outputs);
  const session = await ort.InferenceSession.create(encodeModel(graph), SESSION_OPTIONS);
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
    writes: Object.keys(recorded.stateOutputs).map((buffer) => [`out:state/${buffer}`, buffer]),
  };
}

async function open(definition: SessionDefinition): Promise<EngineSession> {
  const functions: Record<string, CompiledFunction> = {};
  for (const name of Object.keys(definition.functions)) functions[name] = await compile(definition, name);
  const state = allocateState(definition);
  let closed = false;
  const checkOpen = (): void => {
    if (closed) throw closedError();
  };

  return {
    writeState: async (values) => {
      checkOpen();
      checkArrays('state entry', values, definition.state);
      for (const [name, array] of Object.entries(values)) state.view(name).set(array as never);
    },
    readState: async (names = Object.keys(definition.state)) => {
      checkOpen();
      const unknown = names.find((name) => !definition.state[name]);
      if (unknown !== undefined) throw new Error(`the state has no entry ${unknown}`);
      return Object.fromEntries(names.map((name) => [name, state.view(name).slice()]));
    },
    call: async (functionName, feeds) => {
      checkOpen();
      const compiled = functions[functionName];
      if (!compiled) throw new Error(`the session has no function ${functionName}`);
      checkFeeds(functionName, feeds, definition.functions[functionName]!.feeds);
      const inputs: Record<string, ort.Tensor> = {};
      for (const [input, name, spec] of compiled.feeds) inputs[input] = tensorOf(spec, feeds[name]!);
      for (const [input, buffer] of compiled.reads) inputs[input] = state.current[buffer]!;
      const fetches: Record<string, ort.Tensor | null> = {};
      for (const [output] of compiled.outputs) fetches[output] = null;
      for (const [output, buffer] of compiled.writes) fetches[output] = state.spare[buffer]!;
      const results = await compiled.session.run(inputs, fetches);
      for (const [, buffer] of compiled.writes) state.exchange(buffer);
      return Object.fromEntries(
        compiled.outputs.map(([output, name]) => [name, results[output]!.data as TensorValues]),
      );
    },
    close: async () => {
      if (closed) return;
      closed = true;
      for (const { session } of Object.values(functions)) await session.release();
    },
  };
}

interface SessionState {
  /** By buffer: what the next call reads, and what it writes. Two arrays, so that no call allocates or copies state. */
  current: Record<string, ort.Tensor>;
  spare: Record<string, ort.Tensor>;
  exchange(buffer: string): void;
  /** One entry's part of its current buffer, not a copy. */
  view(name: string): TensorValues;
}

function allocateState(definition: SessionDefinition): SessionState {
  const current: Record<string, ort.Tensor> = {};
  const spare: Record<string, ort.Tensor> = {};
  const places: Record<string, { buffer: string; offset: number; size: number }> = {};
  for (const [buffer, { spec, entries }] of Object.entries(stateLayout(definition))) {
    current[buffer] = tensorOf(spec, emptyArray(spec));
    spare[buffer] = tensorOf(spec, emptyArray(spec));
    for (const { name, offset, size } of entries) places[name] = { buffer, offset, size };
  }
  return {
    current,
    spare,
    exchange: (buffer) => {
      [current[buffer], spare[buffer]] = [spare[buffer]!, current[buffer]!];
    },
    view: (name) => {
      const { buffer, offset, size } = places[name]!;
      return (current[buffer]!.data as TensorValues).subarray(offset, offset + size);
    },
  };
}

function tensorOf(spec: TensorSpec, values: TensorValues): ort.Tensor {
  return values instanceof Int32Array
    ? new ort.Tensor('int32', values, spec.shape)
    : new ort.Tensor('float32', values, spec.shape);
}

function emptyArray(spec: TensorSpec): TensorValues {
  return spec.dtype === 'int32' ? new Int32Array(elementsOf(spec)) : new Float32Array(elementsOf(spec));
}
