import { type FinishedGraph, type GraphNode, sameShape, sizeOf, type Value } from '../trace/graph.ts';

/** Element-wise operators of ONNX that a loop can do, with the WebAssembly instruction for four elements. */
export const LOOP_INSTRUCTIONS: Readonly<Record<string, string>> = {
  Add: 'f32x4.add',
  Sub: 'f32x4.sub',
  Mul: 'f32x4.mul',
  Div: 'f32x4.div',
  Sqrt: 'f32x4.sqrt',
};

export interface LoopStep {
  /** A key of LOOP_INSTRUCTIONS. */
  op: string;
  operands: readonly string[];
  result: string;
}

/** Element-wise work over arrays of one size, all of it done to an element before the next one's turn. */
export interface Loop {
  size: number;
  /** Names of the arrays of `size` elements that it reads, and of its values of one element. */
  arrays: string[];
  scalars: string[];
  /** In an order in which they can be done. */
  steps: LoopStep[];
  /** Results that are outputs of the graph. */
  results: string[];
}

/** A graph without its last element-wise work, which loops do after it. */
export interface CutGraph {
  /** Beside the outputs that are left it gives what the loops read and nobody else has (`given`). */
  head: FinishedGraph;
  loops: Loop[];
  /** What the head computes for the loops. An array or scalar of a loop that is not among them is a state input, or a constant. */
  given: Value[];
}

/** An output that replaces an input of the same shape between two calls. */
export interface Carried {
  output: string;
  input: string;
}

/**
 * Takes the update of the state out of a graph: everything that is element-wise and leads to nothing but new state. The
 * loops may write a state output over its input. Null where that is not all of what the graph does to the state, e.g.
 * because an output is computed from new state.
 *
 * `valueNamed`: type and shape of any value of the graph.
 */
export function cutLoops(
  graph: FinishedGraph,
  carried: readonly Carried[],
  valueNamed: (name: string) => Pick<Value, 'shape' | 'type'>,
): CutGraph | null {
  const tail = tailOf(graph, carried, valueNamed);
  const results = new Set([...tail].map(resultOf));
  if (carried.length === 0 || !carried.every(({ output }) => results.has(output))) return null;

  const stateInputs = new Set(carried.map(({ input }) => input));
  const graphInputs = new Map(graph.inputs.map((value) => [value.name, value]));
  const constants = new Set(graph.constants.map(({ value }) => value.name));
  const rest = graph.nodes.filter((node) => !tail.has(node));
  const copies = new Map<string, GraphNode>();
  const given = new Map<string, Value>();
  /** What a loop calls an operand that no loop computes. */
  const operandName = (name: string): string => {
    const isScalar = sizeOf(valueNamed(name).shape) === 1;
    if (results.has(name) || constants.has(name) || (stateInputs.has(name) && !isScalar)) return name;
    // Neither a feed nor a scalar of the state stands in the loops' memory: the head copies it there.
    const own = graphInputs.has(name) ? `${name}/given` : name;
    if (own !== name)
      copies.set(own, { op: 'Identity', domain: '', inputs: [name], outputs: [own], attributes: {} });
    const { shape, type } = valueNamed(name);
    given.set(own, { name: own, shape, type });
    return own;
  };

  const groupOf = groups(tail, carried, results);
  const loops = new Map<string, Loop>();
  for (const node of graph.nodes.filter((each) => tail.has(each))) {
    const group = groupOf(resultOf(node));
    const size = sizeOf(valueNamed(resultOf(node)).shape);
    const loop = loops.get(group) ?? { size, arrays: [], scalars: [], steps: [], results: [] };
    loops.set(group, loop);
    const operands = node.inputs.map(operandName);
    node.inputs.forEach((input, i) => {
      if (results.has(input)) return;
      const names = sizeOf(valueNamed(input).shape) === 1 ? loop.scalars : loop.arrays;
      if (!names.includes(operands[i]!)) names.push(operands[i]!);
    });
    loop.steps.push({ op: node.op, operands, result: resultOf(node) });
    if (carried.some(({ output }) => output === resultOf(node))) loop.results.push(resultOf(node));
  }

  const nodes = [...rest, ...copies.values()];
  const used = new Set(nodes.flatMap((node) => node.inputs));
  const left = graph.outputs.filter(({ name }) => !results.has(name));
  const told = new Set(left.map(({ name }) => name));
  return {
    head: {
      nodes,
      constants: graph.constants.filter(({ value }) => used.has(value.name)),
      inputs: graph.inputs.filter(({ name }) => used.has(name)),
      outputs: [...left, ...[...given.values()].filter(({ name }) => !told.has(name))],
    },
    loops: [...loops.values()],
    given: [...given.values()],
  };
}

const resultOf = (node: GraphNode): string => node.outputs[0]!;

/** The nodes from which only new state follows, and which a loop can do. */
function tailOf(
  graph: FinishedGraph,
  carried: readonly Carried[],
  valueNamed: (name: string) => Pick<Value, 'shape' | 'type'>,
): Set<GraphNode> {
  const stateOutputs = new Set(carried.map(({ output }) => output));
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  const readers = new Map<string, GraphNode[]>();
  for (const node of graph.nodes)
    for (const input of node.inputs) readers.set(input, [...(readers.get(input) ?? []), node]);
  const canLoop = ({ op, domain, inputs, outputs: [result] }: GraphNode): boolean => {
    const { shape, type } = valueNamed(result!);
    return (
      domain === '' &&
      op in LOOP_INSTRUCTIONS &&
      type === 'float32' &&
      sizeOf(shape) > 1 &&
      inputs.every((input) => {
        const operand = valueNamed(input);
        return sizeOf(operand.shape) === 1 || sameShape(operand.shape, shape);
      })
    );
  };
  const tail = new Set<GraphNode>();
  for (const node of graph.nodes.toReversed()) {
    if (!canLoop(node)) continue;
    const result = resultOf(node);
    const next = readers.get(result) ?? [];
    const leadsToState = stateOutputs.has(result) || (next.length > 0 && !outputs.has(result));
    if (leadsToState && next.every((reader) => tail.has(reader))) tail.add(node);
  }
  return tail;
}

/**
 * Which loop a result belongs to: one has whatever hangs together by results, or by a state buffer, so that nobody
 * reads a buffer after another loop has written it.
 */
function groups(
  tail: ReadonlySet<GraphNode>,
  carried: readonly Carried[],
  results: ReadonlySet<string>,
): (result: string) => string {
  const parents = new Map<string, string>();
  const rootOf = (name: string): string => {
    let root = name;
    for (let parent = parents.get(root); parent !== undefined; parent = parents.get(root)) root = parent;
    return root;
  };
  const join = (a: string, b: string): void => {
    const [rootA, rootB] = [rootOf(a), rootOf(b)];
    if (rootA !== rootB) parents.set(rootA, rootB);
  };
  const buffers = new Set(carried.map(({ input }) => input));
  for (const node of tail)
    for (const input of node.inputs)
      if (results.has(input) || buffers.has(input)) join(input, resultOf(node));
  for (const { output, input } of carried) join(output, input);
  return rootOf;
}
