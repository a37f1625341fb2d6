import * as tf from '@tensorflow/tfjs';
import * as ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { makeRandom } from '../../src/common/random.ts';
import { encodeModel } from '../../src/engine/onnx/encode.ts';
import { createOnnxEngine } from '../../src/engine/onnx/engine.ts';
import { finishGraph } from '../../src/engine/onnx/finish.ts';
import { processorGraph } from '../../src/engine/onnx/processorGraph.ts';
import type { GraphNode } from '../../src/engine/trace/graph.ts';
import { inHalfPrecision } from '../../src/engine/trace/halfPrecision.ts';
import { overRuns } from '../../src/engine/trace/overRuns.ts';
import { type RecordedFunction, recordFunction } from '../../src/engine/trace/recordFunction.ts';
import { elementsOf, stateLayout } from '../../src/engine/trace/stateLayout.ts';
import type { Arrays, EngineSession, SessionDefinition } from '../../src/engine/types.ts';
import { initialState, sessionDefinition } from '../../src/model/session.ts';
import { BATCHES, MODELS, OPTIMIZER } from '../contract/runs.ts';

const SPEC = MODELS['tied, two heads']!;
const DEFINITION = sessionDefinition(SPEC, OPTIMIZER, BATCHES);
const inHalf = (definition: SessionDefinition): SessionDefinition => ({
  ...definition,
  precision: 'float16',
});

/** float16 ends here. */
const LARGEST = 65_504;
/** Half a unit in the last of its 11 bits, relative. */
const ROUNDING = 2 ** -11;

/** The nearest number that float16 has, ties to even; written out, because Node 20 has no Float16Array. */
function rounded(x: number): number {
  const unit = 2 ** (Math.max(-14, Math.floor(Math.log2(Math.abs(x)))) - 10);
  const units = Math.floor(x / unit);
  const rest = x / unit - units;
  const isUp = rest > 0.5 || (rest === 0.5 && units % 2 !== 0);
  return x === 0 ? 0 : (units + Number(isUp)) * unit;
}

/** [batch, m, k] · [batch, k, n] in float64. */
function product(a: Float32Array, b: Float32Array, [batch, m, k, n]: [number, number, number, number]) {
  return Float64Array.from({ length: batch * m * n }, (_, at) => {
    const [of, row, column] = [Math.floor(at / (m * n)), Math.floor(at / n) % m, at % n];
    let sum = 0;
    for (let i = 0; i < k; i++) sum += a[(of * m + row) * k + i]! * b[(of * k + i) * n + column]!;
    return sum;
  });
}

function drawn(name: string, size: number): Float32Array {
  const random = makeRandom(name);
  return Float32Array.from({ length: size }, () => 2 * random.uniform() - 1);
}

/** x · y; of one matrix it is a Gemm, of several a MatMul. */
const multiplying = (batch: number[]): SessionDefinition =>
  inHalf({
    state: {},
    functions: {
      multiply: {
        feeds: {
          x: { shape: [...batch, 5, 300], dtype: 'float32' },
          y: { shape: [...batch, 300, 7], dtype: 'float32' },
        },
        reads: [],
        compute: (_, { x, y }) => ({ outputs: { product: tf.matMul(x!, y!) } }),
      },
    },
  });

describe('products of float16 are real on the processor', () => {
  const CASES: [string, number[]][] = [
    ['one', []],
    ['a batch', [3]],
  ];

  /** Float16's own accuracy against the rounded operands' product, and far from the float32 product. */
  const expectRounded = (got: Float32Array, x: Float32Array, y: Float32Array, batch: number) => {
    const sides: [number, number, number, number] = [batch, 5, 300, 7];
    const expected = product(x.map(rounded), y.map(rounded), sides);
    const unrounded = product(x, y, sides);
    let furthest = 0;
    got.forEach((value, i) => {
      expect(Math.abs(value - expected[i]!)).toBeLessThan(1.01 * ROUNDING * Math.abs(expected[i]!) + 1e-5);
      expect(rounded(value)).toBe(value);
      furthest = Math.max(furthest, Math.abs(value - unrounded[i]!));
    });
    expect(furthest).toBeGreaterThan(1e-3);
  };

  test.each(CASES)('%s', async (_name, batch) => {
    const size = batch[0] ?? 1;
    const [x, y] = [drawn('x', size * 1500), drawn('y', size * 2100)];
    const session = await createOnnxEngine().open(multiplying(batch));
    const results = await session.callEach(
      'multiply',
      Array.from({ length: session.callsAtOnce + 1 }, () => ({ x, y })),
    );
    // Each in one run with others (a Scan), and the last on its own.
    for (const { product: got } of results) expectRounded(got as Float32Array, x, y, size);
    await session.close();

    const together = await createOnnxEngine().openRuns!(multiplying(batch), 2);
    const feeds = ['run 0', 'run 1'].map((run) => ({
      x: drawn(`x of ${run}`, size * 1500),
      y: drawn(`y of ${run}`, size * 2100),
    }));
    for (const [run, outputs] of (await together.call('multiply', feeds)).entries())
      expectRounded(outputs!.product as Float32Array, feeds[run]!.x, feeds[run]!.y, size);
    await together.close();
  });

  test('a graph without float16 stays the same', async () => {
    const recorded = await recordFunction(DEFINITION, DEFINITION.functions.train!);
    const graph = finishGraph(recorded.graph, recorded.outputs);
    const casts = (nodes: typeof graph.nodes) => nodes.filter(({ op }) => op === 'Cast').length;
    expect(casts(processorGraph(graph).nodes)).toBe(casts(graph.nodes));
  });
});

