import { castValue } from '../kernels/elementwise.ts';
import { createGraph, type Graph, type Value } from './graph.ts';
import type { RecordedFunction } from './recordFunction.ts';

/** The operators that GPUs have fast units for, and that take nearly all of a step's arithmetic. */
const PRODUCTS: ReadonlySet<string> = new Set(['Gemm', 'MatMul']);

/**
 * A recorded function (plain, or over runs) whose matrix products are computed in float16: their float32 operands are
 * cast before and their results cast back. All else stays float32: parameters, moments, sums, normalisation, softmax,
 * cross-entropy, AdamW. Shapes and the types of inputs and outputs do not change.
 *
 * No loss scaling (arXiv 1710.03740, section 3.2): it is for gradients of a *mean* loss, which shrink with the batch
 * until float16 loses them. Here gradients are those of the summed loss (the mean's factor joins the clip factor), so
 * that what flows back to a token is of order 1 whatever the batch. Over width 16 to 128, before training and after 300
 * steps, what falls under float16's normal numbers (6e-5) costs no operand or result more than 2e-5 of its norm, where
 * float16's rounding costs 5e-4 anyway.
 * What does grow with the batch are the weights' gradients, sums over its tokens: up to 0.65 a token (the vocabulary
 * matrix, before the first step), and float16 ends at 65,504, at some 100,000 tokens. RunSpec's limit stays below.
 */
export function inHalfPrecision(recorded: RecordedFunction): RecordedFunction {
  const graph = createGraph();
  const source = recorded.graph;
  const copies = new Map<string, Value>();
  const copyOf = ({ name }: { name: string }): Value => copies.get(name)!;

  for (const input of source.inputs)
    copies.set(input.name, graph.input(input.name.replace(/^in:/, ''), input.shape, input.type));
  for (const { value, data } of source.constants.values())
    copies.set(value.name, graph.constant(data, value.shape));
  for (const { op, domain, attributes, inputs, outputs } of source.nodes) {
    const operands = inputs.map((name) => copyOf({ name }));
    const results = outputs.map((name) => source.valueNamed(name));
    const written =
      PRODUCTS.has(op) && operands.every(({ type }) => type === 'float32')
        ? [product(graph, op, operands, results[0]!.shape, { domain, attributes })]
        : graph.emitMany(
            op,
            operands,
            results.map(({ shape, type }) => ({ shape, type })),
            { domain, attributes },
          );
    results.forEach(({ name }, i) => {
      copies.set(name, written[i]!);
    });
  }

  const copied = (values: Record<string, Value>): Record<string, Value> =>
    Object.fromEntries(Object.entries(values).map(([key, value]) => [key, copyOf(value)]));
  return {
    graph,
    stateInputs: copied(recorded.stateInputs),
    feedInputs: copied(recorded.feedInputs),
    outputs: copied(recorded.outputs),
    stateOutputs: copied(recorded.stateOutputs),
  };
}

function product(
  graph: Graph,
  op: string,
  operands: readonly Value[],
  shape: readonly number[],
  options: Parameters<Graph['emit']>[4],
): Value {
  const halves = operands.map((operand) => half(graph, operand));
  return castValue(graph, graph.emit(op, halves, shape, 'float16', options), 'float32');
}

/** The value as float16; the result of another product already is one. */
function half(graph: Graph, value: Value): Value {
  const producer = graph.producerOf(value);
  const before = producer?.op === 'Cast' ? graph.valueNamed(producer.inputs[0]!) : undefined;
  return before?.type === 'float16' ? before : castValue(graph, value, 'float16');
}
