import { indexConstant } from '../kernels/arrangement.ts';
import { castValue } from '../kernels/elementwise.ts';
import { lastTwoExchanged } from '../kernels/matmul.ts';
import { reshaped } from './backend.ts';
import { createGraph, type Graph, type GraphNode, sizeOf, type Value } from './graph.ts';
import type { RecordedFunction } from './recordFunction.ts';

/** Name of the feed that says which runs take part; no step function has one of this name. */
export const ACTIVE = 'runs/active';

/**
 * A recorded function over several runs at once: every input, output and state buffer gets a leading axis of `runs`,
 * and each run's part of it is what the function gives for that run alone (to rounding: matrix products of the runs
 * are one batched product). A further feed, ACTIVE [runs], is above 0 for the runs whose state changes; the state of the
 * others is given back as it was.
 *
 * Throws when the function uses an operation that has no form over runs.
 */
export function overRuns(recorded: RecordedFunction, runs: number): RecordedFunction {
  const graph = createGraph();
  const lifts = liftsInto(graph, recorded.graph, runs);
  const inputOf = (value: Value): Value => {
    const input = graph.input(value.name.replace(/^in:/, ''), [runs, ...value.shape], value.type);
    lifts.put(value.name, input, true);
    return input;
  };
  const inputs = new Map(recorded.graph.inputs.map((value) => [value.name, inputOf(value)]));
  for (const { value, data } of recorded.graph.constants.values())
    lifts.put(value.name, graph.constant(data, value.shape), false);
  for (const node of recorded.graph.nodes) liftNode(lifts, node);

  const renamed = (values: Record<string, Value>): Record<string, Value> =>
    Object.fromEntries(Object.entries(values).map(([key, { name }]) => [key, inputs.get(name)!]));
  const outputs = Object.fromEntries(
    Object.entries(recorded.outputs).map(([key, { name }]) => [key, lifts.whole(name)]),
  );
  const stateInputs = renamed(recorded.stateInputs);
  const written = Object.entries(recorded.stateOutputs);
  const active = graph.input(`feed/${ACTIVE}`, [runs], 'float32');
  const stateOutputs = Object.fromEntries(
    written.map(([buffer, { name }]) => {
      const value = lifts.whole(name);
      stateInputs[buffer] ??= graph.input(`state/${buffer}`, value.shape, value.type);
      return [buffer, chosen(graph, active, value, stateInputs[buffer])];
    }),
  );
  const feedInputs = { ...renamed(recorded.feedInputs), [ACTIVE]: active };
  return { graph, stateInputs, feedInputs, outputs, stateOutputs };
}

/** `value` for the runs that are active, `otherwise` for the others. */
function chosen(graph: Graph, active: Value, value: Value, otherwise: Value): Value {
  const zero = graph.constant(Float32Array.of(0), []);
  const isActive = graph.emit('Greater', [active, zero], active.shape, 'bool');
  const shape = [active.shape[0]!, ...value.shape.slice(1).map(() => 1)];
  return graph.emit('Where', [reshaped(graph, isActive, shape), value, otherwise], value.shape, value.type);
}

interface Lifts {
  readonly graph: Graph;
  readonly runs: number;
  /** Shape in the recorded graph, of one run. */
  shapeOf(name: string): readonly number[];
  typeOf(name: string): Value['type'];
  /** Whether a value differs between runs. Constants, and what is made of them, do not. */
  differs(name: string): boolean;
  /** The value as it stands: [runs, …] where it differs, else of its own shape. */
  get(name: string): Value;
  /** For broadcasting: where it differs, [runs, 1, …, 1, own shape] with `rank` axes after the first. */
  padded(name: string, rank: number): Value;
  /** [runs, …] in any case. */
  whole(name: string): Value;
  /** Numbers of a constant operand: axes, sizes, positions. */
  numbers(name: string): number[];
  /** Of whole numbers that were made wider: the 32-bit ones, in whatever shape. GPUs have no others. */
  narrow(name: string): string;
  put(name: string, value: Value, differs: boolean): void;
}

