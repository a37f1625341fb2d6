import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { MixtureSampler } from '../../src/corpus/types.ts';
import type { Arrays, EngineSession, TensorSpecs } from '../../src/engine/types.ts';
import { loadResumePoint, saveResumePoint } from '../../src/training/checkpoint.ts';
import type { TrainingEvent } from '../../src/training/events.ts';
import { type ResumePoint, type TrainingInputs, train } from '../../src/training/train.ts';
import { tinySpec } from './tinySpec.ts';

const stateSpecs: TensorSpecs = { weight: { shape: [1], dtype: 'float32' } };

/** A session whose one weight takes in every batch, rate and step: any slip in order or state shows in the losses. */
function fakeSession(
  lossOf: (weight: number) => number = (weight) => 3 + (weight % 1),
  callsAtOnce = 1,
): EngineSession {
  let weight = 0;
  const session: EngineSession = {
    callsAtOnce,
    callEach: async (name, feeds) => {
      if (name === 'train') expect(feeds.length).toBeLessThanOrEqual(callsAtOnce);
      const results: Arrays[] = [];
      for (const each of feeds) results.push(await session.call(name, each));
      return results;
    },
    writeState: async (values) => {
      weight = values.weight![0]!;
    },
    readState: async () => ({ weight: Float32Array.of(weight) }),
    call: async (name, feeds): Promise<Arrays> => {
      if (name === 'evaluate')
        return { sequenceLoss: Float32Array.of(16 * lossOf(weight), 16 * lossOf(weight + 0.25)) };
      const sum = (feeds.tokens as Int32Array).reduce((total, token) => total + token, 0);
      weight = Math.fround(weight * 0.9 + Math.sin(sum) * feeds.learningRate![0]! + feeds.step![0]! * 1e-3);
      return { loss: Float32Array.of(lossOf(weight)), gradientNorm: Float32Array.of(1) };
    },
    close: async () => {},
  };
  return session;
}

function fakeSampler(from: number): MixtureSampler {
  let sequences = from;
  return {
    next: (count) => {
      const rows = new Int32Array(count * 17).map((_, at) => (sequences * 31 + at) % 257);
      sequences += count;
      return rows;
    },
    cursor: () => ({ sequences, general: { epoch: 0, row: sequences }, domain: null }),
    epochs: () => ({ general: sequences / 100, domain: null }),
    close: () => {},
  };
}

const freshPoint = (): ResumePoint => ({
  tokens: 0,
  optimizerSteps: 0,
  state: { weight: Float32Array.of(0.5) },
  cursor: { sequences: 0, general: { epoch: 0, row: 0 }, domain: null },
  measured: [],
});

function inputs(start: ResumePoint, overrides: Partial<TrainingInputs> = {}): TrainingInputs {
  const set = { batches: [new Int32Array(17 * 2)], contextLength: 16, bytesPerToken: 1 };
  return {
    spec: tinySpec(),
    session: fakeSession(),
    start,
    sampler: fakeSampler(start.cursor.sequences),
    validation: { general: set, domain: null },
    checkpointDue: () => false,
    save: async () => {},
    signal: new AbortController().signal,
    setupBeganMs: performance.now(),
    nowMs: () => performance.now(),
    ...overrides,
  };
}

async function runAll(from: TrainingInputs): Promise<{ events: TrainingEvent[]; final: ResumePoint | null }> {
  const events: TrainingEvent[] = [];
  const run = train(from);
  for (;;) {
    const next = await run.next();
    if (next.done) return { events, final: next.value };
    events.push(next.value);
  }
}

const evaluations = (events: TrainingEvent[]) => events.filter((event) => event.type === 'evaluated');

