import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { expect, it } from 'vitest';
import type { QueueConnection } from '../../src/queue/connection.ts';
import { HandedBack } from '../../src/queue/types.ts';
import { boardHarness, ended, ids, jobs, recorded, stopped, until } from './boardHarness.ts';
import { FAST } from './boardTiming.ts';

/** How every board stops jobs, hands them back and keeps their locks, on whatever store. */
export function boardStopping(connect: () => Promise<QueueConnection>): void {
  const { board, connection, jobKey } = boardHarness(connect);

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
    expect((await ids(one)).sort()).toEqual(['run-0', 'run-1', 'run-2']);

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
    expect(ended(events, 'run-0')).toMatchObject({ type: 'completed', id: 'run-0' });
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
    expect(ended(events, 'run-0')).toMatchObject({ type: 'completed', id: 'run-0' });
  });

  it('cancels a waiting job, which then never runs', async () => {
    const one = await board();
    const events = recorded(one);
    await one.enqueue(jobs(2));
    await one.cancel('run-0');
    await one.cancel('never-heard-of');
    await until('the event', () => ended(events, 'run-0') !== undefined);
    expect(await ids(one)).toEqual(['run-1']);
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
    const client = new Redis(connection().clientOptions);
    const mark = (id: string) => client.hset(jobKey(id), 'cancelled', '1');
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
    const client = new Redis(connection().clientOptions);
    const seen: [string, number][] = [];
    await one.process({
      slots: 1,
      handle: async (job, { signal, attempt }) => {
        seen.push(['began', attempt]);
        if (seen.length > 1) return;
        await client.del(`${jobKey(job.id)}:lock`);
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
    expect(ended(events, 'run-0')).toMatchObject({ type: 'completed', id: 'run-0' });
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
}
