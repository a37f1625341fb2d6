import { describe, expect, test } from 'vitest';
import { processorGraph } from '../../src/engine/onnx/processorGraph.ts';
import type { FinishedGraph, GraphNode } from '../../src/engine/trace/graph.ts';

const node = (
  op: string,
  input: string,
  output: string,
  attributes: GraphNode['attributes'] = {},
): GraphNode => ({
  op,
  domain: '',
  inputs: op === 'Reshape' ? [input, 'shape'] : [input],
  outputs: [output],
  attributes,
});

const graphOf = (...nodes: GraphNode[]): FinishedGraph => ({ nodes, constants: [], inputs: [], outputs: [] });

describe('transpositions that follow each other', () => {
  test('are kept apart where the first moves the last axis', () => {
    const graph = graphOf(
      node('Transpose', 'x', 'turned', { perm: [0, 2, 1] }),
      node('Reshape', 'turned', 'heads'),
      node('Transpose', 'heads', 'y', { perm: [1, 0, 2, 3] }),
    );
    const { nodes } = processorGraph(graph);
    expect(nodes.map(({ op }) => op)).toEqual(['Transpose', 'Flatten', 'Reshape', 'Transpose']);
    expect(nodes[1]).toMatchObject({ inputs: ['turned'], attributes: { axis: 2 } });
    expect(nodes[2]!.inputs).toEqual([nodes[1]!.outputs[0], 'shape']);
  });

  test('stay as they are where the first copies in blocks already', () => {
    const graph = graphOf(
      node('Transpose', 'x', 'turned', { perm: [1, 0, 2] }),
      node('Reshape', 'turned', 'y'),
      node('Transpose', 'y', 'z', { perm: [0, 2, 1] }),
    );
    expect(processorGraph(graph)).toBe(graph);
  });
});
