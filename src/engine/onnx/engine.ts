import { createRequire } from 'node:module';
import type * as ort from 'onnxruntime-node';
import { checkArrays, checkFeeds, closedError } from '../checks.ts';
import { elementsOf } from '../trace/stateLayout.ts';
import type { Arrays, Engine, EngineSession, SessionDefinition, TensorSpec, TensorValues } from '../types.ts';
import { type CompiledFunction, compileFunction } from './compile.ts';
import { deviceError } from './deviceErrors.ts';
import type { OnnxDevice } from './deviceNames.ts';
import { deviceBackend } from './devices.ts';
import { emptyArray, tensorOf } from './state.ts';

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

/** Of a session's state elements (parameters and moments). Above, a call's own cost no longer shows (docs/performance.md). */
const REPEAT_UP_TO_ELEMENTS = 300_000;
const CALLS_AT_ONCE = 8;

/** How many calls are made in one run. With cuda only a trial on a card can tell: ONNX_CALLS_AT_ONCE decides there. */
function callsAtOnceFor(device: OnnxDevice, definition: SessionDefinition): number {
  if (device === 'webgpu') return 1;
  const asked = Number(process.env.ONNX_CALLS_AT_ONCE);
  if (Number.isInteger(asked) && asked >= 1) return asked;
  const elements = Object.values(definition.state).reduce((sum, spec) => sum + elementsOf(spec), 0);
  return device === 'cpu' && elements <= REPEAT_UP_TO_ELEMENTS ? CALLS_AT_ONCE : 1;
}

async function open(definition: SessionDefinition, device: OnnxDevice): Promise<EngineSession> {
  const backend = deviceBackend(device, SESSION_OPTIONS);
  const callsAtOnce = callsAtOnceFor(device, definition);
  const functions: Record<string, CompiledFunction> = {};
  for (const name of Object.keys(definition.functions))
    functions[name] = await compileFunction(backend, definition, name, callsAtOnce);
  const state = backend.allocateState(definition);
  let closed = false;
  const checkOpen = (): void => {
    if (closed) throw closedError();
  };
  const functionNamed = (name: string): CompiledFunction => {
    const compiled = functions[name];
    if (!compiled) throw new Error(`the session has no function ${name}`);
    return compiled;
  };

  /** One run of the runtime: one call, or several where `feed` gives the feeds of several. */
  const run = async (
    session: ort.InferenceSession,
    { feeds, reads, outputs, writes }: CompiledFunction,
    feed: (name: string, spec: TensorSpec) => ort.Tensor,
  ): Promise<Arrays> => {
    const inputs: Record<string, ort.Tensor> = {};
    for (const [input, name, spec] of feeds) inputs[input] = feed(name, spec);
    for (const [input, buffer] of reads) inputs[input] = state.current(buffer);
    const fetches: Record<string, ort.Tensor | null> = {};
    for (const [output] of outputs) fetches[output] = null;
    for (const [output, buffer] of writes) fetches[output] = state.target(buffer);
    const results = await onDevice(device, session.run(inputs, fetches));
    for (const [output, buffer] of writes) state.written(buffer, results[output]!);
    return Object.fromEntries(outputs.map(([output, name]) => [name, results[output]!.data as TensorValues]));
  };
  const runMany = async (
    session: ort.InferenceSession,
    compiled: CompiledFunction,
    feeds: readonly Arrays[],
  ): Promise<Arrays[]> => {
    const times = feeds.length;
    const results = await run(session, compiled, (name, spec) =>
      stackedTensor(
        spec,
        feeds.map((each) => each[name]!),
      ),
    );
    return feeds.map((_, i) =>
      Object.fromEntries(
        Object.entries(results).map(([name, values]) => {
          const size = values.length / times;
          return [name, values.slice(i * size, (i + 1) * size)];
        }),
      ),
    );
  };

  return {
    callsAtOnce,
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
      const compiled = functionNamed(functionName);
      checkFeeds(functionName, feeds, definition.functions[functionName]!.feeds);
      return run(compiled.session, compiled, (name, spec) => tensorOf(spec, feeds[name]!));
    },
    callEach: async (functionName, feeds) => {
      checkOpen();
      const compiled = functionNamed(functionName);
      for (const each of feeds) checkFeeds(functionName, each, definition.functions[functionName]!.feeds);
      const results: Arrays[] = [];
      while (results.length < feeds.length) {
        const rest = feeds.slice(results.length);
        if (compiled.repeated && rest.length >= callsAtOnce) {
          const session = await compiled.repeated();
          results.push(...(await runMany(session, compiled, rest.slice(0, callsAtOnce))));
        } else {
          const next = rest[0]!;
          results.push(await run(compiled.session, compiled, (name, spec) => tensorOf(spec, next[name]!)));
        }
      }
      return results;
    },
    close: async () => {
      if (closed) return;
      closed = true;
      await state.close();
      for (const { release } of Object.values(functions)) await release();
    },
    notes: () => backend.notes,
  };
}

/** Arrays one after the other, under a leading axis. */
function stackedTensor(spec: TensorSpec, arrays: readonly TensorValues[]): ort.Tensor {
  const stacked = { ...spec, shape: [arrays.length, ...spec.shape] };
  const values = emptyArray(stacked);
  arrays.forEach((array, i) => {
    values.set(array as never, i * array.length);
  });
  return tensorOf(stacked, values);
}

/** Waits for what the runtime does on the device, with its complaints in plain words. */
async function onDevice<T>(device: OnnxDevice, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw device === 'cpu' ? error : deviceError(device, error);
  }
}
