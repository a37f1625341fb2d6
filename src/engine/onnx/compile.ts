import type * as ort from 'onnxruntime-node';
import { recordFunction } from '../trace/recordFunction.ts';
import { stateLayout } from '../trace/stateLayout.ts';
import type { SessionDefinition, TensorSpec } from '../types.ts';
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
  writes: [output: string, buffer: string][];
  release(): Promise<void>;
}

export async function compileFunction(
  backend: DeviceBackend,
  definition: SessionDefinition,
  functionName: string,
  callsAtOnce: number,
): Promise<CompiledFunction> {
  const step = definition.functions[functionName]!;
  const recorded = await recordFunction(definition, step);
  const graph = finishGraph(
    recorded.graph,
    Object.fromEntries([
      ...Object.entries(recorded.outputs).map(([name, value]) => [`output/${name}`, value] as const),
      ...Object.entries(recorded.stateOutputs).map(([name, value]) => [`state/${name}`, value] as const),
    ]),
  );
  const buffers = stateLayout(definition);
  const used = new Set(graph.inputs.map((value) => value.name));
  const feeds = Object.entries(recorded.feedInputs)
    .filter(([, value]) => used.has(value.name))
    .map(([name, value]): CompiledFunction['feeds'][number] => [value.name, name, step.feeds[name]!]);
  const reads = new Map(
    Object.entries(recorded.stateInputs)
      .filter(([, value]) => used.has(value.name))
      .map(([buffer, value]) => [value.name, buffer]),
  );
  const writes = Object.keys(recorded.stateOutputs).map((buffer): [string, string] => [
    `out:state/${buffer}`,
    buffer,
  ]);
  const stateOutputs = writes.map(([output]) => output);

  let repeated: CompiledFunction['repeated'] = null;
  let made: Promise<ort.InferenceSession> | undefined;
  if (callsAtOnce > 1 && feeds.length > 0) {
    const carried = writes.map(([output, buffer]) => {
      const { shape, dtype } = buffers[buffer]!.spec;
      return { output, input: { name: `in:state/${buffer}`, shape, type: dtype } };
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
    release: async () => {
      await session.release();
      await (await made)?.release();
    },
  };
}
