import { describe, expect, test } from 'vitest';
import { describePlacement, type PlacedNode, placementOfNodes } from '../../src/engine/onnx/placement.ts';

const node = (op: string, inputs: string, outputs: string): PlacedNode => ({
  op,
  inputs: inputs.split(' '),
  outputs: outputs.split(' '),
});

describe('placement on a GPU', () => {
  test('without copies everything is on it', () => {
    const placement = placementOfNodes([node('Add', 'a b', 'c'), node('Mul', 'c b', 'd')]);
    expect(placement).toEqual({ nodes: 2, onProcessor: {}, copiesToGpu: 0, copiesToProcessor: 0 });
    expect(describePlacement('train', 'webgpu', placement)).toBe(
      'train: webgpu computes all 2 nodes; no copies between them',
    );
  });

  test('what stands between two copies, or before or behind one, is on the processor', () => {
    const placement = placementOfNodes([
      node('Slice', 'tokens begin', 't'),
      node('MemcpyFromHost', 't', 't_gpu'),
      node('Gather', 'weights t_gpu', 'x'),
      node('Cast', 'x', 'y'),
      node('MemcpyToHost', 'y', 'y_host'),
      node('Reshape', 'y_host shape', 'z'),
      node('Neg', 'z', 'n'),
      node('MemcpyFromHost', 'n', 'n_gpu'),
      node('Add', 'n_gpu x', 'out'),
    ]);
    expect(placement).toEqual({
      nodes: 6,
      onProcessor: { Slice: 1, Reshape: 1, Neg: 1 },
      copiesToGpu: 2,
      copiesToProcessor: 1,
    });
    expect(describePlacement('train', 'cuda', placement)).toBe(
      'train: cuda computes 3 of 6 nodes, the processor 1 Slice, 1 Reshape, 1 Neg; 2 copies to the GPU, 1 back',
    );
  });

  test('constants that both sides read do not spread', () => {
    const placement = placementOfNodes([
      node('Slice', 'tokens axes', 't'),
      node('MemcpyFromHost', 't', 't_gpu'),
      node('ReduceSum', 't_gpu axes', 'out'),
    ]);
    expect(placement.onProcessor).toEqual({ Slice: 1 });
  });
});
