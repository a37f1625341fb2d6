import type { Attributes, ConstantData, FinishedGraph, GraphConstant, GraphNode } from '../trace/graph.ts';

/**
 * A shader of ONNX Runtime's Split binds its input, all outputs and its uniforms. Drivers allow 8 to 16 bindings, and a
 * node that needs more fails when it runs.
 */
const MAX_SPLIT_OUTPUTS = 6;

/**
 * A graph that ONNX Runtime's WebGPU provider (1.30) computes rightly. It differs from the recorded one where that
 * provider
 * - leaves the second output of SimplifiedLayerNormalization unwritten, without an error: gradients would be wrong;
 * - cannot run a Split of many outputs: each piece becomes a Slice;
 * - has no Reshape of int64: the numbers are reshaped before they are cast, which spares a wait for the GPU.
 */
export function webgpuGraph(graph: FinishedGraph): FinishedGraph {
  const constants = [...graph.constants];
  const contents = new Map(graph.constants.map(({ value, data }) => [value.name, data]));
  const producers = new Map(graph.nodes.flatMap((node) => node.outputs.map((output) => [output, node])));
  const constant = (data: ConstantData, shape: readonly number[]): string => {
    const name = `w${constants.length}`;
    const type = data instanceof BigInt64Array ? 'int64' : 'float32';
    constants.push({ value: { name, type, shape }, data } as GraphConstant);
    return name;
  };
  const whole = (...numbers: number[]): string =>
    constant(BigInt64Array.from(numbers.map(BigInt)), [numbers.length]);
  const scalar = (number: number): string => constant(Float32Array.of(number), []);

  /** x · r · scale and r = 1/√(mean(x²) + ε), of each row. */
  const normalised = (normalise: GraphNode): GraphNode[] => {
    const [x, scale] = normalise.inputs as [string, string];
    const [value, inverse] = normalise.outputs as [string, string];
    const factors = contents.get(scale) as Float32Array;
    const { float: epsilon } = normalise.attributes.epsilon as { float: number };
    const step = (number: number): string => `${inverse}/${number}`;
    const isScaled = factors.some((factor) => factor !== 1);
    return [
      node('ReduceSumSquare', [x, whole(-1)], step(1), { keepdims: 1 }),
      node('Mul', [step(1), scalar(1 / factors.length)], step(2)),
      node('Add', [step(2), scalar(epsilon)], step(3)),
      node('Sqrt', [step(3)], step(4)),
      node('Reciprocal', [step(4)], inverse),
      node('Mul', [x, inverse], isScaled ? step(5) : value),
      ...(isScaled ? [node('Mul', [step(5), scale], value)] : []),
    ];
  };

  const pieces = (split: GraphNode): GraphNode[] => {
    const sizes = [...(contents.get(split.inputs[1]!) as BigInt64Array)].map(Number);
    const axis = whole(split.attributes.axis as number);
    let end = 0;
    return split.outputs.map((output, i) => {
      const begin = end;
      end += sizes[i]!;
      return node('Slice', [split.inputs[0]!, whole(begin), whole(end), axis], output);
    });
  };

  const reshapedBefore = (reshape: GraphNode, cast: GraphNode): GraphNode[] => {
    const between = `${reshape.outputs[0]}/1`;
    return [
      node('Reshape', [cast.inputs[0]!, reshape.inputs[1]!], between),
      node('Cast', [between], reshape.outputs[0]!, cast.attributes),
    ];
  };

  const nodes = graph.nodes.flatMap((each): GraphNode[] => {
    if (each.op === 'SimplifiedLayerNormalization') return normalised(each);
    if (each.op === 'Split' && each.outputs.length > MAX_SPLIT_OUTPUTS) return pieces(each);
    const cast = each.op === 'Reshape' ? producers.get(each.inputs[0]!) : undefined;
    return cast?.op === 'Cast' && cast.attributes.to === INT64 ? reshapedBefore(each, cast) : [each];
  });
  return needed({ ...graph, nodes, constants });
}

/** TensorProto.DataType.INT64. */
const INT64 = 7;

function node(op: string, inputs: string[], output: string, attributes: Attributes = {}): GraphNode {
  return { op, domain: '', inputs, outputs: [output], attributes };
}

/** Without nodes and constants that lead nowhere. */
function needed(graph: FinishedGraph): FinishedGraph {
  const names = new Set(graph.outputs.map(({ name }) => name));
  const nodes = graph.nodes
    .toReversed()
    .filter((each) => {
      if (!each.outputs.some((output) => names.has(output))) return false;
      for (const input of each.inputs) names.add(input);
      return true;
    })
    .reverse();
  return { ...graph, nodes, constants: graph.constants.filter(({ value }) => names.has(value.name)) };
}
