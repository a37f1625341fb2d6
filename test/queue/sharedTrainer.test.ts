import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { openTrainerPool, type RunOptions, type TrainerPool } from '../../src/queue/trainerPool.ts';
import { TrainerDied } from '../../src/queue/trainerProcess.ts';
import { isRunning, until } from './trainerProcesses.ts';
import type { StubEvent, StubPayload, StubResult } from './trainerStub.ts';

type Pool = TrainerPool<StubPayload, StubEvent, StubResult>;

const never = new AbortController().signal;

describe('trainers that several runs share', () => {
  const pools: Pool[] = [];
  /** `seats` slots a trainer. */
  const open = (
    trainers: number,
    seats: number,
    graces: { stopGraceMs?: number; terminateGraceMs?: number } = {},
  ): Pool => {
    const pool = openTrainerPool<StubPayload, StubEvent, StubResult>({
      script: join(import.meta.dirname, 'trainerStub.ts'),
      slots: trainers * seats,
      trainerOf: (slot) => Math.floor(slot / seats),
      log: () => {},
      ...graces,
    });
    pools.push(pool);
    return pool;
  };
  afterEach(async () => {
    await Promise.all(pools.splice(0).map((pool) => pool.close()));
  });

  /** A run, with what is known of it while it is under way. */
  const begin = (pool: Pool, payload: StubPayload, more: Partial<RunOptions<StubEvent>> = {}) => {
    const stop = new AbortController();
    const events: StubEvent[] = [];
    const result = pool.run(payload, {
      signal: stop.signal,
      onEvent: (event) => void events.push(event),
      ...more,
    });
    result.catch(() => {});
    return { result, events, stop, begun: () => until('its first event', () => events.length > 0) };
  };

  it('several runs at once in one process, each with its own events and its own result', async () => {
    const pool = open(1, 3);
    const held = begin(pool, { act: 'untilStopped', number: 7 });
    await held.begun();
    const counting = [3, 5].map((number) => begin(pool, { act: 'count', number }));
    const results = await Promise.all(counting.map((run) => run.result));
    expect(results.map((result) => result.answer)).toEqual([3, 5]);
    expect(counting.map((run) => run.events.map((event) => event.at))).toEqual([
      [0, 1, 2],
      [0, 1, 2, 3, 4],
    ]);
    expect(held.events).toHaveLength(1);
    held.stop.abort();
    expect(await held.result).toMatchObject({ answer: 7, stopped: true, pid: results[0]!.pid });
    expect(new Set(results.map((result) => result.pid)).size).toBe(1);
    expect(pool.pids()).toHaveLength(1);
  });

  it('a run that fails leaves its neighbour alone', async () => {
    const pool = open(1, 2);
    const neighbour = begin(pool, { act: 'untilStopped' });
    await neighbour.begun();
    await expect(begin(pool, { act: 'throw' }).result).rejects.toThrow('loss was lost');
    const { pid } = await begin(pool, { act: 'answer' }).result;
    neighbour.stop.abort();
    expect(await neighbour.result).toMatchObject({ pid, stopped: true });
  });

  it('an abort stops one run, the others go on', async () => {
    const pool = open(1, 2);
    const [one, other] = [1, 2].map((number) => begin(pool, { act: 'untilStopped', number }));
    await Promise.all([one!.begun(), other!.begun()]);
    one!.stop.abort();
    expect(await one!.result).toMatchObject({ answer: 1, stopped: true });
    expect(await Promise.race([other!.result, delay(100, 'goes on')])).toBe('goes on');
    other!.stop.abort();
    expect(await other!.result).toMatchObject({ answer: 2, stopped: true });
  });

  it('SIGTERM stops all of them in order, and the process ends with the last', async () => {
    const pool = open(1, 2);
    const quick = begin(pool, { act: 'untilStopped', number: 1 });
    const slow = begin(pool, { act: 'slowToStop', number: 2 });
    await Promise.all([quick.begun(), slow.begun()]);
    const [pid] = pool.pids();
    process.kill(pid!, 'SIGTERM');
    expect(await quick.result).toMatchObject({ answer: 1, stopped: true, pid });
    expect(isRunning(pid!)).toBe(true);
    // The first has said that the trainer leaves: another takes its place beside it.
    const next = await begin(pool, { act: 'answer' }).result;
    expect(next.pid).not.toBe(pid);
    expect(await slow.result).toMatchObject({ answer: 2, stopped: true, pid });
    await until('its end', () => !isRunning(pid!));
    expect(pool.pids()).toEqual([next.pid]);
  });

  it('a run that reaches a trainer on its way out begins in the next one', async () => {
    const pool = open(1, 2);
    const leaving = begin(pool, { act: 'slowToStop' });
    await leaving.begun();
    const [pid] = pool.pids();
    process.kill(pid!, 'SIGTERM');
    // It is stopping, and the pool does not know why.
    await until('its stop', () => leaving.events.length === 2);
    const next = await begin(pool, { act: 'answer', number: 4 }).result;
    expect(next.answer).toBe(4);
    expect(next.pid).not.toBe(pid);
    expect(await leaving.result).toMatchObject({ pid, stopped: true });
  });

  it('a second SIGTERM ends the process at once, and fails what runs', async () => {
    const pool = open(1, 2);
    const runs = [1, 2].map(() => begin(pool, { act: 'slowToStop' }));
    await Promise.all(runs.map((run) => run.begun()));
    const [pid] = pool.pids();
    process.kill(pid!, 'SIGTERM');
    await until('their stop', () => runs.every((run) => run.events.length === 2));
    process.kill(pid!, 'SIGTERM');
    for (const { result } of runs) await expect(result).rejects.toThrow(/ended with exit code 143/);
  });

  it('a trainer that is killed fails all of its runs and no other’s; the next run gets a new process', async () => {
    const pool = open(2, 2);
    const slots: number[] = [];
    const runs: ReturnType<typeof begin>[] = [];
    const onSlot = (slot: number) => void slots.push(slot);
    for (let at = 0; at < 4; at++) {
      runs.push(begin(pool, { act: 'untilStopped', number: at }, { onSlot }));
      await runs[at]!.begun();
    }
    // Evenly spread: the first trainer has the first and the third.
    expect(slots).toEqual([0, 2, 1, 3]);
    const [killed, spared] = pool.pids();
    process.kill(killed!, 'SIGKILL');
    for (const at of [0, 2]) await expect(runs[at]!.result).rejects.toBeInstanceOf(TrainerDied);
    const next = await begin(pool, { act: 'answer', number: 5 }).result;
    expect(next.answer).toBe(5);
    expect([killed, spared]).not.toContain(next.pid);
    for (const at of [1, 3]) {
      runs[at]!.stop.abort();
      expect(await runs[at]!.result).toMatchObject({ answer: at, pid: spared });
    }
  });

  it('no run is given to a process that is gone, though its last words are still waited for', async () => {
    const pool = open(1, 2);
    const held = begin(pool, { act: 'leaveChild' });
    await held.begun();
    const [pid] = pool.pids();
    process.kill(pid!, 'SIGKILL');
    await until('its end', () => !isRunning(pid!));
    // Unless this machine is very busy, `held` has not failed yet when this one asks for the free seat.
    await delay(20);
    expect(await begin(pool, { act: 'answer', number: 6 }).result).toMatchObject({ answer: 6 });
    await expect(held.result).rejects.toBeInstanceOf(TrainerDied);
  });

  it('a run that does not stop takes its process along, but its neighbour may save itself', async () => {
    const pool = open(1, 2, { stopGraceMs: 100, terminateGraceMs: 2000 });
    const stubborn = begin(pool, { act: 'ignoreStop' });
    const neighbour = begin(pool, { act: 'slowToStop', number: 3 });
    await Promise.all([stubborn.begun(), neighbour.begun()]);
    const [pid] = pool.pids();
    stubborn.stop.abort();
    expect(await neighbour.result).toMatchObject({ answer: 3, stopped: true });
    await expect(stubborn.result).rejects.toThrow(/did not stop in time and was ended/);
    expect(isRunning(pid!)).toBe(false);
    expect((await begin(pool, { act: 'answer' }).result).pid).not.toBe(pid);
  });

  it('two runs that do not stop in time still get one grace, not a second SIGTERM', async () => {
    const pool = open(1, 3, { stopGraceMs: 100, terminateGraceMs: 2000 });
    const runs = [begin(pool, { act: 'slowToStop' }), begin(pool, { act: 'slowToStop' })];
    await Promise.all(runs.map((run) => run.begun()));
    // Each takes 200 ms to save itself: more than the grace before SIGTERM, less than the one after it.
    for (const run of runs) {
      run.stop.abort();
      await delay(50);
    }
    for (const { result } of runs) expect(await result).toMatchObject({ stopped: true });
  });

  it('a process that hangs fails the neighbour too, and the seats work on', async () => {
    const pool = open(1, 2, { stopGraceMs: 100, terminateGraceMs: 200 });
    const hanging = begin(pool, { act: 'block' });
    const neighbour = begin(pool, { act: 'untilStopped' });
    await Promise.all([hanging.begun(), neighbour.begun()]);
    hanging.stop.abort();
    for (const { result } of [hanging, neighbour]) await expect(result).rejects.toBeInstanceOf(TrainerDied);
    const runs = [1, 2].map((number) => begin(pool, { act: 'answer', number }));
    expect(await Promise.all(runs.map(async ({ result }) => (await result).answer))).toEqual([1, 2]);
  });

  it('runs wait until their shares fit, one that is large is not passed', async () => {
    const pool = open(1, 4);
    const order: string[] = [];
    const told = (name: string) => ({ onSlot: () => void order.push(name) });
    const half = begin(pool, { act: 'untilStopped' }, { share: 0.5, ...told('half') });
    await half.begun();
    const whole = begin(pool, { act: 'answer' }, { share: 1, ...told('whole') });
    const small = begin(pool, { act: 'answer' }, told('small'));
    await delay(100);
    expect(order).toEqual(['half']);
    half.stop.abort();
    await Promise.all([whole.result, small.result]);
    expect(order).toEqual(['half', 'whole', 'small']);
    await expect(pool.run({ act: 'answer' }, { signal: never, onEvent: () => {}, share: 2 })).rejects.toThrow(
      RangeError,
    );
  });
});