function liftsInto(graph: Graph, source: Graph, runs: number): Lifts {
  const lifted = new Map<string, { value: Value; differs: boolean }>();
  const at = (name: string) => lifted.get(name)!;
  const shapeOf = (name: string) => source.valueNamed(name).shape;
  return {
    graph,
    runs,
    shapeOf,
    typeOf: (name) => source.valueNamed(name).type,
    differs: (name) => at(name).differs,
    get: (name) => at(name).value,
    padded: (name, rank) => {
      const { value, differs } = at(name);
      const shape = shapeOf(name);
      return differs
        ? reshaped(graph, value, [runs, ...Array<number>(rank - shape.length).fill(1), ...shape])
        : value;
    },
    whole: (name) => {
      const { value, differs } = at(name);
      return differs ? value : expanded(graph, value, [runs, ...value.shape]);
    },
    numbers: (name) => {
      const data = source.dataOf(source.valueNamed(name));
      if (!data) throw new Error('over runs: sizes and axes must be constants');
      return [...data].map(Number);
    },
    narrow: (name) => {
      let from = name;
      for (;;) {
        const value = source.valueNamed(from);
        if (value.type === 'int32') return from;
        const producer = source.producerOf(value);
        if (producer?.op !== 'Cast' && producer?.op !== 'Reshape') return name;
        from = producer.inputs[0]!;
      }
    },
    put: (name, value, differs) => {
      lifted.set(name, { value, differs });
    },
  };
}

/** Writes a node that may have several outputs of the shapes that they have over runs, or of one run where it differs nowhere. */
function emit(
  lifts: Lifts,
  node: GraphNode,
  operands: readonly Value[],
  changes: Partial<GraphNode> = {},
  differs = true,
): void {
  const { op, domain, attributes, outputs } = { ...node, ...changes };
  const results = lifts.graph.emitMany(
    op,
    operands,
    outputs.map((name) => ({
      shape: differs ? [lifts.runs, ...lifts.shapeOf(name)] : lifts.shapeOf(name),
      type: lifts.typeOf(name),
    })),
    { attributes, domain },
  );
  outputs.forEach((name, i) => {
    lifts.put(name, results[i]!, differs);
  });
}

function liftNode(lifts: Lifts, node: GraphNode): void {
  if (!node.inputs.some(lifts.differs)) {
    emit(lifts, node, node.inputs.map(lifts.get), {}, false);
    return;
  }
  const rule = RULES[node.op];
  if (!rule) throw new Error(`the operation ${node.op} has no form over several runs: see trace/overRuns.ts`);
  rule(lifts, node);
}

type Rule = (lifts: Lifts, node: GraphNode) => void;

/** Element by element, with broadcasting; a batch of matrix products is broadcast alike. */
const broadcast: Rule = (lifts, node) => {
  const rank = Math.max(...node.inputs.map((name) => lifts.shapeOf(name).length));
  emit(
    lifts,
    node,
    node.inputs.map((name) => lifts.padded(name, rank)),
  );
};

/** The first operand is what it is about, over all runs; the others are constants. */
const withConstants: Rule = (lifts, node) => {
  const [first, ...rest] = node.inputs as [string, ...string[]];
  emit(lifts, node, [lifts.get(first), ...rest.map(lifts.get)]);
};

/** As withConstants, with a list of numbers as last operand, changed for the axis of runs. */
const withNumbers =
  (change: (numbers: number[], lifts: Lifts) => number[]): Rule =>
  (lifts, node) => {
    const operands = node.inputs.slice(0, -1).map(lifts.get);
    const numbers = change(lifts.numbers(node.inputs.at(-1)!), lifts);
    emit(lifts, node, [...operands, indexConstant(lifts.graph, numbers)]);
  };

