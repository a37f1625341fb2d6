import * as tf from '@tensorflow/tfjs';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { createEagerEngine } from '../../src/engine/eagerEngine.ts';
import { arrayMemory, spaceOf } from '../../src/engine/loops/arrayMemory.ts';
import { type CutGraph, cutLoops, type Loop } from '../../src/engine/loops/cutLoops.ts';
import { compileLoops } from '../../src/engine/loops/loopModule.ts';
import { createOnnxEngine } from '../../src/engine/onnx/engine.ts';
import { finishGraph } from '../../src/engine/onnx/finish.ts';
import { recordFunction } from '../../src/engine/trace/recordFunction.ts';
import type { Arrays, EngineSession, SessionDefinition } from '../../src/engine/types.ts';
import { modelFromWidth } from '../../src/model/family.ts';
import { initialState, sessionDefinition } from '../../src/model/session.ts';

afterEach(() => void vi.unstubAllEnvs());

/** A session whose state loops update where they can (one call at once), or the graph (several). */
async function openWith(definition: SessionDefinition, loops: boolean): Promise<EngineSession> {
  vi.stubEnv('ONNX_CALLS_AT_ONCE', loops ? '1' : '2');
  return createOnnxEngine().open(definition);
}

async function cut(definition: SessionDefinition, functionName: string): Promise<CutGraph | null> {
  const recorded = await recordFunction(definition, definition.functions[functionName]!);
  const whole = finishGraph(
    recorded.graph,
    Object.fromEntries([
      ...Object.entries(recorded.outputs).map(([name, value]) => [`output/${name}`, value] as const),
      ...Object.entries(recorded.stateOutputs).map(([name, value]) => [`state/${name}`, value] as const),
    ]),
  );
  const outputs = new Map(whole.outputs.map((value) => [value.name, value]));
  return cutLoops(
    whole,
    Object.keys(recorded.stateOutputs).map((buffer) => ({
      output: `out:state/${buffer}`,
      input: `in:state/${buffer}`,
    })),
    (name) => outputs.get(name) ?? recorded.graph.valueNamed(name),
  );
}

const SPEC = modelFromWidth(16, { vocabularySize: 40, contextLength: 16 });
const OPTIMIZER = { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1, clipNorm: 1 };
const MODEL = sessionDefinition(SPEC, OPTIMIZER, { trainBatch: 2, evaluationBatch: 2 }) as SessionDefinition;

/** 131 · 131 elements: large enough for a buffer of its own, and no multiple of four. */
const LARGE = { shape: [131, 131], dtype: 'float32' } as const;
const FACTOR = { factor: { shape: [], dtype: 'float32' } } as const;
/** Functions whose state loops can update, over entries that share a buffer and such that have their own. */
const LOOPS: SessionDefinition = {
  state: {
    a: { shape: [7], dtype: 'float32' },
    b: { shape: [2, 3], dtype: 'float32' },
    x: LARGE,
    y: LARGE,
    'only/read': LARGE,
    scale: { shape: [1], dtype: 'float32' },
  },
  functions: {
    /** Each from the other's old values. */
    cross: {
      feeds: FACTOR,
      reads: ['x', 'y'],
      compute: ({ x, y }, { factor }) => ({
        outputs: { factor: tf.mul(factor!, 1) },
        state: { x: tf.add(tf.mul(y!, factor!), x!), y: tf.sub(x!, tf.div(y!, 3)) },
      }),
    },
    /** From a sum over what is replaced, from an array that stays, a fed one, and a constant one. */
    mixed: {
      feeds: { ...FACTOR, added: LARGE },
      reads: ['x', 'only/read'],
      compute: ({ x, 'only/read': kept }, { factor, added }) => {
        const total = tf.sum(tf.square(x!));
        const steps = tf.tensor2d(wave(131 * 131, 6), [131, 131]);
        const next = tf.add(
          tf.add(tf.mul(kept!, factor!), tf.mul(x!, steps)),
          tf.add(added!, tf.sqrt(total)),
        );
        return { outputs: { total, doubled: tf.mul(total, 2) }, state: { x: next } };
      },
    },
    /** By the graph: an output comes from new state. */
    told: {
      feeds: FACTOR,
      reads: ['x'],
      compute: ({ x }, { factor }) => {
        const next = tf.mul(x!, factor!);
        return { outputs: { sum: tf.sum(next) }, state: { x: next } };
      },
    },
  },
};
const wave = (length: number, phase: number): Float32Array =>
  Float32Array.from({ length }, (_, i) => 1.5 + Math.sin(i * 0.7 + phase));
