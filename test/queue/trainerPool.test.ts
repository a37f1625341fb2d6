import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { openTrainerPool, type TrainerPool } from '../../src/queue/trainerPool.ts';
import { TrainerDied } from '../../src/queue/trainerProcess.ts';
import { HandedBack, UnrecoverableJobError } from '../../src/queue/types.ts';
import { isRunning, until } from './trainerProcesses.ts';
import type { StubEvent, StubPayload, StubResult } from './trainerStub.ts';

type Pool = TrainerPool<StubPayload, StubEvent, StubResult>;

const SCRIPT = join(import.meta.dirname, 'trainerStub.ts');
const never = new AbortController().signal;
const quiet = { signal: never, onEvent: () => {} };

describe('trainer pool', () => {
  const pools: Pool[] = [];
  const lines: string[] = [];
  const open = (slots: number, graces: { stopGraceMs?: number; terminateGraceMs?: number } = {}): Pool => {
    const pool = openTrainerPool<StubPayload, StubEvent, StubResult>({
      script: SCRIPT,
      slots,
      environment: (slot) => ({ OMP_NUM_THREADS: `${slot + 1}` }),
      log: (line) => lines.push(line),
      ...graces,
    });
    pools.push(pool);
    return pool;
  };
  afterEach(async () => {
    lines.length = 0;
    await Promise.all(pools.splice(0).map((pool) => pool.close()));
  });

  it('runs one payload a trainer, uses the trainers again, and starts none before it is needed', async () => {
    const pool = open(2);
    expect(pool.pids()).toEqual([]);
    const results = await Promise.all(
      [1, 2, 3, 4, 5].map((number) => pool.run({ act: 'answer', number }, quiet)),
    );
    expect(results.map((result) => result.answer)).toEqual([1, 2, 3, 4, 5]);
    expect(new Set(results.map((result) => result.pid))).toEqual(new Set(pool.pids()));
    expect(pool.pids()).toHaveLength(2);
    expect(new Set(results.map((result) => result.threads))).toEqual(new Set(['1', '2']));
    const pids = pool.pids();
    await pool.close();
    expect(pool.pids()).toEqual([]);
    expect(pids.some(isRunning)).toBe(false);
    await expect(pool.run({ act: 'answer' }, quiet)).rejects.toBeInstanceOf(HandedBack);
  });

  it('tells events in order, before the result, with numbers as they are', async () => {
    const pool = open(1);
    const seen: number[] = [];
    await pool.run(
      { act: 'count', number: 20 },
      {
        signal: never,
        onEvent: async (event) => {
          await delay(1);
          seen.push(event.value);
        },
      },
    );
    expect(seen).toEqual(Array.from({ length: 20 }, (_, at) => (at === 1 ? Number.NaN : at / 3)));
  });

  it('carries more than a pipe holds', async () => {
    const pool = open(1);
    let bytes = 0;
    await pool.run(
      { act: 'flood', number: 100 },
      {
        signal: never,
        onEvent: (event) => {
          bytes += event.bulk!.length;
        },
      },
    );
    expect(bytes).toBe(100 * 100_000);
  });

  it('starts trainers from any working directory', async () => {
    const before = process.cwd();
    process.chdir(tmpdir());
    try {
      expect(await open(1).run({ act: 'answer', number: 8 }, quiet)).toMatchObject({ answer: 8 });
    } finally {
      process.chdir(before);
    }
  });

  it('passes on what a handler throws, and whether trying again can help', async () => {
    const pool = open(1);
    const first = await pool.run({ act: 'answer' }, quiet);
    const failed = await pool.run({ act: 'throw' }, quiet).catch((error) => error);
    expect(failed).not.toBeInstanceOf(UnrecoverableJobError);
    expect(failed.message).toBe('loss was lost');
    const user = await pool.run({ act: 'userError' }, quiet).catch((error) => error);
    expect(user).toBeInstanceOf(UnrecoverableJobError);
    expect(user.message).toBe('the shard is damaged (prepare it again)');
    await expect(pool.run({ act: 'unrecoverable' }, quiet)).rejects.toBeInstanceOf(UnrecoverableJobError);
    // The trainer has survived all of it.
    expect((await pool.run({ act: 'answer' }, quiet)).pid).toBe(first.pid);
  });

  it('a trainer that is killed fails its run in words, and is replaced', async () => {
    const pool = open(1);
    const failure = pool.run(
      { act: 'untilStopped' },
      { signal: never, onEvent: () => void process.kill(pool.pids()[0]!, 'SIGKILL') },
    );
    await expect(failure).rejects.toBeInstanceOf(TrainerDied);
    await expect(failure).rejects.toThrow(/trainer \(pid \d+\) was killed \(SIGKILL\): out of memory\?/);
    expect(await pool.run({ act: 'answer', number: 4 }, quiet)).toMatchObject({ answer: 4 });
  });

  it('a trainer that dies while idle is replaced without a failed run', async () => {
    const pool = open(1);
    await pool.run({ act: 'answer' }, quiet);
    process.kill(pool.pids()[0]!, 'SIGKILL');
    await until('its end', () => pool.pids().length === 0);
    expect(await pool.run({ act: 'answer', number: 4 }, quiet)).toMatchObject({ answer: 4 });
  });

  it('an exit is told with its code and the last words, which are also logged', async () => {
    const pool = open(1);
    await expect(pool.run({ act: 'exit' }, quiet)).rejects.toThrow(
      /ended with exit code 3; its last words: about to leave \| not enough memory for a tensor/,
    );
    expect(lines).toContain('not enough memory for a tensor');
  });

  it('a script that is not there fails the run in words', async () => {
    const pool = openTrainerPool<number, never, never>({
      script: join(tmpdir(), 'no-such-trainer.ts'),
      slots: 1,
      log: () => {},
    });
    await expect(pool.run(1, quiet)).rejects.toThrow(/ended with exit code 1; its last words: .*/);
    await pool.close();
  });

  it('an abort stops the run in order: its result comes, its trainer stays', async () => {
    const pool = open(1);
    const stop = new AbortController();
    const result = await pool.run(
      { act: 'untilStopped', number: 9 },
      { signal: stop.signal, onEvent: () => stop.abort() },
    );
    expect(result).toMatchObject({ answer: 9, stopped: true });
    expect((await pool.run({ act: 'answer' }, quiet)).pid).toBe(result.pid);
  });

  it('an abort before a trainer was free, or before anything, starts nothing', async () => {
    const pool = open(1);
    const stop = new AbortController();
    const busy = pool.run({ act: 'untilStopped' }, { signal: stop.signal, onEvent: () => {} });
    const late = new AbortController();
    const waiting = pool.run({ act: 'answer' }, { signal: late.signal, onEvent: () => {} });
    late.abort();
    await expect(waiting).rejects.toBeInstanceOf(HandedBack);
    await expect(
      pool.run({ act: 'answer' }, { signal: AbortSignal.abort(), onEvent: () => {} }),
    ).rejects.toBeInstanceOf(HandedBack);
    stop.abort();
    expect(await busy).toMatchObject({ stopped: true });
  });

  it('a run that does not stop is ended after its grace, and the slot works on', async () => {
    const pool = open(1, { stopGraceMs: 100, terminateGraceMs: 200 });
    const stop = new AbortController();
    let pid = 0;
    const began = Date.now();
    const failure = pool.run(
      { act: 'ignoreStop' },
      {
        signal: stop.signal,
        onEvent: () => {
          pid = pool.pids()[0]!;
          stop.abort();
        },
      },
    );
    await expect(failure).rejects.toThrow(/did not stop in time and was ended/);
    expect(Date.now() - began).toBeLessThan(5000);
    expect(isRunning(pid)).toBe(false);
    expect(await pool.run({ act: 'answer', number: 1 }, quiet)).toMatchObject({ answer: 1 });
  });

  it('what onEvent throws stops the run and is what fails it', async () => {
    const pool = open(1);
    let events = 0;
    const failure = pool.run(
      { act: 'untilStopped' },
      {
        signal: never,
        onEvent: () => {
          events++;
          throw new RangeError('a contradiction');
        },
      },
    );
    await expect(failure).rejects.toBeInstanceOf(RangeError);
    expect(events).toBe(1);
    expect(await pool.run({ act: 'answer', number: 1 }, quiet)).toMatchObject({ answer: 1 });
  });

  it('SIGTERM to a trainer stops its run in order; Ctrl-C is left to the parent', async () => {
    const pool = open(1);
    const result = await pool.run(
      { act: 'untilStopped' },
      {
        signal: never,
        onEvent: async () => {
          process.kill(pool.pids()[0]!, 'SIGINT');
          await delay(100);
          process.kill(pool.pids()[0]!, 'SIGTERM');
        },
      },
    );
    expect(result.stopped).toBe(true);
    // It leaves, so the next run has another.
    expect((await pool.run({ act: 'answer' }, quiet)).pid).not.toBe(result.pid);
  });

  it('closing stops what runs and lets it end', async () => {
    const pool = open(2);
    const runs = [1, 2, 3].map((number) => pool.run({ act: 'untilStopped', number }, quiet));
    await until('two trainers', () => pool.pids().length === 2);
    const settled = Promise.allSettled(runs);
    await pool.close();
    const outcomes = (await settled).map((one) =>
      one.status === 'fulfilled' ? one.value.stopped : one.reason.name,
    );
    expect(outcomes).toEqual([true, true, 'HandedBack']);
    expect(pool.pids()).toEqual([]);
  });

  it('trainers, busy and idle, end within 2 s when their parent is killed', async () => {
    const parent = spawn(process.execPath, ['--import', 'tsx', 'test/queue/trainerParent.ts'], {
      cwd: resolve(import.meta.dirname, '../..'),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let pids: number[] = [];
    parent.stdout.on('data', (chunk) => {
      pids = String(chunk).trim().split('\n').at(-1)!.split(' ').map(Number);
    });
    await until('two trainers', () => pids.length === 2, 20_000);
    expect(pids.every(isRunning)).toBe(true);
    parent.kill('SIGKILL');
    await until('their end', () => !pids.some(isRunning), 2000);
  });
});
