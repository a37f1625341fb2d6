import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { expect, it } from 'vitest';
import type { QueueConnection } from '../../src/queue/connection.ts';
import { classesFor, classQueue } from '../../src/queue/names.ts';
import { HandedBack } from '../../src/queue/types.ts';
import { boardHarness, ended, ids, jobs, type Payload, recorded, stopped, until } from './boardHarness.ts';
import { FAST } from './boardTiming.ts';

/** What a fleet needs of every board: device classes, news of running jobs, jobs that change hands. */
export function boardFleet(connect: () => Promise<QueueConnection>): void {
  const { board, connection, jobKey } = boardHarness(connect);

  it('a worker takes jobs of its own class first, then smaller ones, never larger', async () => {
    const one = await board();
    await one.enqueue([
      { id: 'c', payload: { value: 1 }, deviceClass: 'cpu' },
      { id: 'g40', payload: { value: 2 }, deviceClass: 'gpu-40g' },
      { id: 'g', payload: { value: 3 }, deviceClass: 'gpu' },
      { id: 'g80', payload: { value: 4 }, deviceClass: 'gpu-80g' },
    ]);
    const order: string[] = [];
    await one.process({
      slots: 1,
      classes: classesFor('gpu-40g'),
      handle: async (job) => void order.push(`${job.id} ${job.deviceClass}`),
    });
    await until('three ends', () => order.length === 3);
    await delay(100);
    expect(order).toEqual(['g40 gpu-40g', 'g gpu', 'c cpu']);
    expect(await one.outstanding()).toEqual([{ id: 'g80', deviceClass: 'gpu-80g', active: false }]);
  });

  it('an idle worker sees jobs of a smaller class within two seconds', async () => {
    const one = await board();
    const events = recorded(one);
    await one.process({ slots: 1, classes: classesFor('gpu'), handle: async () => {} });
    await delay(200);
    const began = performance.now();
    await one.enqueue(jobs(1));
    await until('the end', () => ended(events, 'run-0') !== undefined);
    expect(performance.now() - began).toBeLessThan(2000);
  });

  it('tells what a handler tells and returns', async () => {
    const one = await board();
    const events = recorded(one);
    await one.process({
      slots: 1,
      handle: async (_, { tell }) => {
        await tell({ tokens: 128, losses: [1.5, 2.5] });
        return { hash: 'abc' };
      },
    });
    await one.enqueue(jobs(1));
    await until('the end', () => ended(events, 'run-0') !== undefined);
    expect(events.filter((event) => event.type === 'told')).toEqual([
      { type: 'told', id: 'run-0', message: { tokens: 128, losses: [1.5, 2.5] } },
    ]);
    expect(ended(events, 'run-0')).toEqual({ type: 'completed', id: 'run-0', result: { hash: 'abc' } });
  });

  it('a handed back job carries on what the first worker left in it', async () => {
    const one = await board();
    const events = recorded(one);
    const seen: number[] = [];
    const handle = async (
      job: { payload: Payload },
      context: { update(payload: Payload): Promise<void>; signal: AbortSignal },
    ) => {
      seen.push(job.payload.value);
      if (seen.length > 1) return;
      await stopped(context.signal);
      await context.update({ value: 42 });
      throw new HandedBack('saved');
    };
    const first = await one.process({ slots: 1, handle });
    await one.enqueue(jobs(1));
    await until('the start', () => seen.length === 1);
    await first.close();
    await one.process({ slots: 1, handle });
    await until('the end', () => ended(events, 'run-0') !== undefined);
    expect(seen).toEqual([0, 42]);
  });

  it('withdraws what waits, not what runs', async () => {
    const one = await board();
    let running = 0;
    let finish = () => {};
    await one.process({
      slots: 1,
      handle: async () => {
        running++;
        await new Promise<void>((done) => (finish = done));
      },
    });
    await one.enqueue(jobs(3));
    await until('a start', () => running === 1);
    await one.withdraw(await one.outstanding());
    expect(await ids(one)).toHaveLength(1);
    finish();
    await until('the end', async () => (await ids(one)).length === 0);
    expect(running).toBe(1);
  });

  it('orders for a sweep reach other boards', async () => {
    const one = await board();
    const other = await board(true);
    const events = recorded(other);
    await one.order('math');
    await until('the order', () => events.length > 0);
    expect(events).toEqual([{ type: 'orders', id: 'math' }]);
  });

  it('tries again what a wrong clock has put off', async () => {
    const one = await board();
    const events = recorded(one);
    let attempts = 0;
    await one.process({
      slots: 1,
      handle: async () => {
        if (++attempts === 1) throw new Error('broke');
      },
    });
    const client = new Redis(connection().clientOptions);
    await one.enqueue(jobs(1));
    await until('the failure', () => events.some((event) => event.type === 'failed'));
    // As if the machine where it failed were a day ahead. (Caught before the short backoff of this test is over, or not.)
    const delayed = jobKey('run-0').replace(/[^:]*$/, 'delayed');
    const put = await client.zadd(delayed, 'XX', 'CH', (Date.now() + 86_400_000) * 4096, 'run-0');
    if (put === 1) {
      await delay(FAST.backoffMs * 2);
      expect(ended(events, 'run-0')).toBeUndefined();
    }
    await until('the end', async () => {
      await one.outstanding();
      return ended(events, 'run-0') !== undefined;
    });
    expect(attempts).toBe(2);
    client.disconnect();
  });

  it('names its queues by their class', () => {
    expect(classQueue('runs-a-onnx-v1', 'gpu-80g')).toBe('runs-a-onnx-v1-gpu-80g');
  });
}
