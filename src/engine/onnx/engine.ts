import { createRequire } from 'node:module';
import * as ort from 'onnxruntime-node';
import { checkArrays, checkFeeds, closedError, elementsOf } from '../checks.ts';
import { recordFunction } from '../trace/recordFunction.ts';
import type { Arrays, Engine, EngineSession, SessionDefinition, TensorSpec, TensorValues } from '../types.ts';
import { encodeModel } from './encode.ts';
import { finishGraph } from './finish.ts';

/** One thread, asleep when idle: a machine runs one trainer per core, and small matrices gain little from more. */
const SESSION_OPTIONS: ort.InferenceSession.SessionOptions = {
  executionProviders: ['cpu'],
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: 'sequential',
  graphOptimizationLevel: 'all',
  extra: { session: { intra_op: { allow_spinning: '0' }, inter_op: { allow_spinning: '0' } } },
};

/** Runs step functions as ONNX graphs, recorded once when a session opens. */
export function createOnnxEngine(): Engine {
  const { version } = createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string };
  return { name: 'onnx', device: 'cpu', version: `onnxruntime-node ${version}`, open };
}

interface CompiledFunction {
  session: ort.InferenceSession;
  /** Graph input → feed or state entry. */
  feeds: [input: string, name: string, spec: TensorSpec][];
  reads: [input: string, name: string][];
  outputs: [output: string, name: string][];
  writes: [output: string, name: string][];
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
      .map(([name, value]) => [value.name, name]),
    outputs: Object.keys(recorded.outputs).map((name) => [`out:output/${name}`, name]),
    writes: Object.keys(recorded.stateOutputs).map((name) => [`out:state/${name}`, name]),
  };
}

async function open(definition: SessionDefinition): Promise<EngineSession> {
  const functions: Record<string, CompiledFunction> = {};
  for (const name of Object.keys(definition.functions)) functions[name] = await compile(definition, name);
  /** Current state, and for each entry a second array that the next call writes: no allocation per call. */
  const state: Record<string, ort.Tensor> = {};
  const spare: Record<string, ort.Tensor> = {};
  for (const [name, spec] of Object.entries(definition.state)) {
    state[name] = tensorOf(spec, emptyArray(spec));
    spare[name] = tensorOf(spec, emptyArray(spec));
  }
  let closed = false;
  const checkOpen = (): void => {
    if (closed) throw closedError();
  };

  return {
    writeState: async (values) => {
      checkOpen();
      checkArrays('state entry', values, definition.state);
      for (const [name, array] of Object.entries(values)) (state[name]!.data as TensorValues).set(array);
    },
    readState: async (names = Object.keys(definition.state)) => {
      checkOpen();
      const unknown = names.find((name) => !state[name]);
      if (unknown !== undefined) throw new Error(`the state has no entry ${unknown}`);
      return Object.fromEntries(names.map((name) => [name, (state[name]!.data as TensorValues).slice()]));
    },
    call: async (functionName, feeds) => {
      checkOpen();
      const compiled = functions[functionName];
      if (!compiled) throw new Error(`the session has no function ${functionName}`);
      checkFeeds(functionName, feeds, definition.functions[functionName]!.feeds);
      const inputs: Record<string, ort.Tensor> = {};
      for (const [input, name, spec] of compiled.feeds) inputs[input] = tensorOf(spec, feeds[name]!);
      for (const [input, name] of compiled.reads) inputs[input] = state[name]!;
      const fetches: Record<string, ort.Tensor | null> = {};
      for (const [output] of compiled.outputs) fetches[output] = null;
      for (const [output, name] of compiled.writes) fetches[output] = spare[name]!;
      const results = await compiled.session.run(inputs, fetches);
      for (const [, name] of compiled.writes) [state[name], spare[name]] = [spare[name]!, state[name]!];
      return Object.fromEntries(
        compiled.outputs.map(([output, name]) => [name, results[output]!.data as TensorValues]),
      ) as Arrays;
    },
    close: async () => {
      if (closed) return;
      closed = true;
      for (const { session } of Object.values(functions)) await session.release();
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