const isProduct = ({ op }: GraphNode): boolean => op === 'Gemm' || op === 'MatMul';

describe.each<[string, (recorded: RecordedFunction) => RecordedFunction]>([
  ['plain', (recorded) => recorded],
  ['over runs', (recorded) => overRuns(recorded, 3)],
])('in half precision, %s', (_name, form) => {
  const recordings = async () => {
    const recorded = form(await recordFunction(DEFINITION, DEFINITION.functions.train!));
    return { recorded, changed: inHalfPrecision(recorded) };
  };

  test('only products compute in float16, and each operand is cast once', async () => {
    const { changed } = await recordings();
    const { graph } = changed;
    const typesOf = (names: readonly string[]) => names.map((name) => graph.valueNamed(name).type);
    const operands = new Set<string>();
    for (const node of graph.nodes) {
      const types = [...typesOf(node.inputs), ...typesOf(node.outputs)];
      if (isProduct(node)) {
        expect(types).toEqual(['float16', 'float16', 'float16']);
        for (const name of node.inputs) operands.add(name);
      } else if (node.op !== 'Cast') expect(types).not.toContain('float16');
    }
    const toHalf = graph.nodes.filter(({ op, attributes }) => op === 'Cast' && attributes.to === 10);
    expect(toHalf.length).toBe(operands.size);
    expect(new Set(toHalf.map(({ inputs }) => inputs[0])).size).toBe(toHalf.length);
    expect(graph.nodes.filter(isProduct).length).toBeGreaterThan(20);
  });

  test('every other node, and all that goes in and out, is as it was', async () => {
    const { recorded, changed } = await recordings();
    const described = ({ graph }: RecordedFunction) =>
      graph.nodes
        .filter(({ op, inputs, outputs }) => {
          const types = [...inputs, ...outputs].map((name) => graph.valueNamed(name).type);
          return !(op === 'Cast' && types.includes('float16'));
        })
        .map(({ op, domain, attributes, outputs }) => {
          const shapes = outputs.map((name) => graph.valueNamed(name).shape);
          return { op, domain, attributes, shapes };
        });
    expect(described(changed)).toEqual(described(recorded));
    const doors = ({ graph, stateInputs, feedInputs, outputs, stateOutputs }: RecordedFunction) => ({
      inputs: graph.inputs,
      constants: [...graph.constants.values()].map(({ data, value }) => ({ data, shape: value.shape })),
      ...Object.fromEntries(
        Object.entries({ stateInputs, feedInputs, outputs, stateOutputs }).map(([door, values]) => [
          door,
          Object.entries(values).map(([key, { shape, type }]) => ({ key, shape, type })),
        ]),
      ),
    });
    expect(doors(changed)).toEqual(doors(recorded));
  });
});

test('a product of a product takes it as it is', async () => {
  const chain: SessionDefinition = {
    state: {},
    functions: {
      chain: {
        feeds: { x: { shape: [4, 4], dtype: 'float32' } },
        reads: [],
        compute: (_, { x }) => ({ outputs: { y: tf.matMul(tf.matMul(x!, x!), x!) } }),
      },
    },
  };
  const { graph } = inHalfPrecision(await recordFunction(chain, chain.functions.chain!));
  expect(graph.nodes.filter(({ attributes }) => attributes.to === 10)).toHaveLength(1);
});

const tokens = (step: number): Int32Array => {
  const random = makeRandom('half precision', step);
  // Some tokens are frequent, as in text.
  return Int32Array.from({ length: BATCHES.trainBatch * (SPEC.contextLength + 1) }, () =>
    Math.floor(SPEC.vocabularySize * random.uniform() ** 3),
  );
};
const feedsOf = (step: number): Arrays => ({
  tokens: tokens(step),
  learningRate: Float32Array.of(0.003 * Math.min(1, step / 5)),
  step: Float32Array.of(step),
});
const STEPS = Array.from({ length: 20 }, (_, i) => feedsOf(i + 1));

