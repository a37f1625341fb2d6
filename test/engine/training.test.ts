import * as tf from '@tensorflow/tfjs';
import { describe, expect, test } from 'vitest';
import { makeRandom } from '../../src/common/random.ts';
import { createEagerEngine } from '../../src/engine/eagerEngine.ts';
import { createOnnxEngine } from '../../src/engine/onnx/engine.ts';
import type { Arrays, Engine, EngineSession } from '../../src/engine/types.ts';
import { modelFromWidth } from '../../src/model/family.ts';
import { initialState, sessionDefinition } from '../../src/model/session.ts';
import type { ModelSpec } from '../../src/model/types.ts';

const OPTIMIZER = { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1, clipNorm: 1 };
const BATCHES = { trainBatch: 3, evaluationBatch: 2 };
const SIZE = { vocabularySize: 23, contextLength: 12 };

const MODELS: Record<string, ModelSpec> = {
  'tied, two heads': modelFromWidth(16, { ...SIZE, heads: 2 }),
  'untied, grouped queries': modelFromWidth(16, {
    ...SIZE,
    heads: 4,
    keyValueHeads: 2,
    tiedEmbeddings: false,
  }),
  // Its vocabulary matrix is updated on its own, not in the flat vector of the small ones.
  'one large matrix': modelFromWidth(16, { vocabularySize: 1100, contextLength: 4, layers: 1 }),
};

function batch(spec: ModelSpec, sequences: number, ...name: (string | number)[]): Int32Array {
  const random = makeRandom('tokens', ...name);
  return Int32Array.from({ length: sequences * (spec.contextLength + 1) }, () =>
    random.integer(spec.vocabularySize),
  );
}

async function openSession(engine: Engine, spec: ModelSpec): Promise<EngineSession> {
  const session = await engine.open(sessionDefinition(spec, OPTIMIZER, BATCHES));
  await session.writeState(initialState(spec, 1));
  return session;
}

/** Trains on steps from … to − 1 (counted from 1): loss and gradient norm of each. */
async function train(session: EngineSession, spec: ModelSpec, from: number, to: number): Promise<number[]> {
  const measured: number[] = [];
  for (let step = from; step < to; step++) {
    const outputs = await session.call('train', {
      tokens: batch(spec, BATCHES.trainBatch, step),
      learningRate: Float32Array.of(0.003 * Math.min(1, step / 5)),
      step: Float32Array.of(step),
    });
    measured.push(outputs.loss![0]!, outputs.gradientNorm![0]!);
  }
  return measured;
}

describe('onnx and eager train alike', () => {
  test.each(Object.entries(MODELS))('%s: 20 losses and what they leave behind', async (_name, spec) => {
    const results: { measured: number[]; sequenceLoss: Arrays[string]; state: Arrays }[] = [];
    for (const engine of [createOnnxEngine(), createEagerEngine('cpu')]) {
      const session = await openSession(engine, spec);
      const measured = await train(session, spec, 1, 21);
      const { sequenceLoss } = await session.call('evaluate', { tokens: batch(spec, 2, 'held out') });
      results.push({ measured, sequenceLoss: sequenceLoss!, state: await session.readState() });
      await session.close();
    }
    const [onnx, eager] = results as [(typeof results)[0], (typeof results)[0]];
    onnx.measured.forEach((value, i) => {
      expect(Math.abs(value / eager.measured[i]! - 1)).toBeLessThan(1e-4);
    });
    onnx.sequenceLoss.forEach((value, i) => {
      expect(Math.abs(value / eager.sequenceLoss[i]! - 1)).toBeLessThan(1e-4);
    });
    // Training moved every parameter, so that the agreement is about something.
    const initial = initialState(spec, 1);
    for (const [name, values] of Object.entries(onnx.state)) {
      if (!name.includes('/')) expect(values).not.toEqual(initial[name]);
    }
  });
});