/** An attribute `axis` counts from the front. */
const laterAxis = (node: GraphNode): Partial<GraphNode> => {
  const axis = node.attributes.axis as number;
  return { attributes: { ...node.attributes, axis: axis < 0 ? axis : axis + 1 } };
};

/** A product of two matrices becomes a batched one, whose operands are transposed beforehand. */
const gemm: Rule = (lifts, node) => {
  const operand = (name: string, isTransposed: boolean): Value =>
    isTransposed ? lastTwoExchanged(lifts.graph, lifts.get(name)) : lifts.get(name);
  const [a, b] = node.inputs as [string, string];
  const { transA, transB } = node.attributes;
  emit(lifts, node, [operand(a, transA === 1), operand(b, transB === 1)], { op: 'MatMul', attributes: {} });
};

/** Rows of a table by number: the runs' tables stand one below the other, and each run's numbers are moved to its own. */
const gather: Rule = (lifts, node) => {
  const [data, indices] = node.inputs as [string, string];
  const differ = [lifts.differs(data), lifts.differs(indices)];
  if (!differ[1]) emit(lifts, node, [lifts.get(data), lifts.get(indices)], laterAxis(node));
  else if (node.attributes.axis !== 0)
    throw new Error('over runs: positions that differ between runs choose along the first axis only');
  else if (!differ[0]) emit(lifts, node, [lifts.get(data), lifts.get(indices)]);
  else emit(lifts, node, tablesBelowEachOther(lifts, data, indices));
};

function tablesBelowEachOther(lifts: Lifts, data: string, indices: string): [Value, Value] {
  const [rows, ...rest] = lifts.shapeOf(data) as [number, ...number[]];
  const table = reshaped(lifts.graph, lifts.whole(data), [lifts.runs * rows, ...rest]);
  return [table, movedPositions(lifts, indices, rows)];
}

/** Positions in a table of so many rows, moved to the run's own table. */
function movedPositions(lifts: Lifts, indices: string, rows: number): Value {
  const { graph, runs } = lifts;
  const positions = lifts.get(lifts.narrow(indices));
  const starts = Array.from({ length: runs }, (_, run) => run * rows);
  const firsts = graph.constant(
    positions.type === 'int32' ? Int32Array.from(starts) : BigInt64Array.from(starts, BigInt),
    [runs, ...positions.shape.slice(1).map(() => 1)],
  );
  const moved = graph.emit('Add', [positions, firsts], positions.shape, positions.type);
  return castValue(graph, reshaped(graph, moved, [runs, ...lifts.shapeOf(indices)]), lifts.typeOf(indices));
}

/** Index tuples get the run's number as their first element. */
function tuplesOfRuns(lifts: Lifts, name: string): Value {
  const { graph, runs } = lifts;
  const tuples = lifts.whole(name);
  const places = tuples.shape.slice(1, -1);
  const each = sizeOf(places);
  const numbers = BigInt64Array.from({ length: runs * each }, (_, at) => BigInt(Math.floor(at / each)));
  const shape = [...tuples.shape.slice(0, -1), tuples.shape.at(-1)! + 1];
  const operands = [graph.constant(numbers, [runs, ...places, 1]), tuples];
  return graph.emit('Concat', operands, shape, 'int64', { attributes: { axis: shape.length - 1 } });
}

const gatherNd: Rule = (lifts, node) => {
  const [data, tuples] = node.inputs as [string, string];
  emit(lifts, node, [lifts.whole(data), tuplesOfRuns(lifts, tuples)]);
};