async function opened(definition: SessionDefinition): Promise<EngineSession> {
  const session = await createOnnxEngine().open(definition);
  await session.writeState(initialState(SPEC, 1));
  return session;
}

describe('training in half precision', () => {
  test('20 losses and norms are near those of float32, not equal; in one go they are the same bits', async () => {
    const [single, half, atOnce] = [
      await opened(DEFINITION),
      await opened(inHalf(DEFINITION)),
      await opened(inHalf(DEFINITION)),
    ];
    const gone = await atOnce.callEach('train', STEPS);
    for (const [i, feeds] of STEPS.entries()) {
      const [expected, got] = [await single.call('train', feeds), await half.call('train', feeds)];
      expect(got).toEqual(gone[i]);
      for (const name of ['loss', 'gradientNorm']) {
        const apart = Math.abs(got[name]![0]! / expected[name]![0]! - 1);
        expect(apart).toBeLessThan(0.01);
        expect(apart).toBeGreaterThan(0);
      }
    }
    const [expected, got] = [await single.readState(), await half.readState()];
    for (const [name, values] of Object.entries(got)) {
      expect(values.every(Number.isFinite)).toBe(true);
      expect(values).not.toEqual(expected[name]);
    }
    // The parameters that are kept are no float16 numbers: updates smaller than its steps are not lost.
    const kept = got[Object.keys(got)[0]!]!;
    expect(kept.filter((value) => rounded(value) === value).length).toBeLessThan(kept.length / 2);
    for (const session of [single, half, atOnce]) await session.close();
  });

  test('several runs at once train as each alone', async () => {
    const together = await createOnnxEngine().openRuns!(inHalf(DEFINITION), 2);
    const alone = await opened(inHalf(DEFINITION));
    const inSingle = await createOnnxEngine().openRuns!(DEFINITION, 2);
    for (const session of [together, inSingle]) await session.writeState(1, initialState(SPEC, 1));
    for (const feeds of STEPS.slice(0, 8)) {
      const [got] = (await together.call('train', [null, feeds])).slice(1);
      const [other] = (await inSingle.call('train', [null, feeds])).slice(1);
      const expected = await alone.call('train', feeds);
      expect(Math.abs(got!.loss![0]! / expected.loss![0]! - 1)).toBeLessThan(1e-3);
      expect(got!.loss![0]).not.toBe(other!.loss![0]);
    }
    for (const session of [together, inSingle, alone]) await session.close();
  });

  test('nothing comes near the ends of float16: the logits, their gradients, every operand and result', async () => {
    const session = await opened(DEFINITION);
    for (const feeds of STEPS.slice(0, 10)) await session.call('train', feeds);
    const states = [initialState(SPEC, 1), await session.readState()];
    await session.close();

    const { graph, feedInputs, stateInputs } = await recordFunction(DEFINITION, DEFINITION.functions.train!);
    const names = new Set(
      graph.nodes.filter(isProduct).flatMap(({ inputs, outputs }) => [...inputs, ...outputs]),
    );
    const looked = finishGraph(
      graph,
      Object.fromEntries([...names].map((name) => [name, graph.valueNamed(name)])),
    );
    const logits = [BATCHES.trainBatch * SPEC.contextLength, SPEC.vocabularySize].join();
    const ofLogits = [...names].filter((name) => graph.valueNamed(name).shape.join() === logits);
    // The product with the vocabulary's matrix, and what flows back into it.
    expect(ofLogits).toHaveLength(2);

    const runtime = await ort.InferenceSession.create(encodeModel(looked), { logSeverityLevel: 3 });
    for (const state of states) {
      const given: Record<string, ort.Tensor> = {};
      for (const [buffer, { spec, entries }] of Object.entries(stateLayout(DEFINITION))) {
        const values = new Float32Array(elementsOf(spec));
        for (const { name, offset } of entries) values.set(state[name] as Float32Array, offset);
        given[stateInputs[buffer]!.name] = new ort.Tensor('float32', values, spec.shape);
      }
      given[feedInputs.tokens!.name] = new ort.Tensor('int32', tokens(99), feedInputs.tokens!.shape);
      const used = looked.inputs.map(({ name }) => [name, given[name]!] as const);
      for (const [name, { data }] of Object.entries(await runtime.run(Object.fromEntries(used)))) {
        const values = [...(data as Float32Array)];
        const norm = (of: (value: number) => number) => Math.hypot(...values.map(of));
        expect(Math.max(...values.map(Math.abs)), name).toBeLessThan(LARGEST / 100);
        expect(norm((value) => rounded(value) - value) / norm((value) => value), name).toBeLessThan(ROUNDING);
      }
    }
    await runtime.release();
  });
});
