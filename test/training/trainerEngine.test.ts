import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { createOnnxEngine } from '../../src/engine/onnx/engine.ts';
import type { Engine, SessionDefinition } from '../../src/engine/types.ts';
import { type SessionLease, sessionSource } from '../../src/training/trainerEngine.ts';

/** One weight, in the precision asked for. */
const definitionIn = (precision: SessionDefinition['precision']) => (): SessionDefinition => ({
  state: { weight: { shape: [1], dtype: 'float32' } },
  functions: {},
  ...(precision && { precision }),
});

/** The processor under a GPU's name, with losses `factor` times too large in float16. Notes down what is opened. */
function fakeGpu(factor: number) {
  const opened: (readonly string[])[] = [];
  const processor = createOnnxEngine();
  const engine: Engine = {
    name: 'onnx',
    version: processor.version,
    device: 'webgpu',
    open: async (definition) => {
      opened.push(Object.keys(definition.functions));
      const session = await processor.open(definition);
      if (definition.precision !== 'float16') return session;
      return {
        ...session,
        call: async (...call) => {
          const { loss, ...others } = await session.call(...call);
          return { loss: loss!.map((value) => value * factor), ...others };
        },
      };
    },
  };
  return { engine, opened };
}

describe('a GPU in float16', () => {
  it.each([1, 4])('trains a tiny model once before the first session, with %i seats', async (population) => {
    const { engine, opened } = fakeGpu(1.005);
    const sessions = sessionSource(population);
    await (await sessions(engine, 0, definitionIn('float32'))).release();
    expect(opened).toEqual([[]]);
    const leases = await Promise.all([1, 2].map((key) => sessions(engine, key, definitionIn('float16'))));
    expect(opened.filter((functions) => functions.includes('train'))).toHaveLength(1);
    for (const lease of leases) await lease.release();
  });

  it('is refused when it trains wrongly, with what to set; float32 still works', async () => {
    const { engine } = fakeGpu(1.02);
    const sessions = sessionSource(1);
    await expect(sessions(engine, 1, definitionIn('float16'))).rejects.toMatchObject({
      problem: 'unsupported',
      message: expect.stringMatching(/^onnx on webgpu trains wrongly in float16: a tiny model’s loss is /),
      nextStep: expect.stringMatching(/training\.precision: float32/),
    });
    await (await sessions(engine, 2, definitionIn('float32'))).release();
  });
});

it('the processor needs no such trial', async () => {
  let opened = 0;
  const processor = createOnnxEngine();
  const counted: Engine = {
    ...processor,
    open: (definition) => {
      opened++;
      return processor.open(definition);
    },
  };
  await (await sessionSource(1)(counted, 1, definitionIn('float16'))).release();
  expect(opened).toBe(1);
});

/** Doubles what it is fed and adds its weight. */
const adding = (size: number) => (): SessionDefinition => ({
  state: { weight: { shape: [size], dtype: 'float32' } },
  functions: {
    add: {
      feeds: { x: { shape: [size], dtype: 'float32' } },
      reads: ['weight'],
      compute: ({ weight }, { x }) => ({ outputs: { sum: tf.add(tf.mul(x!, 2), weight!) } }),
    },
  },
});

/** The processor, noting down which sessions are opened: for how many runs, or for one alone. */
function watchedEngine({ canShare = true } = {}) {
  const processor = createOnnxEngine();
  const opened: (number | 'alone')[] = [];
  const engine: Engine = {
    name: 'onnx',
    version: processor.version,
    device: 'cpu',
    open: async (definition) => {
      opened.push('alone');
      return processor.open(definition);
    },
    ...(canShare && {
      openRuns: async (definition, runs) => {
        opened.push(runs);
        return processor.openRuns!(definition, runs);
      },
    }),
  };
  return { engine, opened };
}

const sumOf = async ({ session }: SessionLease, weight: number, x: number): Promise<number> => {
  await session.writeState({ weight: Float32Array.of(weight) });
  return (await session.call('add', { x: Float32Array.of(x) })).sum![0]!;
};

describe('sessions of a trainer', () => {
  it('one run after the other: the graph of a size is kept for the next', async () => {
    const { engine, opened } = watchedEngine();
    const sessions = sessionSource(1);
    for (const [key, weight] of [
      [1, 10],
      [1, 20],
      [2, 30],
      [1, 40],
    ] as const) {
      const lease = await sessions(engine, key, adding(1));
      expect(await sumOf(lease, weight, 1)).toBe(weight + 2);
      await lease.release();
    }
    expect(opened).toEqual(['alone', 'alone', 'alone']);
  });

  it('several seats: runs of one size share a graph, others have their own, states stay apart', async () => {
    const { engine, opened } = watchedEngine();
    const lines: string[] = [];
    const sessions = sessionSource(4, (line) => lines.push(line));
    const same = [await sessions(engine, 1, adding(1)), await sessions(engine, 1, adding(1))];
    const other = await sessions(engine, 2, adding(1));
    const sums = await Promise.all([sumOf(same[0]!, 1, 5), sumOf(same[1]!, 2, 6), sumOf(other, 3, 7)]);
    expect(sums).toEqual([11, 14, 17]);
    expect(opened).toEqual([2, 2]);
    expect(lines).toContain('a graph for 2 runs at once');
    for (const lease of [...same, other]) await lease.release();
    // The graph of a size is there for the runs that come next.
    const next = await sessions(engine, 2, adding(1));
    expect(await sumOf(next, 4, 8)).toBe(20);
    expect(opened).toEqual([2, 2]);
    await next.release();
  });

  it('several seats on an engine without such graphs: a session for each, and that is said once', async () => {
    const { engine, opened } = watchedEngine({ canShare: false });
    const lines: string[] = [];
    const sessions = sessionSource(4, (line) => lines.push(line));
    const leases = [await sessions(engine, 1, adding(1)), await sessions(engine, 1, adding(1))];
    expect(await Promise.all([sumOf(leases[0]!, 1, 5), sumOf(leases[1]!, 2, 6)])).toEqual([11, 14]);
    expect(opened).toEqual(['alone', 'alone']);
    expect(lines).toEqual(['the onnx engine trains 4 runs beside each other, not in one graph']);
    for (const lease of leases) await lease.release();
  });
});
