import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { UserError } from '../../src/common/errors.ts';
import type { QueueConnection } from '../../src/queue/connection.ts';
import { openOperations } from '../../src/queue/operations.ts';
import { type BoardEvent, type BoardJob, UnrecoverableJobError } from '../../src/queue/types.ts';
import { boardHarness, ended, ids, jobs, type Payload, recorded, until } from './boardHarness.ts';

/** What every board must do with jobs, on whatever store. */
export function boardDispatch(connect: () => Promise<QueueConnection>): void {
  const { board, connection, jobKey } = boardHarness(connect);

  it('runs every job once, with its payload, and tells so', async () => {
    const one = await board();
    const events = recorded(one);
    const seen: [string, number, number][] = [];
    await one.process({
      slots: 2,
      handle: async (job, { attempt }) => void seen.push([job.id, job.payload.value, attempt]),
    });
    await one.enqueue(jobs(5));
    await until('five ends', () => jobs(5).every((job) => ended(events, job.id)));
    expect(seen.sort()).toEqual(jobs(5).map((job) => [job.id, job.payload.value, 1]));
    for (const { id } of jobs(5)) {
      expect(events.filter((event) => event.id === id).map((event) => event.type)).toEqual([
        'active',
        'completed',
      ]);
    }
    expect(await one.outstanding()).toEqual([]);
  });

  it('keeps what a handler logs, for whoever asks for it', async () => {
    const one = await board();
    const operations = openOperations(connection(), () => {});
    try {
      const events = recorded(one);
      await one.process({
        slots: 1,
        handle: async (job, { log, tell }) => {
          await log('first');
          await log('second');
          expect(await operations.runLog(job.id, 1)).toEqual(['second']);
          await tell('seen');
          await log('third');
        },
      });
      await one.enqueue([{ id: 'told', payload: { value: 1 } }]);
      await until('the end', () => ended(events, 'told') !== undefined);
      expect(ended(events, 'told')?.type).toBe('completed');
      expect(await operations.runLog('told', 0)).toEqual(['first', 'second', 'third']);
      expect(await operations.runLog('unknown', 0)).toBeNull();
      expect(await operations.queueNames()).toContain(jobKey('told').split(':')[1]);
    } finally {
      await operations.close();
    }
  });

  it('never runs more than its slots at once', async () => {
    const one = await board();
    const events = recorded(one);
    let now = 0;
    let most = 0;
    await one.process({
      slots: 2,
      handle: async () => {
        most = Math.max(most, ++now);
        await delay(15);
        now--;
      },
    });
    await one.enqueue(jobs(7));
    await until('seven ends', () => jobs(7).every((job) => ended(events, job.id)));
    expect(most).toBe(2);
  });

  it('takes as many jobs as their loads leave room for, whatever rounding says', async () => {
    const one = await board();
    const events = recorded(one);
    const now = new Map<string, number>();
    const seen: number[][] = [];
    await one.process({
      slots: 1,
      // In floating point six sixths are less than 1.
      loadOf: ({ value }) => (value < 12 ? 1 / 6 : 1),
      handle: async ({ id, payload }) => {
        now.set(id, payload.value);
        seen.push([...now.values()]);
        await delay(100);
        now.delete(id);
      },
    });
    await one.enqueue(jobs(14));
    await until('all ends', () => jobs(14).every((job) => ended(events, job.id)));
    // The first large one comes along when a sixth is free, as it was not known to be large; the second waits.
    expect(Math.max(...seen.map((at) => at.filter((value) => value < 12).length))).toBe(6);
    expect(seen.every((at) => at.filter((value) => value >= 12).length <= 1)).toBe(true);
  });

  it('a payload that is wrong takes a slot until that is told', async () => {
    const one = await board();
    const events = recorded(one);
    await one.process({ slots: 1, loadOf: () => 0.5, handle: async () => {} });
    await one.enqueue([{ id: 'wrong', payload: { value: 'x' } as never }, ...jobs(1)]);
    await until('both ends', () => ['wrong', 'run-0'].every((id) => ended(events, id)));
    expect(ended(events, 'wrong')).toMatchObject({ type: 'failed', reason: 'value is not a number' });
    expect(ended(events, 'run-0')).toMatchObject({ type: 'completed' });
  });

  it('keeps one job per id, and queues a finished id anew', async () => {
    const one = await board();
    const events = recorded(one);
    const values: number[] = [];
    await one.enqueue([{ id: 'same', payload: { value: 1 } }]);
    await one.enqueue([{ id: 'same', payload: { value: 2 } }]);
    expect(await ids(one)).toEqual(['same']);
    await one.process({ slots: 2, handle: async (job) => void values.push(job.payload.value) });
    await until('the end', () => ended(events, 'same') !== undefined);
    expect(values).toEqual([1]);
    await one.enqueue([{ id: 'same', payload: { value: 3 } }]);
    await until('the second end', () => values.length === 2);
    expect(values).toEqual([1, 3]);
  });

  it('leaves a running job alone when its id is enqueued again', async () => {
    const one = await board();
    let runs = 0;
    let finish = () => {};
    await one.process({
      slots: 2,
      handle: async () => {
        runs++;
        await new Promise<void>((done) => (finish = done));
      },
    });
    await one.enqueue(jobs(1));
    await until('the start', () => runs === 1);
    await one.enqueue(jobs(1));
    await delay(100);
    expect(await ids(one)).toEqual(['run-0']);
    finish();
    await until('the end', async () => (await one.outstanding()).length === 0);
    expect(runs).toBe(1);
  });

  it('tries a failed job again, three times in all', async () => {
    const one = await board();
    const events = recorded(one);
    const attempts: number[] = [];
    await one.process({
      slots: 1,
      handle: async (job, { attempt }) => {
        attempts.push(attempt);
        if (job.id === 'run-1' || attempt < 3) throw new Error(`attempt ${attempt} broke`);
      },
    });
    await one.enqueue(jobs(2));
    await until('both ends', () => jobs(2).every((job) => ended(events, job.id)));
    expect([...attempts].sort()).toEqual([1, 1, 2, 2, 3, 3]);
    const failures = (id: string) => events.filter((event) => event.id === id && event.type === 'failed');
    expect(failures('run-0')).toEqual([
      { type: 'failed', id: 'run-0', reason: 'attempt 1 broke', final: false },
      { type: 'failed', id: 'run-0', reason: 'attempt 2 broke', final: false },
    ]);
    expect(failures('run-1')).toHaveLength(3);
    expect(failures('run-1')[2]).toEqual({
      type: 'failed',
      id: 'run-1',
      reason: 'attempt 3 broke',
      final: true,
    });

    attempts.length = 0;
    await one.enqueue([{ id: 'run-1', payload: { value: 1 } }]);
    await until('a new first attempt', () => attempts.includes(1));
  });

  it('does not try again what cannot succeed', async () => {
    const one = await board();
    const events = recorded(one);
    const seen: string[] = [];
    await one.process({
      slots: 1,
      handle: async (job) => {
        seen.push(job.id);
        if (job.id === 'run-0') throw new UnrecoverableJobError('no such model');
        throw new UserError('a shard is missing', 'prepare it');
      },
    });
    const bad = { id: 'bad', payload: { value: 'many' } } as unknown as BoardJob<Payload>;
    await one.enqueue([...jobs(2), bad]);
    await until('three ends', () => ['run-0', 'run-1', 'bad'].every((id) => ended(events, id)));
    expect(seen.sort()).toEqual(['run-0', 'run-1']);
    expect(ended(events, 'run-0')).toMatchObject({ reason: 'no such model', final: true });
    expect(ended(events, 'run-1')).toMatchObject({
      reason: 'a shard is missing (prepare it)',
      final: true,
    });
    expect(ended(events, 'bad')).toMatchObject({ reason: 'value is not a number', final: true });
  });

  it('shares jobs between boards: each runs once', async () => {
    const one = await board();
    const other = await board(true);
    const events = recorded(one);
    const seen: string[][] = [[], []];
    for (const [at, each] of [one, other].entries()) {
      await each.process({
        slots: 2,
        handle: async (job) => {
          seen[at]!.push(job.id);
          await delay(10);
        },
      });
    }
    // Both coordinators reconcile the same plan.
    await Promise.all([one.enqueue(jobs(12)), other.enqueue(jobs(12))]);
    await until('twelve ends', () => jobs(12).every((job) => ended(events, job.id)));
    expect(seen.flat().sort()).toEqual(
      jobs(12)
        .map((job) => job.id)
        .sort(),
    );
    expect(seen[0]!.length).toBeGreaterThan(0);
    expect(seen[1]!.length).toBeGreaterThan(0);
  });

  it('takes jobs by priority', async () => {
    const one = await board();
    const events = recorded(one);
    await one.enqueue([
      { id: 'small', payload: { value: 1 }, priority: 30 },
      { id: 'large', payload: { value: 2 }, priority: 10 },
      { id: 'middle', payload: { value: 3 }, priority: 20 },
      { id: 'base', payload: { value: 4 } },
    ]);
    expect((await ids(one)).sort()).toEqual(['base', 'large', 'middle', 'small']);
    const order: string[] = [];
    await one.process({ slots: 1, handle: async (job) => void order.push(job.id) });
    await until('four ends', () => order.length === 4 && ended(events, 'small') !== undefined);
    expect(order).toEqual(['base', 'large', 'middle', 'small']);
  });

  it('a listener that throws, or has left, does not disturb the others', async () => {
    const one = await board();
    one.onEvent(() => {
      throw new Error('mine');
    });
    const left: BoardEvent[] = [];
    one.onEvent((event) => left.push(event))();
    const events = recorded(one);
    await one.process({ slots: 1, handle: async () => {} });
    await one.enqueue(jobs(1));
    await until('the end', () => ended(events, 'run-0') !== undefined);
    expect(left).toEqual([]);
  });

  it('empties a full window', async () => {
    const one = await board();
    const window = one.windowSize(2);
    expect(window).toBeGreaterThanOrEqual(2);
    const events = recorded(one);
    await one.process({ slots: 2, handle: async () => {} });
    const all = jobs(Math.min(window, 64));
    await one.enqueue(all);
    await until('every end', () => all.every((job) => ended(events, job.id)));
  });
}