describe('train', () => {
  it('evaluates at D = 0 and at every asked point, in full, then finishes', async () => {
    const { events, final } = await runAll(inputs(freshPoint()));
    expect(events[0]).toEqual({ type: 'started', tokens: 0, resumed: false });
    expect(evaluations(events).map((event) => event.tokens)).toEqual([0, 640, 1280]);
    const first = evaluations(events)[0]!;
    expect(first.losses.general.loss).toBeCloseTo((3.5 + 3.75) / 2, 12);
    expect(first.losses.general.standardError).toBeCloseTo(0.125, 12);
    expect(first.losses.general.tokens).toBe(32);
    expect(events.at(-1)).toMatchObject({ type: 'finished', tokens: 1280, trainedTokens: 1280 });
    expect(final).toMatchObject({ tokens: 1280, optimizerSteps: 20 });
  });

  it('stopped anywhere, saved and resumed, goes on bit-identically and tells earlier losses again', async () => {
    const whole = await runAll(inputs(freshPoint()));
    for (const stopAfter of [1, 7, 10, 19]) {
      const folder = mkdtempSync(join(tmpdir(), 'resume-'));
      const abort = new AbortController();
      let steps = 0;
      const stopped = await runAll(
        inputs(freshPoint(), {
          signal: abort.signal,
          checkpointDue: () => {
            if (++steps === stopAfter) abort.abort();
            return false;
          },
          save: (point) => saveResumePoint(folder, 'run', point, stateSpecs),
        }),
      );
      expect(stopped.final).toBeNull();
      expect(stopped.events.at(-1)).toEqual({ type: 'checkpointed', tokens: stopAfter * 64 });
      const { point, problem } = await loadResumePoint(folder, 'run');
      expect(problem).toBeNull();
      const resumed = await runAll(inputs(point!));
      expect(evaluations(resumed.events)).toEqual(evaluations(whole.events));
      expect(resumed.final!.state).toEqual(whole.final!.state);
      expect(resumed.events.at(-1)).toMatchObject({ trainedTokens: 1280 - stopAfter * 64 });
    }
  });

  it('several steps in one go change nothing but the number of calls', async () => {
    const whole = await runAll(inputs(freshPoint()));
    for (const callsAtOnce of [3, 8, 100]) {
      let calls = 0;
      const session = fakeSession(undefined, callsAtOnce);
      const { events, final } = await runAll(
        inputs(freshPoint(), {
          session,
          checkpointDue: () => {
            calls++;
            return false;
          },
        }),
      );
      expect(evaluations(events)).toEqual(evaluations(whole.events));
      expect(final!.state).toEqual(whole.final!.state);
      expect(final).toMatchObject({ tokens: 1280, optimizerSteps: 20 });
      // Ten steps lie between two evaluations.
      expect(calls).toBe(2 * Math.ceil(10 / callsAtOnce));
    }
  });

  it('a divergence in the middle of a call is told at its own step', async () => {
    const lossAt = (callsAtOnce: number) =>
      runAll(inputs(freshPoint(), { session: fakeSession((w) => (w > 0.6 ? Number.NaN : 3), callsAtOnce) }));
    const [alone, together] = [await lossAt(1), await lossAt(8)];
    expect(together.events.at(-1)).toEqual(alone.events.at(-1));
  });

  it('records a divergence as an event and ends', async () => {
    const { events, final } = await runAll(
      inputs(freshPoint(), { session: fakeSession((weight) => (weight > 0.6 ? Number.NaN : 3)) }),
    );
    expect(final).toBeNull();
    expect(events.at(-1)).toMatchObject({
      type: 'diverged',
      reason: expect.stringMatching(/not finite|became NaN/),
    });
  });
});

describe('resume points', () => {
  const point = (): ResumePoint => ({ ...freshPoint(), tokens: 64, optimizerSteps: 1 });

  it('keeps one whole point, whatever came before', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'resume-'));
    await saveResumePoint(folder, 'run', point(), stateSpecs);
    await saveResumePoint(folder, 'run', { ...point(), tokens: 128 }, stateSpecs);
    expect(readdirSync(folder).sort()).toEqual(['resume.json', 'state-128.safetensors']);
    expect((await loadResumePoint(folder, 'run')).point?.tokens).toBe(128);
  });

  it('says why a point cannot be used', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'resume-'));
    expect(await loadResumePoint(folder, 'run')).toEqual({ point: null, problem: null });
    await saveResumePoint(folder, 'run', point(), stateSpecs);
    expect((await loadResumePoint(folder, 'other')).problem).toMatch(/belongs to another run/);
    const tensors = join(folder, 'state-64.safetensors');
    const bytes = readFileSync(tensors);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(tensors, bytes);
    expect((await loadResumePoint(folder, 'run')).problem).toMatch(/tensor file is corrupt/);
    writeFileSync(join(folder, 'resume.json'), '{"format":');
    expect((await loadResumePoint(folder, 'run')).problem).toMatch(/cannot be used/);
  });
});
