import type * as ort from 'onnxruntime-node';
import { cutLoops } from '../loops/cutLoops.ts';
import { type StateLoops, stateLoops } from '../loops/stateLoops.ts';
import { inHalfPrecision } from '../trace/halfPrecision.ts';
import { ACTIVE, overRuns } from '../trace/overRuns.ts';
import { recordFunction } from '../trace/recordFunction.ts';
import type { SessionDefinition, TensorSpec, TensorSpecs } from '../types.ts';
import type { DeviceBackend } from './devices.ts';
import { finishGraph } from './finish.ts';
import { repeatedGraph } from './repeat.ts';

/** A step function as graphs of the runtime, and what of theirs is which feed, output and state buffer. */
export interface CompiledFunction {
  session: ort.InferenceSession;
  /** The same, `callsAtOnce` times in one run; made when first asked for. Null where it is not to be used. */
  repeated: (() => Promise<ort.InferenceSession>) | null;
  feeds: [input: string, name: string, spec: TensorSpec][];
  reads: [input: string, buffer: string][];
  outputs: [output: string, name: string][];
  /** State buffers that the graph replaces. */
  writes: [output: string, buffer: string][];
  /** What replaces the state in place of the graph, once it has run. */
  loops: StateLoops | null;
  release(): Promise<void>;
}

/** What one run of the runtime does. */
export interface RunOptions {
  /** Calls, one after the other. */
  callsAtOnce: number;
  /** Calls side by side, on a state each; null: no axis of runs. */
  runs: number | null;
  /** Leaves the update of the state to loops, where they can do it: for single calls only. */
  updateInLoops: boolean;
}

/**
 * Records one of a definition's functions and has the runtime build it for its device. Throws when the function uses what
 * has no kernel or no form over runs, a DeviceError when the device cannot run it.
 */
export async function compileFunction(
  backend: DeviceBackend,
  definition: SessionDefinition,
  functionName: string,
  { callsAtOnce, runs, updateInLoops }: RunOptions,
): Promise<CompiledFunction> {
  const step = definition.functions[functionName]!;
  const alone = await recordFunction(definition, step);
  const together = runs === null ? alone : overRuns(alone, runs);
  const recorded = definition.precision === 'float16' ? inHalfPrecision(together) : together;
  const feedSpecs = runs === null ? step.feeds : specsOverRuns(step.feeds, runs);
  const whole = finishGraph(
    recorded.graph,
    Object.fromEntries([
      ...Object.entries(recorded.outputs).map(([name, value]) => [`output/${name}`, value] as const),
      ...Object.entries(recorded.stateOutputs).map(([name, value]) => [`state/${name}`, value] as const),
    ]),
  );
  const state = Object.keys(recorded.stateOutputs).map((buffer) => ({
    buffer,
    output: `out:state/${buffer}`,
    input: `in:state/${buffer}`,
  }));
  const named = new Map(whole.outputs.map((value) => [value.name, value]));
  const cut = updateInLoops
    ? cutLoops(whole, state, (name) => named.get(name) ?? recorded.graph.valueNamed(name))
    : null;
  const graph = cut?.head ?? whole;
  const used = new Set(graph.inputs.map((value) => value.name));
  const feeds = Object.entries(recorded.feedInputs)
    .filter(([, value]) => used.has(value.name))
    .map(([name, value]): CompiledFunction['feeds'][number] => [value.name, name, feedSpecs[name]!]);
  const reads = new Map(
    Object.entries(recorded.stateInputs)
      .filter(([, value]) => used.has(value.name))
      .map(([buffer, value]) => [value.name, buffer]),
  );
  const writes = (cut ? [] : state).map(({ output, buffer }): [string, string] => [output, buffer]);
  const stateOutputs = writes.map(([output]) => output);

  let repeated: CompiledFunction['repeated'] = null;
  let made: Promise<ort.InferenceSession> | undefined;
  if (callsAtOnce > 1 && feeds.length > 0) {
    const carried = writes.map(([output, buffer]) => {
      const { shape, type } = recorded.stateOutputs[buffer]!;
      return { output, input: { name: `in:state/${buffer}`, shape, type } };
    });
    // What a call replaces without reading it goes into the loop all the same.
    for (const [i, { input }] of carried.entries()) reads.set(input.name, writes[i]![1]);
    const build = () =>
      backend.createSession(
        `${functionName}, ${callsAtOnce} times`,
        repeatedGraph(graph, { carried, fed: feeds.map(([input]) => input), times: callsAtOnce }),
        stateOutputs,
      );
    repeated = () => (made ??= build());
  }
  const session = await backend.createSession(functionName, graph, stateOutputs);
  return {
    session,
    repeated,
    feeds,
    reads: [...reads],
    outputs: Object.keys(recorded.outputs).map((name) => [`out:output/${name}`, name]),
    writes,
    loops: cut && stateLoops(cut, whole.constants, state),
    release: async () => {
      await session.release();
      await (await made)?.release();
    },
  };
}

/** Feeds of several runs, and which of the runs take part. */
function specsOverRuns(specs: TensorSpecs, runs: number): TensorSpecs {
  const over = (spec: TensorSpec): TensorSpec => ({ ...spec, shape: [runs, ...spec.shape] });
  return {
    ...Object.fromEntries(Object.entries(specs).map(([name, spec]) => [name, over(spec)])),
    [ACTIVE]: { shape: [runs], dtype: 'float32' },
  };
}