const START: Arrays = {
  a: wave(7, 1),
  b: wave(6, 2),
  x: wave(131 * 131, 3),
  y: wave(131 * 131, 4),
  'only/read': wave(131 * 131, 5),
  scale: Float32Array.of(2),
};

/** Some of each function, one after the other: state written by loops, then by graphs, then by loops again. */
async function workThrough(session: EngineSession): Promise<{ outputs: Arrays[]; state: Arrays }> {
  await session.writeState(START);
  const outputs: Arrays[] = [];
  for (const [i, name] of ['cross', 'mixed', 'told', 'cross', 'told', 'told', 'mixed', 'cross'].entries()) {
    const factor = Float32Array.of(0.5 + i / 16);
    const feeds: Arrays = name === 'mixed' ? { factor, added: wave(131 * 131, i) } : { factor };
    outputs.push(await session.call(name, feeds));
  }
  const state = await session.readState();
  await session.close();
  return { outputs, state };
}

describe('what is cut from a graph', () => {
  test('the update of a model: every parameter and both moments, and nothing of the rest', async () => {
    const { head, loops, given } = (await cut(MODEL, 'train'))!;
    const whole = await recordFunction(MODEL, MODEL.functions.train!);
    expect(new Set(loops.flatMap(({ results }) => results))).toEqual(
      new Set(Object.keys(whole.stateOutputs).map((buffer) => `out:state/${buffer}`)),
    );
    expect(head.outputs.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['out:output/loss', 'out:output/gradientNorm']),
    );
    // The moments are read by nobody else.
    expect(head.inputs.filter(({ name }) => /\/shared:[mv]$/.test(name))).toEqual([]);
    expect(head.nodes.some(({ op }) => op === 'Gemm')).toBe(true);
    // Gradients, and scalars of which there are few.
    expect(given.filter(({ shape }) => shape.length === 0).length).toBeLessThan(8);
    // Thirteen passes over the parameters in the graph, one here.
    for (const { steps } of loops) expect(steps.length).toBeGreaterThanOrEqual(13);
  });

  test('loops that read what another one writes are one', async () => {
    const { loops } = (await cut(LOOPS, 'cross'))!;
    expect(loops).toHaveLength(1);
    expect(loops[0]!.results).toHaveLength(2);
  });

  test('what a loop needs of feeds is handed to it', async () => {
    const { given, loops } = (await cut(LOOPS, 'mixed'))!;
    expect(given.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['in:feed/added/given', 'in:feed/factor/given']),
    );
    expect(loops[0]!.arrays).toContain('in:state/own:x');
  });

  test('nothing where an output comes from new state, or the state from more than element-wise work', async () => {
    expect(await cut(LOOPS, 'told')).toBeNull();
    const summed: SessionDefinition = {
      state: { x: LARGE, y: LARGE },
      functions: {
        step: {
          feeds: {},
          reads: ['x', 'y'],
          compute: ({ x, y }) => ({ outputs: {}, state: { x: tf.mul(x!, 2), y: tf.matMul(x!, y!) } }),
        },
        nothing: { feeds: {}, reads: ['x'], compute: ({ x }) => ({ outputs: { sum: tf.sum(x!) } }) },
      },
    };
    expect(await cut(summed, 'step')).toBeNull();
    expect(await cut(summed, 'nothing')).toBeNull();
  });
});

