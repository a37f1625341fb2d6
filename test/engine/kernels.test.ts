import * as tf from '@tensorflow/tfjs';
import { describe, expect, test } from 'vitest';
import { createEagerEngine } from '../../src/engine/eagerEngine.ts';
import { traceKernels } from '../../src/engine/kernels/index.ts';
import { createOnnxEngine } from '../../src/engine/onnx/engine.ts';
import type { Arrays, Engine } from '../../src/engine/types.ts';
import { definitionOf, EXPRESSIONS, type Expression, VALUES } from './kernelCases.ts';

/** Offered beside tfjs's own kernels; tested with the model, against tfjs compositions. */
const OFFERED = ['RmsNormalise', 'RotateHalf'];

async function evaluate(engine: Engine, expression: Expression): Promise<Arrays> {
  const session = await engine.open(definitionOf(expression));
  const outputs = await session.call('f', VALUES);
  await session.close();
  return outputs;
}

describe('recorded kernels compute what tfjs computes', () => {
  test.each(Object.entries(EXPRESSIONS))('%s', async (_name, expression) => {
    const { result } = await evaluate(createOnnxEngine(), expression);
    const { result: expected } = await evaluate(createEagerEngine('cpu'), expression);
    expect(result!.length).toBe(expected!.length);
    expect(expected!.some((element) => element !== 0)).toBe(true);
    for (let i = 0; i < expected!.length; i++) expect(result![i]).toBeCloseTo(expected![i]!, 5);
  });

  test('every kernel is in the table', () => {
    const tested = new Set(Object.keys(EXPRESSIONS).map((name) => name.split(',')[0]));
    const missing = Object.keys(traceKernels).filter((name) => !tested.has(name) && !OFFERED.includes(name));
    expect(missing).toEqual([]);
  });

  test('a missing kernel names itself and the operation that asked for it', async () => {
    const failing = evaluate(createOnnxEngine(), ({ x }) => tf.cumsum(x!, 1));
    await expect(failing).rejects.toThrow(/no kernel Cumsum, asked for by tf\.cumsum/);
    // The recording that failed leaves nothing behind: the next one works.
    expect((await evaluate(createOnnxEngine(), ({ x }) => tf.neg(x!))).result![0]).toBe(-VALUES.x![0]!);
  });

  test('reading a tensor while it is recorded is refused', async () => {
    const failing = evaluate(createOnnxEngine(), ({ x }) => tf.scalar(x!.dataSync()[0]!));
    await expect(failing).rejects.toThrow(/read the values of a tensor/);
  });
});
