import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { makeRandom } from '../../src/common/random.ts';
import { createOnnxEngine } from '../../src/engine/onnx/engine.ts';
import type { Arrays, EngineSession, RunsSession } from '../../src/engine/types.ts';
import { modelFromWidth } from '../../src/model/family.ts';
import { initialState, sessionDefinition } from '../../src/model/session.ts';
import { openPopulation, type PopulationOptions } from '../../src/training/population.ts';

/** Every run has one weight: `train` adds what it is fed, `evaluate` tells the weight. Calls are noted down. */
function fakeRuns() {
  const opened: number[] = [];
  const calls: { functionName: string; active: number }[] = [];
  let isBusy = false;
  let failure: Error | null = null;
  const openRuns = async (runs: number): Promise<RunsSession> => {
    opened.push(runs);
    const weights = new Float32Array(runs);
    const alone = async <T>(work: () => T): Promise<T> => {
      if (isBusy) throw new Error('two things at a time');
      isBusy = true;
      await delay(1);
      isBusy = false;
      return work();
    };
    return {
      runs,
      writeState: (run, values) =>
        alone(() => {
          weights[run] = values.weight![0]!;
        }),
      readState: (run) => alone(() => ({ weight: Float32Array.of(weights[run]!) })),
      call: (functionName, feeds) =>
        alone(() => {
          if (failure) throw failure;
          calls.push({ functionName, active: feeds.filter(Boolean).length });
          return feeds.map((each, run) => {
            if (!each) return null;
            if (functionName === 'train') weights[run]! += each.x![0]!;
            return { weight: Float32Array.of(weights[run]!) };
          });
        }),
      close: async () => {},
    };
  };
  return {
    openRuns,
    opened,
    calls,
    fail: (error: Error | null) => {
      failure = error;
    },
  };
}

const fakePopulation = (options: Partial<PopulationOptions> = {}) => {
  const fake = fakeRuns();
  return {
    ...fake,
    population: openPopulation({ openRuns: fake.openRuns, most: 16, patienceMs: 5, ...options }),
  };
};
const x = (value: number): Arrays => ({ x: Float32Array.of(value) });
const weightOf = async (session: EngineSession): Promise<number> => (await session.readState()).weight![0]!;

async function joined(population: ReturnType<typeof openPopulation>, weight: number): Promise<EngineSession> {
  const session = population.join();
  await session.writeState({ weight: Float32Array.of(weight) });
  return session;
}

