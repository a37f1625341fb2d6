import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { BEAT_INTERVAL_MS, GONE_AFTER_MS } from '../../src/queue/announcements.ts';
import type { QueueConnection } from '../../src/queue/connection.ts';
import { NO_ORDERS, readOrders, writeOrders } from '../../src/queue/orders.ts';
import { isGone, thisProcess, type WorkerInfo, workersOf } from '../../src/queue/workers.ts';

const worker: WorkerInfo = {
  ...thisProcess(),
  homeId: 'a'.repeat(32),
  engine: 'onnx',
  numericsVersion: 1,
  versions: { node: 'v20' },
  startedAt: '2026-01-01T00:00:00.000Z',
  draining: false,
  finishedRuns: 0,
  slots: [{ device: 'cpu 0', seat: null, deviceClass: 'cpu', memoryBytes: 1e9, doing: null }],
};

/** Who is there and what was ordered, on whatever store. */
export function announcementsBattery(connect: () => Promise<QueueConnection>): void {
  let connection: QueueConnection;
  let client: Redis;
  beforeAll(async () => {
    connection = await connect();
    client = new Redis(connection.clientOptions);
  });
  afterAll(async () => {
    client.disconnect();
    await connection.close();
  });

  it('lists who announced itself, with what it said last, until it leaves', async () => {
    const workers = workersOf(client);
    await workers.announce('one', worker);
    await workers.announce('two', worker);
    await workers.announce('one', { ...worker, finishedRuns: 3 });
    const list = await workers.list();
    expect(list.map(({ id }) => id).sort()).toEqual(['one', 'two']);
    const one = list.find(({ id }) => id === 'one')!;
    expect(one.info).toEqual({ ...worker, finishedRuns: 3 });
    expect(one.silentMs).toBeLessThan(2000);
    expect(isGone(one)).toBe(false);
    await workers.leave('one');
    await workers.leave('two');
    expect(await workers.list()).toEqual([]);
  });

  it('a worker of a version without seats has devices with one', async () => {
    const workers = workersOf(client);
    const { seat: _, ...slot } = worker.slots[0]!;
    await workers.announce('old', { ...worker, slots: [slot as typeof slot & { seat: null }] });
    const [old] = await workers.list();
    expect(old!.info).toEqual(worker);
    await workers.leave('old');
  });

  it('knows the dead: silent for long, or a process of this machine that is not there', async () => {
    expect(GONE_AFTER_MS).toBeGreaterThan(3 * BEAT_INTERVAL_MS);
    expect(isGone({ id: 'x', info: worker, silentMs: GONE_AFTER_MS + 1 })).toBe(true);
    const dead = { ...worker, pid: 2 ** 22 + 1 };
    expect(isGone({ id: 'x', info: dead, silentMs: 0 })).toBe(worker.processes !== '');
    // The same pid elsewhere says nothing.
    expect(isGone({ id: 'x', info: { ...dead, host: 'another-machine' }, silentMs: 0 })).toBe(false);
    expect(isGone({ id: 'x', info: { ...dead, processes: 'pid:[1]' }, silentMs: 0 })).toBe(false);
  });

  it('leaves out what is not a worker', async () => {
    await client.hset('mixture-law:workers', 'bad', '{"host": 7}', 'worse', 'no JSON', '__proto__', '{}');
    expect(await workersOf(client).list()).toEqual([]);
  });

  it('keeps orders per sweep, and refuses what makes no sense', async () => {
    const write = (sweep: string, change: object) =>
      writeOrders(client, 'runs-x', sweep, (before) => ({ ...before, ...change }));
    expect(await readOrders(client, 'runs-x', 'math')).toEqual(NO_ORDERS);
    await write('math', { paused: true });
    await write('math', { priority: 7 });
    await write('law', { retries: 1 });
    expect(await readOrders(client, 'runs-x', 'math')).toEqual({ ...NO_ORDERS, paused: true, priority: 7 });
    expect(await readOrders(client, 'runs-x', 'law')).toEqual({ ...NO_ORDERS, retries: 1 });
    expect(await readOrders(client, 'runs-y', 'math')).toEqual(NO_ORDERS);
    await expect(write('math', { priority: -1 })).rejects.toThrow();
    await client.hset('mixture-law:runs-x:orders', 'odd', '{"paused": "yes"}');
    expect(await readOrders(client, 'runs-x', 'odd')).toEqual(NO_ORDERS);
  });
}
