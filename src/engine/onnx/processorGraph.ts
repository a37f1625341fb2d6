import type { Attributes, FinishedGraph, GraphNode } from '../trace/graph.ts';

/** TensorProto.DataType. */
const FLOAT = 1;
const FLOAT16 = 10;

/** A graph that ONNX Runtime's processor provider (1.30) computes as it was recorded, and fast. */
export function processorGraph(graph: FinishedGraph): FinishedGraph {
  return withTransposesApart(withRoundedProducts(graph));
}

/**
 * The provider makes one transposition of two that follow each other, also with a Reshape between them. Where the first
 * moves the last axis, that one copies element by element and takes several times as long as the two, which copy in
 * blocks. It does not look past a Flatten, which itself costs nothing.
 */
function withTransposesApart(graph: FinishedGraph): FinishedGraph {
  const transposed = new Map(
    graph.nodes.filter(movesLastAxis).map((node) => [node.outputs[0]!, node.attributes.perm as number[]]),
  );
  const nodes = graph.nodes.flatMap((node): GraphNode[] => {
    const perm = node.op === 'Reshape' ? transposed.get(node.inputs[0]!) : undefined;
    if (!perm) return [node];
    const flat = `${node.outputs[0]}/flat`;
    return [
      {
        op: 'Flatten',
        domain: '',
        inputs: [node.inputs[0]!],
        outputs: [flat],
        attributes: { axis: perm.length - 1 },
      },
      { ...node, inputs: [flat, node.inputs[1]!] },
    ];
  });
  return nodes.length === graph.nodes.length ? graph : { ...graph, nodes };
}

function movesLastAxis({ op, attributes }: GraphNode): boolean {
  if (op !== 'Transpose') return false;
  const perm = attributes.perm as number[];
  return perm.at(-1) !== perm.length - 1;
}

/**
 * There are no float16 products on x64: the provider surrounds them with casts to float32, and then drops its own casts
 * together with the recorded ones, so that nothing is rounded. Casts that stand in the graph are kept. So each such
 * product becomes a float32 one of operands that went through float16, and its result goes through float16 too.
 */
function withRoundedProducts(graph: FinishedGraph): FinishedGraph {
  const halves = new Set<string>();
  const widened = new Set<string>();
  const nodes = graph.nodes.flatMap((node): GraphNode[] => {
    const [output] = node.outputs as [string];
    if (node.op === 'Cast' && node.attributes.to === FLOAT16) halves.add(output);
    if (!node.inputs.some((input) => halves.has(input)) || node.op === 'Cast') return [node];
    halves.add(output);
    const wide = (input: string): string => `${input}/float32`;
    const fresh = [...new Set(node.inputs)].filter((input) => halves.has(input) && !widened.has(input));
    for (const input of fresh) widened.add(input);
    return [
      ...fresh.map((input) => cast(input, wide(input), FLOAT)),
      {
        ...node,
        inputs: node.inputs.map((input) => (halves.has(input) ? wide(input) : input)),
        outputs: [`${output}/product`],
      },
      cast(`${output}/product`, output, FLOAT16),
    ];
  });
  return halves.size === 0 ? graph : { ...graph, nodes };
}

function cast(input: string, output: string, to: number): GraphNode {
  const attributes: Attributes = { to };
  return { op: 'Cast', domain: '', inputs: [input], outputs: [output], attributes };
}
