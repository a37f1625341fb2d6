import * as tf from '@tensorflow/tfjs';
import { describe, expect, test } from 'vitest';
import { finishGraph } from '../../src/engine/onnx/finish.ts';
import { createGraph } from '../../src/engine/trace/graph.ts';
import { recordFunction } from '../../src/engine/trace/recordFunction.ts';
import { stateLayout } from '../../src/engine/trace/stateLayout.ts';
import type { SessionDefinition, StepFunction, TensorSpecs } from '../../src/engine/types.ts';

/** Operators of a recorded step, in order, without what no output needs. */
async function operatorsOf(
  compute: StepFunction['compute'],
  feeds: TensorSpecs,
  state: TensorSpecs = {},
): Promise<string[]> {
  const step = { feeds, reads: Object.keys(state), compute };
  const recorded = await recordFunction({ state, functions: { step } }, step);
  const finished = finishGraph(recorded.graph, { ...recorded.outputs, ...recorded.stateOutputs });
  return finished.nodes.map((node) => node.op);
}

const X: TensorSpecs = { x: { shape: [2, 6], dtype: 'float32' } };

describe('a recorded graph holds no more than it needs', () => {
  test('equal operations are recorded once', async () => {
    const compute: StepFunction['compute'] = (_, { x }) => ({
      outputs: { y: tf.add(tf.exp(x!), tf.exp(x!)) },
    });
    expect(await operatorsOf(compute, X)).toEqual(['Exp', 'Add']);
  });

  test('operations with other attributes are not merged', async () => {
    const compute: StepFunction['compute'] = (_, { x }) => ({
      outputs: {
        y: tf.add(tf.matMul(x!, x!, false, true), tf.slice(tf.matMul(x!, x!, true, false), [0, 0], [2, 2])),
      },
    });
    expect((await operatorsOf(compute, X)).filter((op) => op === 'Gemm')).toHaveLength(2);
  });

  test('what no output needs is left out', async () => {
    const compute: StepFunction['compute'] = (_, { x }) => {
      tf.tanh(x!);
      return { outputs: { y: tf.exp(x!) } };
    };
    expect(await operatorsOf(compute, X)).toEqual(['Exp']);
  });

  test('reshapes between element-wise operations, and transposes that move nothing, vanish', async () => {
    const compute: StepFunction['compute'] = (_, { x }) => {
      const turned = tf.transpose(tf.reshape(x!, [2, 1, 6]), [1, 0, 2]);
      return { outputs: { y: tf.reshape(tf.exp(tf.reshape(tf.neg(turned), [12])), [2, 6]) } };
    };
    expect(await operatorsOf(compute, X)).toEqual(['Neg', 'Exp']);
  });

  test('adding nothing and multiplying by one vanish', async () => {
    const compute: StepFunction['compute'] = (_, { x }) => ({
      outputs: { y: tf.exp(tf.mul(tf.add(x!, 0), 1)) },
    });
    expect(await operatorsOf(compute, X)).toEqual(['Exp']);
  });

  test('a two-dimensional product is one Gemm, a transposed right operand included', async () => {
    const compute: StepFunction['compute'] = (_, { x }) => ({
      outputs: { y: tf.matMul(x!, x!, false, true) },
    });
    expect(await operatorsOf(compute, X)).toEqual(['Gemm']);
  });

  test('products over rows transpose the narrower operand, once where they share it', async () => {
    const compute: StepFunction['compute'] = (_, { x }) => {
      const wide = tf.concat([tf.exp(x!), tf.neg(x!)], 1) as tf.Tensor2D;
      return {
        outputs: {
          narrowLeft: tf.matMul(x!, wide, true, false),
          narrowRight: tf.matMul(wide, x!, true, false),
        },
      };
    };
    const operators = await operatorsOf(compute, X);
    expect(operators.filter((op) => op === 'Gemm')).toHaveLength(1);
    expect(operators.filter((op) => op === 'Transpose')).toHaveLength(2);
  });

  test('equal constants are stored once', () => {
    const graph = createGraph();
    const first = graph.constant(Float32Array.of(1, 2), [2]);
    expect(graph.constant(Float32Array.of(1, 2), [2])).toBe(first);
    expect(graph.constant(Float32Array.of(1, 2), [1, 2])).not.toBe(first);
    expect(graph.constant(Int32Array.of(1, 2), [2])).not.toBe(first);
    expect(graph.constants.size).toBe(3);
  });

  test('small state that is handled as one flat vector is read and written without copies', async () => {
    const state: TensorSpecs = {
      'm/a': { shape: [2, 3], dtype: 'float32' },
      'm/b': { shape: [4], dtype: 'float32' },
    };
    const compute: StepFunction['compute'] = (entries) => {
      const flat = tf.concat([tf.reshape(entries['m/a']!, [6]), entries['m/b']!]);
      const [a, b] = tf.split(tf.mul(flat, 0.5), [6, 4]) as [tf.Tensor, tf.Tensor];
      return { outputs: {}, state: { 'm/a': tf.reshape(a, [2, 3]), 'm/b': b } };
    };
    expect(await operatorsOf(compute, {}, state)).toEqual(['Mul']);
  });
});

describe('state layout', () => {
  test('small entries share a buffer by the part of the name before the first slash; large and integer ones do not', () => {
    const definition: Pick<SessionDefinition, 'state'> = {
      state: {
        a: { shape: [3], dtype: 'float32' },
        'm/a': { shape: [3], dtype: 'float32' },
        big: { shape: [200, 200], dtype: 'float32' },
        count: { shape: [], dtype: 'int32' },
        b: { shape: [2, 2], dtype: 'float32' },
      },
    };
    const places = Object.values(stateLayout(definition)).map(({ spec, entries }) => ({
      shape: spec.shape,
      entries: entries.map(({ name, offset, size }) => [name, offset, size]),
    }));
    expect(places).toHaveLength(4);
    expect(places).toContainEqual({
      shape: [7],
      entries: [
        ['a', 0, 3],
        ['b', 3, 4],
      ],
    });
    expect(places).toContainEqual({ shape: [3], entries: [['m/a', 0, 3]] });
    expect(places).toContainEqual({ shape: [200, 200], entries: [['big', 0, 40_000]] });
    expect(places).toContainEqual({ shape: [], entries: [['count', 0, 1]] });
  });
});