describe.each<[string, () => Engine]>([
  ['onnx', createOnnxEngine],
  ['eager', () => createEagerEngine('cpu')],
])('determinism: %s', (_name, makeEngine) => {
  const spec = MODELS['untied, grouped queries']!;

  test('the same seed gives the same bits, and so does a run that was stopped and taken up', async () => {
    const whole = await openSession(makeEngine(), spec);
    const uninterrupted = await train(whole, spec, 1, 13);
    const end = await whole.readState();

    const first = await openSession(makeEngine(), spec);
    const before = await train(first, spec, 1, 7);
    // An evaluation on the way must leave no trace.
    await first.call('evaluate', { tokens: batch(spec, 2, 'held out') });
    const saved = await first.readState();
    await first.close();

    const second = await makeEngine().open(sessionDefinition(spec, OPTIMIZER, BATCHES));
    await second.writeState(saved);
    const after = await train(second, spec, 7, 13);
    expect([...before, ...after]).toEqual(uninterrupted);
    expect(await second.readState()).toEqual(end);
    await whole.close();
    await second.close();
  });
});

test('steps in one go, whatever they are cut into, give the bits of steps one by one', async () => {
  const spec = MODELS['tied, two heads']!;
  const [oneByOne, atOnce] = [
    await openSession(createOnnxEngine(), spec),
    await openSession(createOnnxEngine(), spec),
  ];
  expect(atOnce.callsAtOnce).toBeGreaterThan(1);
  const expected = await train(oneByOne, spec, 1, 28);
  const feeds = Array.from({ length: 27 }, (_, i) => ({
    tokens: batch(spec, BATCHES.trainBatch, i + 1),
    learningRate: Float32Array.of(0.003 * Math.min(1, (i + 1) / 5)),
    step: Float32Array.of(i + 1),
  }));
  const results = [
    ...(await atOnce.callEach('train', feeds.slice(0, 3))),
    ...(await atOnce.callEach('train', feeds.slice(3, 23))),
    ...(await atOnce.callEach('train', feeds.slice(23))),
  ];
  expect(results.flatMap(({ loss, gradientNorm }) => [loss![0], gradientNorm![0]])).toEqual(expected);
  expect(await atOnce.readState()).toEqual(await oneByOne.readState());
  const held = Array.from({ length: 9 }, (_, i) => ({ tokens: batch(spec, 2, `held out ${i}`) }));
  const evaluated: Arrays[] = [];
  for (const each of held) evaluated.push(await oneByOne.call('evaluate', each));
  expect(await atOnce.callEach('evaluate', held)).toEqual(evaluated);
  await oneByOne.close();
  await atOnce.close();
});

test('how many steps go into one run can be set, and nonsense is refused', async () => {
  const spec = MODELS['tied, two heads']!;
  try {
    for (const text of ['1', '3']) {
      process.env.ONNX_CALLS_AT_ONCE = text;
      const session = await openSession(createOnnxEngine(), spec);
      expect(session.callsAtOnce).toBe(Number(text));
      await session.close();
    }
    for (const text of ['0', '2.5', 'many', '9999']) {
      process.env.ONNX_CALLS_AT_ONCE = text;
      await expect(openSession(createOnnxEngine(), spec)).rejects.toThrow(`ONNX_CALLS_AT_ONCE is ${text}`);
    }
  } finally {
    delete process.env.ONNX_CALLS_AT_ONCE;
  }
});

test('the eager engine keeps no tensors but its state, and none when closed', async () => {
  const spec = MODELS['tied, two heads']!;
  const session0 = tf.memory().numTensors;
  const session = await openSession(createEagerEngine('cpu'), spec);
  const stateEntries = Object.keys(sessionDefinition(spec, OPTIMIZER, BATCHES).state).length;
  expect(tf.memory().numTensors - session0).toBe(stateEntries);
  for (let i = 1; i < 4; i++) {
    await train(session, spec, i, i + 1);
    await session.call('evaluate', { tokens: batch(spec, 2, i) });
    expect(tf.memory().numTensors - session0).toBe(stateEntries);
  }
  await session.close();
  expect(tf.memory().numTensors).toBe(session0);
});

test('recording leaves no tensors behind', async () => {
  const before = tf.memory().numTensors;
  const session = await openSession(createOnnxEngine(), MODELS['tied, two heads']!);
  expect(tf.memory().numTensors).toBe(before);
  await session.close();
});
