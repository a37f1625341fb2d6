import type { FinishedGraph, Graph, GraphNode, Value } from '../trace/graph.ts';

/**
 * What of a recorded graph the outputs need: nodes, constants and inputs that lead nowhere are left out. A value that
 * is an output gets the output's name; where that cannot be (ONNX allows neither an input nor a constant as an
 * output, nor one value under two names) an Identity copies it.
 */
export function finishGraph(graph: Graph, outputs: Readonly<Record<string, Value>>): FinishedGraph {
  const renamed = new Map<string, string>();
  const copies: GraphNode[] = [];
  for (const [name, value] of Object.entries(outputs)) {
    const outputName = `out:${name}`;
    if (graph.producerOf(value) && !renamed.has(value.name)) renamed.set(value.name, outputName);
    else
      copies.push({
        op: 'Identity',
        domain: '',
        inputs: [value.name],
        outputs: [outputName],
        attributes: {},
      });
  }

  const needed = new Set([...renamed.keys(), ...copies.flatMap((node) => node.inputs)]);
  const nodes: GraphNode[] = [];
  for (const node of graph.nodes.toReversed()) {
    if (!node.outputs.some((output) => needed.has(output))) continue;
    for (const input of node.inputs) needed.add(input);
    nodes.push(node);
  }
  const finalName = (name: string): string => renamed.get(name) ?? name;
  return {
    nodes: [...nodes.reverse(), ...copies].map((node) => ({
      ...node,
      inputs: node.inputs.map(finalName),
      outputs: node.outputs.map(finalName),
    })),
    constants: [...graph.constants.values()].filter(({ value }) => needed.has(value.name)),
    inputs: graph.inputs.filter((value) => needed.has(value.name)),
    outputs: Object.entries(outputs).map(([name, value]) => ({ ...value, name: `out:${name}` })),
  };
}
