import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { UserError } from '../../src/common/errors.ts';
import { openBoard } from '../../src/queue/board.ts';
import type { QueueConnection } from '../../src/queue/connection.ts';
import {
  type Board,
  type BoardEvent,
  type BoardJob,
  HandedBack,
  type JobStopped,
  UnrecoverableJobError,
} from '../../src/queue/types.ts';
import { FAST } from './boardTiming.ts';

interface Payload {
  value: number;
}

let queues = 0;

/** What every board must do, on whatever store. */
export function boardBattery(name: string, connect: () => Promise<QueueConnection>): void {
  describe(name, () => {
    let connection: QueueConnection;
    let queueName = '';
    const open: Board<Payload>[] = [];

    beforeAll(async () => {
      connection = await connect();
    });
    afterEach(async () => {
      await Promise.all(open.splice(0).map((board) => board.close()));
    });
    afterAll(() => connection.close());

    /** A board on a queue of its own; `again` opens another board on the same queue. */
    const board = async (again = false): Promise<Board<Payload>> => {
      if (!again) queueName = `battery-${++queues}`;
      const opened = await openBoard<Payload>({
        connection,
        queueName,
        timing: FAST,
        log: () => {},
        parse: (data) => {
          const { value } = data as Payload;
          if (typeof value !== 'number') throw new Error('value is not a number');
          return { value };
        },
      });
      open.push(opened);
      return opened;
    };
    const recorded = (from: Board<Payload>): BoardEvent[] => {
      const events: BoardEvent[] = [];
      from.onEvent((event) => events.push(event));
      return events;
    };
    const until = async (what: string, condition: () => boolean | Promise<boolean>) => {
      const end = Date.now() + 10_000;
      while (!(await condition())) {
        if (Date.now() > end) throw new Error(`waited 10 s for ${what}`);
        await delay(10);
      }
    };
    const ended = (events: BoardEvent[], id: string) =>
      events.find(
        (event) =>
          event.id === id && (event.type === 'completed' || (event.type === 'failed' && event.final)),
      );
    const jobs = (count: number, from = 0): BoardJob<Payload>[] =>
      Array.from({ length: count }, (_, at) => ({ id: `run-${from + at}`, payload: { value: from + at } }));
    /** Resolves when the signal aborts, with the reason's `why`. */
    const stopped = (signal: AbortSignal) =>
      new Promise<JobStopped['why']>((done) => {
        const tell = () => done((signal.reason as JobStopped).why);
        if (signal.aborted) tell();
        else signal.addEventListener('abort', tell, { once: true });
      });

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

    it('keeps one job per id, and queues a finished id anew', async () => {
      const one = await board();
      const events = recorded(one);
      const values: number[] = [];
      await one.enqueue([{ id: 'same', payload: { value: 1 } }]);
      await one.enqueue([{ id: 'same', payload: { value: 2 } }]);
      expect(await one.outstanding()).toEqual(['same']);
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
      expect(await one.outstanding()).toEqual(['run-0']);
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

    it('closing a processor stops its jobs, waits for them, and hands them back unspent', async () => {
      const one = await board();
      const reasons: string[] = [];
      let saved = 0;
      const first = await one.process({
        slots: 2,
        handle: async (job, { signal }) => {
          reasons.push(await stopped(signal));
          await delay(60);
          saved++;
          // Said either way, the job has not used up an attempt.
          throw job.id === 'run-0' ? new HandedBack('saved') : new Error('aborted');
        },
      });
      await one.enqueue(jobs(3));
      await until('two starts', async () => (await one.outstanding()).length === 3);
      await delay(50);
      await first.close();
      expect(reasons).toEqual(['closing', 'closing']);
      expect(saved).toBe(2);
      expect((await one.outstanding()).sort()).toEqual(['run-0', 'run-1', 'run-2']);

      const events = recorded(one);
      const attempts: number[] = [];
      await one.process({ slots: 1, handle: async (_, { attempt }) => void attempts.push(attempt) });
      await until('three ends', () => jobs(3).every((job) => ended(events, job.id)));
      expect(attempts).toEqual([1, 1, 1]);
    });

    it('a processor that was closed while it waited does not swallow the next job', async () => {
      const one = await board();
      const first = await one.process({ slots: 1, handle: async () => {} });
      // Long enough to be waiting for a job.
      await delay(100);
      await first.close();
      const events = recorded(one);
      await one.process({ slots: 1, handle: async () => {} });
      await delay(100);
      const began = Date.now();
      await one.enqueue(jobs(1));
      await until('the end', () => ended(events, 'run-0') !== undefined);
      expect(Date.now() - began).toBeLessThan(1500);
    });

    it('a handed back job comes again, also without closing', async () => {
      const one = await board();
      const events = recorded(one);
      const attempts: number[] = [];
      await one.process({
        slots: 1,
        handle: async (_, { attempt }) => {
          attempts.push(attempt);
          if (attempts.length === 1) throw new HandedBack('not now');
        },
      });
      await one.enqueue(jobs(1));
      await until('the end', () => ended(events, 'run-0') !== undefined);
      expect(attempts).toEqual([1, 1]);
      expect(ended(events, 'run-0')).toEqual({ type: 'completed', id: 'run-0' });
    });

    it('cancels a running job from another board, and may run it again later', async () => {
      const one = await board();
      const other = await board(true);
      const events = recorded(other);
      const reasons: string[] = [];
      let quick = false;
      await one.process({
        slots: 1,
        handle: async (_, { signal }) => {
          if (quick) return;
          reasons.push(await stopped(signal));
          throw new HandedBack('saved');
        },
      });
      await other.enqueue(jobs(1));
      await until('the start', () => events.some((event) => event.type === 'active'));
      await other.cancel('run-0');
      await until('the end', () => ended(events, 'run-0') !== undefined);
      expect(reasons).toEqual(['cancelled']);
      expect(ended(events, 'run-0')).toEqual({
        type: 'failed',
        id: 'run-0',
        reason: 'cancelled',
        final: true,
      });
      expect(await one.outstanding()).toEqual([]);

      quick = true;
      events.length = 0;
      await other.enqueue(jobs(1));
      await until('the end', () => ended(events, 'run-0') !== undefined);
      expect(ended(events, 'run-0')).toEqual({ type: 'completed', id: 'run-0' });
    });

    it('cancels a waiting job, which then never runs', async () => {
      const one = await board();
      const events = recorded(one);
      await one.enqueue(jobs(2));
      await one.cancel('run-0');
      await one.cancel('never-heard-of');
      await until('the event', () => ended(events, 'run-0') !== undefined);
      expect(await one.outstanding()).toEqual(['run-1']);
      const seen: string[] = [];
      await one.process({ slots: 1, handle: async (job) => void seen.push(job.id) });
      await until('the other end', () => ended(events, 'run-1') !== undefined);
      expect(seen).toEqual(['run-1']);
      expect(events.filter((event) => event.id === 'run-0')).toHaveLength(1);
      expect(events.some((event) => event.id === 'never-heard-of')).toBe(false);
    });

    it('a cancel whose event was missed is read from the job, before it begins and while it runs', async () => {
      const one = await board();
      const events = recorded(one);
      const client = new Redis(connection.clientOptions);
      const mark = (id: string) => client.hset(`mixture-law:${queueName}:${id}`, 'cancelled', '1');
      await one.enqueue([
        { id: 'run-0', payload: { value: 0 }, priority: 1 },
        { id: 'run-1', payload: { value: 1 }, priority: 2 },
      ]);
      await mark('run-0');
      const seen: string[] = [];
      await one.process({
        slots: 1,
        handle: async (job, { signal }) => {
          seen.push(job.id);
          await mark(job.id);
          seen.push(await stopped(signal));
          throw new HandedBack('saved');
        },
      });
      await until('both ends', () => jobs(2).every((job) => ended(events, job.id)));
      client.disconnect();
      expect(seen).toEqual(['run-1', 'cancelled']);
      for (const id of ['run-0', 'run-1']) expect(ended(events, id)).toMatchObject({ reason: 'cancelled' });
    });

    it('a processor that has lost its lock stops, and the job is run by whoever takes it next', async () => {
      const one = await board();
      const events = recorded(one);
      const client = new Redis(connection.clientOptions);
      const seen: [string, number][] = [];
      await one.process({
        slots: 1,
        handle: async (job, { signal, attempt }) => {
          seen.push(['began', attempt]);
          if (seen.length > 1) return;
          await client.del(`mixture-law:${queueName}:${job.id}:lock`);
          seen.push([await stopped(signal), attempt]);
          throw new HandedBack('saved');
        },
      });
      await one.enqueue(jobs(1));
      await until('the end', () => ended(events, 'run-0') !== undefined);
      client.disconnect();
      expect(seen).toEqual([
        ['began', 1],
        ['lost', 1],
        ['began', 1],
      ]);
      expect(ended(events, 'run-0')).toEqual({ type: 'completed', id: 'run-0' });
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

    it('keeps the lock of a job that runs longer than the lock lasts', async () => {
      const one = await board();
      const other = await board(true);
      let runs = 0;
      const handle = async () => {
        runs++;
        await delay(FAST.lockDurationMs * 2);
      };
      const events = recorded(one);
      await one.process({ slots: 1, handle });
      await other.process({ slots: 1, handle });
      await one.enqueue(jobs(1));
      await until('the end', () => ended(events, 'run-0') !== undefined);
      expect(runs).toBe(1);
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
      expect((await one.outstanding()).sort()).toEqual(['base', 'large', 'middle', 'small']);
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

    it('closes twice, and with jobs under way', async () => {
      const one = await board();
      let sawStop = false;
      await one.process({
        slots: 1,
        handle: async (_, { signal }) => {
          await stopped(signal);
          sawStop = true;
        },
      });
      await one.enqueue(jobs(2));
      await delay(100);
      await Promise.all([one.close(), one.close()]);
      await one.close();
      expect(sawStop).toBe(true);
    });
  });
}