describe('what loops compute', () => {
  test('five operations, rounded as float32 rounds, arrays replaced in place, the last elements too', async () => {
    const size = 4099;
    const loop: Loop = {
      size,
      arrays: ['p', 'q'],
      scalars: ['s'],
      steps: [
        { op: 'Mul', operands: ['p', 'q'], result: 'product' },
        { op: 'Add', operands: ['product', 's'], result: 'sum' },
        { op: 'Sqrt', operands: ['sum'], result: 'root' },
        { op: 'Div', operands: ['q', 'root'], result: 'p2' },
        { op: 'Sub', operands: ['p', 'p2'], result: 'q2' },
      ],
      results: ['p2', 'q2'],
    };
    const array = { shape: [size], dtype: 'float32' } as const;
    const memory = arrayMemory(2 * spaceOf(array) + spaceOf({ shape: [], dtype: 'float32' }));
    const [p, q] = [memory.take(array), memory.take(array)];
    const s = memory.take({ shape: [], dtype: 'float32' });
    const [p0, q0] = [wave(size, 0), wave(size, 9)];
    p.set(p0);
    q.set(q0);
    s[0] = 0.3;
    const module = await compileLoops([loop], memory.memory);
    const at = [p.byteOffset, q.byteOffset];
    module.run(0, { arrays: at, scalars: [s.byteOffset], results: at });
    const f = Math.fround;
    const p2 = p0.map((value, i) => f(q0[i]! / f(Math.sqrt(f(f(value * q0[i]!) + f(0.3))))));
    expect(p).toEqual(p2);
    expect(q).toEqual(p0.map((value, i) => value - p2[i]!));
    expect(() => memory.take(array)).toThrow(/more arrays/);
  });

  test('loops alike share their code, and each has its own size', async () => {
    const loop = (size: number): Loop => ({
      size,
      arrays: [`x${size}`],
      scalars: [],
      steps: [{ op: 'Add', operands: [`x${size}`, `x${size}`], result: `y${size}` }],
      results: [`y${size}`],
    });
    const [five, nine] = [5, 9].map((size) => ({ shape: [size], dtype: 'float32' }) as const);
    const memory = arrayMemory(spaceOf(five!) + spaceOf(nine!));
    const [x, y] = [memory.take(five!).fill(1), memory.take(nine!).fill(2)];
    const { run } = await compileLoops([loop(5), loop(9)], memory.memory);
    run(1, { arrays: [y.byteOffset], scalars: [], results: [y.byteOffset] });
    expect([x[4], y[8]]).toEqual([1, 4]);
    run(0, { arrays: [x.byteOffset], scalars: [], results: [x.byteOffset] });
    expect([x[4], y[8]]).toEqual([2, 4]);
  });
});

describe('a session whose state is updated by loops', () => {
  test('gives what the graph gives, to the bit, and what tfjs gives, to rounding', async () => {
    const looped = await workThrough(await openWith(LOOPS, true));
    const graphed = await workThrough(await openWith(LOOPS, false));
    expect(looped).toEqual(graphed);
    const eager = await workThrough(await createEagerEngine('cpu').open(LOOPS));
    for (const [name, values] of Object.entries(eager.state)) {
      values.forEach((value, i) => {
        expect(looped.state[name]![i]! / value).toBeCloseTo(1, 4);
      });
    }
  });

  test('trains a model to the bit as the graph does', async () => {
    const train = async (loops: boolean) => {
      const session = await openWith(MODEL, loops);
      await session.writeState(initialState(SPEC, 1));
      const losses: number[] = [];
      for (let step = 1; step <= 6; step++) {
        const { loss } = await session.call('train', {
          tokens: Int32Array.from({ length: 34 }, (_, i) => (i * i) % 40),
          learningRate: Float32Array.of(0.01),
          step: Float32Array.of(step),
        });
        losses.push(loss![0]!);
      }
      const state = await session.readState();
      await session.close();
      return { losses, state };
    };
    const [looped, graphed] = [await train(true), await train(false)];
    expect(looped.losses.at(-1)!).toBeLessThan(looped.losses[0]!);
    expect(looped).toEqual(graphed);
  });

  test('an output that the loops read too is not overwritten by the next call', async () => {
    const session = await openWith(LOOPS, true);
    await session.writeState(START);
    const feeds = { factor: Float32Array.of(1), added: wave(131 * 131, 0) };
    const first = await session.call('mixed', feeds);
    const told = first.total![0];
    const second = await session.call('mixed', feeds);
    expect(second.total![0]).not.toBe(told);
    expect(first.total![0]).toBe(told);
    await session.close();
  });

  test('is updated by the graph, and says so, where there is no memory for loops', async () => {
    class Memory {
      constructor() {
        throw new RangeError('could not allocate memory');
      }
    }
    vi.stubGlobal('WebAssembly', { ...WebAssembly, Memory });
    const session = await openWith(LOOPS, true).finally(() => vi.unstubAllGlobals());
    expect(session.notes!()).toEqual([
      expect.stringMatching(
        /^the graph updates the state, .*\d MB were refused \(could not allocate memory\)$/,
      ),
    ]);
    expect(await workThrough(session)).toEqual(await workThrough(await openWith(LOOPS, false)));
    const looped = await openWith(LOOPS, true);
    expect(looped.notes!()).toEqual([]);
    await looped.close();
  });
});
