import type * as ort from 'onnxruntime-node';
import { UserError } from '../../common/errors.ts';
import { checkArrays, checkFeeds } from '../checks.ts';
import { MOST_MEMORY_BYTES, NoLoops, spaceOf } from '../loops/arrayMemory.ts';
import { elementsOf, type StateBuffer, stateLayout } from '../trace/stateLayout.ts';
import type { Arrays, EngineSession, SessionDefinition, TensorSpec, TensorValues } from '../types.ts';
import type { CompiledFunction } from './compile.ts';
import type { OnnxDevice } from './deviceNames.ts';
import type { DeviceBackend } from './devices.ts';
import { type OpenedGraphs, openGraphs } from './graphs.ts';
import { emptyArray, tensorOf } from './state.ts';

/** Of a session's state elements (parameters and moments). Above, a call's own cost no longer shows (docs/performance.md). */
const REPEAT_UP_TO_ELEMENTS = 300_000;
const CALLS_AT_ONCE = 8;
const MOST_CALLS_AT_ONCE = 1024;

/** How many calls are made in one run. With cuda only a trial on a card can tell: ONNX_CALLS_AT_ONCE decides there. */
function callsAtOnceFor(device: OnnxDevice, definition: SessionDefinition): number {
  if (device === 'webgpu') return 1;
  const text = process.env.ONNX_CALLS_AT_ONCE;
  if (text) {
    const asked = Number(text);
    if (Number.isInteger(asked) && asked >= 1 && asked <= MOST_CALLS_AT_ONCE) return asked;
    throw new UserError(
      `ONNX_CALLS_AT_ONCE is ${text}`,
      `Set a whole number from 1 to ${MOST_CALLS_AT_ONCE}, or leave it away.`,
    );
  }
  const elements = Object.values(definition.state).reduce((sum, spec) => sum + elementsOf(spec), 0);
  return device === 'cpu' && elements <= REPEAT_UP_TO_ELEMENTS ? CALLS_AT_ONCE : 1;
}

/** A session over one state. */
export async function openSession(
  device: OnnxDevice,
  backend: DeviceBackend,
  definition: SessionDefinition,
): Promise<EngineSession> {
  const callsAtOnce = callsAtOnceFor(device, definition);
  const layout = stateLayout(definition);
  const notes: string[] = [];
  const open = (updateInLoops: boolean): Promise<OpenedGraphs> =>
    openGraphs(device, backend, definition, layout, { callsAtOnce, runs: null, updateInLoops });
  const graphs = await open(device === 'cpu' && callsAtOnce === 1 && fitLoops(layout)).catch((error) => {
    if (!(error instanceof NoLoops)) throw error;
    notes.push(`the graph updates the state, which takes longer than loops: ${error.message}`);
    return open(false);
  });
  const check = (functionName: string, feeds: Arrays): CompiledFunction => {
    const compiled = graphs.functionNamed(functionName);
    checkFeeds(functionName, feeds, definition.functions[functionName]!.feeds);
    return compiled;
  };
  const runOnce = (compiled: CompiledFunction, feeds: Arrays): Promise<Arrays> =>
    graphs.run(compiled.session, compiled, (name, spec) => tensorOf(spec, feeds[name]!));
  const runMany = async (
    session: ort.InferenceSession,
    compiled: CompiledFunction,
    feeds: readonly Arrays[],
  ): Promise<Arrays[]> => {
    const results = await graphs.run(session, compiled, (name, spec) =>
      stackedTensor(
        spec,
        feeds.map((each) => each[name]!),
      ),
    );
    return feeds.map((_, i) =>
      Object.fromEntries(
        Object.entries(results).map(([name, values]) => {
          const size = values.length / feeds.length;
          return [name, values.slice(i * size, (i + 1) * size)];
        }),
      ),
    );
  };

  return {
    callsAtOnce,
    writeState: async (values) => {
      checkArrays('state entry', values, definition.state);
      await graphs.writeState(values);
    },
    readState: async (names = Object.keys(definition.state)) => {
      const unknown = names.find((name) => !definition.state[name]);
      if (unknown !== undefined) throw new Error(`the state has no entry ${unknown}`);
      return graphs.readState(names);
    },
    call: async (functionName, feeds) => runOnce(check(functionName, feeds), feeds),
    callEach: async (functionName, feeds) => {
      const compiled = graphs.functionNamed(functionName);
      for (const each of feeds) check(functionName, each);
      const results: Arrays[] = [];
      while (results.length < feeds.length) {
        const rest = feeds.slice(results.length);
        if (compiled.repeated && rest.length >= callsAtOnce)
          results.push(...(await runMany(await compiled.repeated(), compiled, rest.slice(0, callsAtOnce))));
        else results.push(await runOnce(compiled, rest[0]!));
      }
      return results;
    },
    close: graphs.close,
    notes: () => [...backend.notes, ...notes],
  };
}

/** Whether the state, a second array for each buffer and gradients of a third of it fit into the loops' memory. */
function fitLoops(layout: Record<string, StateBuffer>): boolean {
  const bytes = Object.values(layout).reduce((sum, { spec }) => sum + spaceOf(spec), 0);
  return (7 / 3) * bytes <= MOST_MEMORY_BYTES;
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