describe('a population', () => {
  it('makes one call for all who wait for the same, and each gets its own answer', async () => {
    const { population, calls, opened } = fakePopulation();
    const sessions = await Promise.all([10, 20, 30].map((weight) => joined(population, weight)));
    const answers = await Promise.all(
      sessions.map((session, i) => session.callEach('train', [x(1), x(i), x(0)])),
    );
    expect(answers.map((each) => each.map(({ weight }) => weight![0]))).toEqual([
      [11, 11, 11],
      [21, 22, 22],
      [31, 33, 33],
    ]);
    expect(calls).toEqual(Array(3).fill({ functionName: 'train', active: 3 }));
    expect(opened).toEqual([3]);
    expect(await Promise.all(sessions.map(weightOf))).toEqual([11, 22, 33]);
  });

  it('waits a moment for those who are late, then goes on without them', async () => {
    const { population, calls } = fakePopulation({ patienceMs: 40 });
    const [one, other] = [await joined(population, 1), await joined(population, 2)];
    await Promise.all([one.call('train', x(1)), other.call('train', x(1))]);
    const prompt = one.call('train', x(1));
    await delay(10);
    await Promise.all([prompt, other.call('train', x(1))]);
    expect(calls.at(-1)).toEqual({ functionName: 'train', active: 2 });
    // The other saves a checkpoint, say.
    expect((await one.call('train', x(1))).weight![0]).toBe(4);
    expect(calls.at(-1)).toEqual({ functionName: 'train', active: 1 });
    expect(await weightOf(other)).toBe(4);
  });

  it('those that evaluate and those that train take turns', async () => {
    const { population, calls } = fakePopulation();
    const sessions = await Promise.all([1, 2, 3].map((weight) => joined(population, weight)));
    await Promise.all([
      sessions[0]!.callEach('evaluate', Array(4).fill(x(0))),
      sessions[1]!.callEach('train', Array(4).fill(x(1))),
      sessions[2]!.callEach('train', Array(4).fill(x(1))),
    ]);
    expect(calls.map(({ functionName }) => functionName)).toEqual(
      Array(4).fill(['evaluate', 'train']).flat(),
    );
    expect(calls.filter(({ functionName }) => functionName === 'train').map(({ active }) => active)).toEqual(
      Array(4).fill(2),
    );
  });

  it('grows for newcomers and takes states along; who leaves frees its place', async () => {
    const { population, opened } = fakePopulation({ most: 6 });
    const first = [await joined(population, 1), await joined(population, 2)];
    await Promise.all(first.map((session) => session.call('train', x(1))));
    const more = await Promise.all([3, 4, 5].map((weight) => joined(population, weight)));
    const all = [...first, ...more];
    await Promise.all(all.map((session) => session.call('train', x(1))));
    expect(opened).toEqual([2, 5]);
    expect(await Promise.all(all.map(weightOf))).toEqual([3, 4, 4, 5, 6]);
    await all[1]!.close();
    expect(population.members).toBe(4);
    const late = await joined(population, 50);
    await Promise.all([all[0]!, ...all.slice(2), late].map((session) => session.call('train', x(1))));
    expect(opened).toEqual([2, 5]);
    expect(await weightOf(late)).toBe(51);
    expect(await weightOf(all[0]!)).toBe(4);
    await expect(all[1]!.call('train', x(1))).rejects.toThrow(/has left/);
  });

  it('one that leaves does not keep the others waiting', async () => {
    const { population } = fakePopulation({ patienceMs: 250 });
    const [one, other] = [await joined(population, 1), await joined(population, 2)];
    await Promise.all([one.call('train', x(1)), other.call('train', x(1))]);
    const began = performance.now();
    const waiting = one.call('train', x(1));
    await other.close();
    expect((await waiting).weight![0]).toBe(3);
    expect(performance.now() - began).toBeLessThan(200);
    await one.close();
    expect(population.members).toBe(0);
    await population.close();
  });

  it('shrinks when less than half of it has been used for a while', async () => {
    const { population, opened } = fakePopulation({ shrinkAfterMs: 30 });
    const sessions = await Promise.all([1, 2, 3, 4, 5].map((weight) => joined(population, weight)));
    await Promise.all(sessions.map((session) => session.call('train', x(1))));
    for (const session of sessions.slice(1)) await session.close();
    await sessions[0]!.call('train', x(1));
    expect(opened).toEqual([5]);
    await delay(40);
    await sessions[0]!.call('train', x(1));
    expect(opened).toEqual([5, 2]);
    expect(await weightOf(sessions[0]!)).toBe(4);
  });

  it('an error reaches those who waited for that call, and nobody loses its state', async () => {
    const { population, fail } = fakePopulation();
    const [one, other] = [await joined(population, 1), await joined(population, 2)];
    await Promise.all([one.call('train', x(1)), other.call('train', x(1))]);
    fail(new Error('the device is gone'));
    const both = await Promise.allSettled([one.call('train', x(1)), other.call('train', x(1))]);
    expect(both.map((each) => each.status === 'rejected' && each.reason.message)).toEqual(
      Array(2).fill('the device is gone'),
    );
    fail(null);
    await Promise.all([one.call('train', x(1)), other.call('train', x(1))]);
    expect([await weightOf(one), await weightOf(other)]).toEqual([3, 4]);
    await expect(population.close()).rejects.toThrow(/2 runs are still/);
  });
});

it('members of a real graph train as runs do alone, whoever comes and goes', {
  timeout: 60_000,
}, async () => {
  const spec = modelFromWidth(16, { vocabularySize: 40, contextLength: 12 });
  const optimizer = { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1, clipNorm: 1 };
  const definition = sessionDefinition(spec, optimizer, { trainBatch: 2, evaluationBatch: 2 });
  const engine = createOnnxEngine();
  const tokens = (seed: string): Int32Array => {
    const random = makeRandom(seed);
    return Int32Array.from({ length: 26 }, () => random.integer(40));
  };
  const trainRun = async (session: EngineSession, run: number): Promise<number[]> => {
    const losses: number[] = [];
    await session.writeState(initialState(spec, run));
    for (let step = 1; step <= 6 + run; step++) {
      const fed = { learningRate: Float32Array.of(1e-3 * (1 + run)), step: Float32Array.of(step) };
      losses.push((await session.call('train', { tokens: tokens(`${run} ${step}`), ...fed })).loss![0]!);
      if (step % 3 > 0) continue;
      const held = await session.callEach('evaluate', [{ tokens: tokens('a') }, { tokens: tokens('b') }]);
      losses.push(...held.flatMap(({ sequenceLoss }) => [...sequenceLoss!]));
      await session.writeState(await session.readState());
    }
    return losses;
  };
  const population = openPopulation({
    openRuns: (runs) => engine.openRuns!(definition, runs),
    most: 4,
    patienceMs: 20,
  });
  const together = await Promise.all(
    [0, 1, 2, 3].map(async (run) => {
      if (run === 3) await delay(150);
      const session = population.join();
      const losses = await trainRun(session, run);
      await session.close();
      return losses;
    }),
  );
  await population.close();
  for (const [run, losses] of together.entries()) {
    const alone = await engine.open(definition);
    const expected = await trainRun(alone, run);
    await alone.close();
    expect(losses.length).toBe(expected.length);
    losses.forEach((loss, i) => {
      expect(Math.abs(loss / expected[i]! - 1)).toBeLessThan(1e-5);
    });
  }
});
