import type { FinishedGraph, Value } from '../trace/graph.ts';
import type { RepeatedGraph } from './encode.ts';

/** How a graph's outputs and inputs hang together from one call to the next. */
export interface Repetition {
  /** Outputs that the next call reads, or at least replaces: output's name → input of the same shape. */
  carried: readonly { output: string; input: Value }[];
  /** Names of inputs that are given anew for each call. */
  fed: readonly string[];
  times: number;
}

/** Inside the loop every name differs from those outside: ONNX allows no name twice. */
const inside = (name: string): string => `each:${name}`;

/**
 * The graph run `times` times by one ONNX Scan: what as many calls give, to the bit, unless an array that is an output
 * is also summed up inside (it then lies elsewhere in memory, and ONNX Runtime's sums depend on that). Inputs and outputs keep their names:
 * those that are carried hold the state before the first call and after the last, the fed ones and all other outputs
 * get a leading axis of `times`; what is neither fed nor carried is the same for every call.
 */
export function repeatedGraph(graph: FinishedGraph, { carried, fed, times }: Repetition): RepeatedGraph {
  if (fed.length === 0) throw new Error('a graph without feeds cannot be repeated: Scan counts by them');
  const inputNamed = new Map(graph.inputs.map((value) => [value.name, value]));
  const fedInputs = fed.map((name) => inputNamed.get(name)!);
  const carriedNames = new Set(carried.map(({ output }) => output));
  const told = graph.outputs.filter(({ name }) => !carriedNames.has(name));
  const outputNamed = new Map(graph.outputs.map((value) => [value.name, value]));
  const stateOutputs = carried.map(({ output }) => outputNamed.get(output)!);

  const renamed = new Set([
    ...carried.map(({ input }) => input.name),
    ...fed,
    ...graph.nodes.flatMap((node) => node.outputs),
    ...graph.constants.map(({ value }) => value.name),
  ]);
  const innerName = (name: string): string => (renamed.has(name) ? inside(name) : name);
  const innerValue = (value: Value): Value => ({ ...value, name: innerName(value.name) });
  const body: FinishedGraph = {
    nodes: graph.nodes.map((node) => ({
      ...node,
      inputs: node.inputs.map(innerName),
      outputs: node.outputs.map(innerName),
    })),
    constants: graph.constants.map(({ value, data }) => ({ value: innerValue(value), data })),
    inputs: [...carried.map(({ input }) => input), ...fedInputs].map(innerValue),
    outputs: [...stateOutputs, ...told].map(innerValue),
  };

  const many = (value: Value): Value => ({ ...value, shape: [times, ...value.shape] });
  return {
    body,
    bodyInputs: [...carried.map(({ input }) => input.name), ...fed],
    bodyOutputs: [...stateOutputs, ...told].map(({ name }) => name),
    fedInputs: fed.length,
    inputs: [
      ...carried.map(({ input }) => input),
      ...fedInputs.map(many),
      ...graph.inputs.filter(({ name }) => !renamed.has(name)),
    ],
    outputs: [...stateOutputs, ...told.map(many)],
  };
}
