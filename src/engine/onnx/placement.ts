import onnxProto from 'onnx-proto';

const { onnx } = onnxProto;

/** Where ONNX Runtime has put the nodes of a graph on a GPU. */
export interface Placement {
  nodes: number;
  /** Operators that the processor computes instead, with how often. */
  onProcessor: Record<string, number>;
  /** Copies between the two inside the graph, each way. */
  copiesToGpu: number;
  copiesToProcessor: number;
}

/** As much of an ONNX node as matters here. */
export interface PlacedNode {
  op: string;
  inputs: readonly string[];
  outputs: readonly string[];
}

/**
 * Reads the placement out of a model that ONNX Runtime has saved after optimising it (`optimizedModelFilePath`): of all
 * that it knows of its decisions, onnxruntime-node shows only this file and a log on standard error.
 */
export function placementOf(savedModel: Uint8Array): Placement {
  const { graph } = onnx.ModelProto.decode(savedModel);
  return placementOfNodes(
    (graph?.node ?? []).map((node) => ({
      op: node.opType ?? '',
      inputs: node.input ?? [],
      outputs: node.output ?? [],
    })),
  );
}

/**
 * The file does not name providers, but the copies do: what makes the input of a copy to the GPU, or takes the output of a
 * copy to the processor, is on the processor, and so is what such nodes hand to one another without a copy. (A node that
 * stands alone, from an input of the graph to an output, cannot be told: no copy touches it.)
 */
export function placementOfNodes(nodes: readonly PlacedNode[]): Placement {
  const isCopy = (node: PlacedNode): boolean => node.op === TO_GPU || node.op === TO_PROCESSOR;
  const copies = nodes.filter(isCopy);
  const computing = nodes.filter((node) => !isCopy(node));
  const hostValues = new Set([
    ...copies.filter(({ op }) => op === TO_GPU).flatMap(({ inputs }) => inputs),
    ...copies.filter(({ op }) => op === TO_PROCESSOR).flatMap(({ outputs }) => outputs),
  ]);
  const made = new Set(nodes.flatMap(({ outputs }) => outputs));
  const onProcessor = new Set<PlacedNode>();
  for (let before = -1; before !== onProcessor.size; ) {
    before = onProcessor.size;
    for (const node of computing) {
      const touches =
        node.outputs.some((output) => hostValues.has(output)) ||
        node.inputs.some((input) => made.has(input) && hostValues.has(input));
      if (!touches || onProcessor.has(node)) continue;
      onProcessor.add(node);
      for (const value of [...node.inputs, ...node.outputs]) if (made.has(value)) hostValues.add(value);
    }
  }
  const counts: Record<string, number> = {};
  for (const { op } of onProcessor) counts[op] = (counts[op] ?? 0) + 1;
  return {
    nodes: computing.length,
    onProcessor: counts,
    copiesToGpu: copies.filter(({ op }) => op === TO_GPU).length,
    copiesToProcessor: copies.filter(({ op }) => op === TO_PROCESSOR).length,
  };
}

/** One line for the log. */
export function describePlacement(functionName: string, device: string, placement: Placement): string {
  const { nodes, onProcessor, copiesToGpu, copiesToProcessor } = placement;
  const away = Object.entries(onProcessor).map(([op, count]) => `${count} ${op}`);
  const total = Object.values(onProcessor).reduce((sum, count) => sum + count, 0);
  const where =
    total === 0
      ? `all ${nodes} nodes`
      : `${nodes - total} of ${nodes} nodes, the processor ${away.join(', ')}`;
  const copies =
    copiesToGpu + copiesToProcessor === 0
      ? 'no copies between them'
      : `${copiesToGpu} copies to the GPU, ${copiesToProcessor} back`;
  return `${functionName}: ${device} computes ${where}; ${copies}`;
}

const TO_GPU = 'MemcpyFromHost';
const TO_PROCESSOR = 'MemcpyToHost';
