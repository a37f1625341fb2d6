import * as tf from '@tensorflow/tfjs';
import * as ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { makeRandom } from '../../src/common/random.ts';
import { encodeModel } from '../../src/engine/onnx/encode.ts';
import { finishGraph } from '../../src/engine/onnx/finish.ts';
import { webgpuGraph } from '../../src/engine/onnx/webgpuGraph.ts';
import type { FinishedGraph } from '../../src/engine/trace/graph.ts';
import { recordFunction } from '../../src/engine/trace/recordFunction.ts';
import type { SessionDefinition } from '../../src/engine/types.ts';
import { modelFromWidth } from '../../src/model/family.ts';
import { sessionDefinition } from '../../src/model/session.ts';

const OPTIMIZER = { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1, clipNorm: 1 };
const SPEC = modelFromWidth(16, { vocabularySize: 23, contextLength: 12, heads: 4, keyValueHeads: 2 });
const MODEL = sessionDefinition(SPEC, OPTIMIZER, { trainBatch: 3, evaluationBatch: 2 });

async function graphOf(definition: SessionDefinition, functionName: string): Promise<FinishedGraph> {
  const recorded = await recordFunction(definition, definition.functions[functionName]!);
  return finishGraph(recorded.graph, { ...recorded.outputs, ...recorded.stateOutputs });
}

/** Runs a graph on the processor with inputs that depend only on their names. */
async function results(graph: FinishedGraph): Promise<Record<string, number[]>> {
  const session = await ort.InferenceSession.create(encodeModel(graph), { logSeverityLevel: 3 });
  const feeds = graph.inputs.map(({ name, type, shape }) => {
    const random = makeRandom(name);
    const size = shape.reduce((product, side) => product * side, 1);
    const numbers = Array.from({ length: size }, () =>
      type === 'int32' ? random.integer(SPEC.vocabularySize) : 0.1 + 0.2 * random.uniform(),
    );
    const data = type === 'int32' ? Int32Array.from(numbers) : Float32Array.from(numbers);
    return [name, new ort.Tensor(type as 'float32', data as Float32Array, shape)] as const;
  });
  const outputs = await session.run(Object.fromEntries(feeds));
  await session.release();
  return Object.fromEntries(
    Object.entries(outputs).map(([name, { data }]) => [name, [...(data as Float32Array)]]),
  );
}

const operators = (graph: FinishedGraph): Set<string> => new Set(graph.nodes.map(({ op }) => op));

describe('a graph for WebGPU', () => {
  test.each(['train', 'evaluate'])('%s computes what the recorded one does', async (functionName) => {
    const recorded = await graphOf(MODEL, functionName);
    const [expected, got] = [await results(recorded), await results(webgpuGraph(recorded))];
    expect(Object.keys(got)).toEqual(Object.keys(expected));
    for (const [name, values] of Object.entries(expected)) {
      values.forEach((value, i) => {
        expect(Math.abs(got[name]![i]! - value)).toBeLessThan(1e-5 * Math.max(1, Math.abs(value)));
      });
    }
  });

  test('has no node of those that the provider gets wrong or cannot run', async () => {
    const recorded = await graphOf(MODEL, 'train');
    expect(operators(recorded)).toContain('SimplifiedLayerNormalization');
    const graph = webgpuGraph(recorded);
    expect(operators(graph)).not.toContain('SimplifiedLayerNormalization');
    for (const { op, outputs } of graph.nodes) if (op === 'Split') expect(outputs.length).toBeLessThan(7);
    const int64 = new Set(graph.nodes.filter(({ op }) => op === 'Cast').flatMap(({ outputs }) => outputs));
    const reshaped = graph.nodes.filter(({ op }) => op === 'Reshape').map(({ inputs }) => inputs[0]!);
    expect(reshaped.filter((input) => int64.has(input))).toEqual([]);
  });

  test('a Split of few outputs stays', async () => {
    const definition: SessionDefinition = {
      state: { x: { shape: [6, 2], dtype: 'float32' } },
      functions: {
        f: {
          feeds: {},
          reads: ['x'],
          compute: ({ x }) => {
            const [a, b] = tf.split(x!, 2) as [tf.Tensor, tf.Tensor];
            return { outputs: { sum: tf.add(a, b) } };
          },
        },
      },
    };
    expect(operators(webgpuGraph(await graphOf(definition, 'f')))).toContain('Split');
  });
});