const scatterNd: Rule = (lifts, node) => {
  const { graph, runs } = lifts;
  const [data, tuples, updates] = node.inputs as [string, string, string];
  const shape = lifts.shapeOf(data);
  if (lifts.shapeOf(tuples).at(-1) === 1 && lifts.differs(tuples)) {
    const operands = [...tablesBelowEachOther(lifts, data, tuples), lifts.whole(updates)];
    const all = [runs * shape[0]!, ...shape.slice(1)];
    const { attributes } = node;
    const written = graph.emit('ScatterND', operands, all, lifts.typeOf(data), { attributes });
    lifts.put(node.outputs[0]!, reshaped(graph, written, [runs, ...shape]), true);
  } else emit(lifts, node, [lifts.whole(data), tuplesOfRuns(lifts, tuples), lifts.whole(updates)]);
};

/** Its sequences are independent: those of all runs stand one after the other. */
const rotary: Rule = (lifts, node) => {
  const { graph, runs } = lifts;
  const [x, ...rest] = node.inputs as [string, ...string[]];
  const [sequences, ...sides] = lifts.shapeOf(x) as [number, ...number[]];
  const all = [runs * sequences, ...sides];
  const turned = graph.emit(
    node.op,
    [reshaped(graph, lifts.get(x), all), ...rest.map(lifts.get)],
    all,
    'float32',
    {
      domain: node.domain,
      attributes: node.attributes,
    },
  );
  lifts.put(node.outputs[0]!, reshaped(graph, turned, [runs, sequences, ...sides]), true);
};

const concat: Rule = (lifts, node) => emit(lifts, node, node.inputs.map(lifts.whole), laterAxis(node));
const alongAxis: Rule = (lifts, node) => emit(lifts, node, node.inputs.map(lifts.get), laterAxis(node));
const transpose: Rule = (lifts, node) => {
  const perm = [0, ...(node.attributes.perm as number[]).map((axis) => axis + 1)];
  emit(lifts, node, [lifts.get(node.inputs[0]!)], { attributes: { perm } });
};
/** To a larger shape by broadcasting. */
const expand: Rule = (lifts, node) => {
  const sizes = lifts.numbers(node.inputs[1]!);
  emit(lifts, node, [
    lifts.padded(node.inputs[0]!, sizes.length),
    indexConstant(lifts.graph, [lifts.runs, ...sizes]),
  ]);
};
const slice: Rule = (lifts, node) => {
  const [x, begin, end, axes] = node.inputs as [string, string, string, string];
  const later = lifts.numbers(axes).map((axis) => axis + 1);
  emit(lifts, node, [lifts.get(x), lifts.get(begin), lifts.get(end), indexConstant(lifts.graph, later)]);
};

const RULES: Record<string, Rule> = {
  ...Object.fromEntries(
    'Abs Erf Exp Log Not Neg Reciprocal Relu Sigmoid Sqrt Tanh Identity Cast'
      .split(' ')
      .map((op) => [op, withConstants]),
  ),
  ...Object.fromEntries(
    'Add Sub Mul Div Max Min Pow Equal Greater GreaterOrEqual Less LessOrEqual And Or Where MatMul'
      .split(' ')
      .map((op) => [op, broadcast]),
  ),
  ...Object.fromEntries(
    'ReduceMax ReduceMean ReduceMin ReduceSum ReduceSumSquare'
      .split(' ')
      .map((op) => [op, withNumbers((axes) => axes.map((axis) => axis + 1))]),
  ),
  Concat: concat,
  Expand: expand,
  Gather: gather,
  GatherND: gatherNd,
  Gemm: gemm,
  OneHot: withConstants,
  Reshape: withNumbers((sizes, { runs }) => [runs, ...sizes]),
  RotaryEmbedding: rotary,
  ScatterND: scatterNd,
  // Both count their axis from the end.
  SimplifiedLayerNormalization: withConstants,
  Softmax: alongAxis,
  Slice: slice,
  Split: alongAxis,
  Tile: withNumbers((times) => [1, ...times]),
  Transpose: transpose,
};

function expanded(graph: Graph, value: Value, shape: readonly number[]): Value {
  return graph.emit('Expand', [value, indexConstant(graph, shape)], shape, value.type);
}
