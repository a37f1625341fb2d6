import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openQueueConnection, type QueueConnection } from '../../src/queue/connection.ts';
import { type NightEnd, runNight } from '../../src/refit/nightProcess.ts';
import {
  openSchedule,
  removeSchedule,
  type Schedule,
  type ScheduleOptions,
} from '../../src/refit/schedule.ts';
import { hasRedisServer, type RedisServerProcess, startRedisServer } from '../contract/boardRedis.ts';
import { FAST } from '../contract/boardTiming.ts';
import { until } from '../e2e/sweepProcess.ts';

const EVERY_SECOND = { pattern: '* * * * * *', timeZone: 'UTC' };
const DONE: NightEnd = { kind: 'done' };

/** Due once, after at least `seconds`, and then not for a year. */
function onceIn(seconds: number) {
  const dueMs = Math.ceil(Date.now() / 1000 + seconds) * 1000;
  const due = new Date(dueMs);
  const pattern = `${due.getUTCSeconds()} ${due.getUTCMinutes()} ${due.getUTCHours()} ${due.getUTCDate()} ${due.getUTCMonth() + 1} *`;
  return { cron: { pattern, timeZone: 'UTC' }, dueMs };
}

let lastIdentity = 0;
/** Schedules of an identity of their own, on one connection, that hand out and end in the order of their opening. */
function instances(connection: () => QueueConnection) {
  const identity = String(++lastIdentity).padStart(8, '0').repeat(4);
  const opened: Schedule[] = [];
  const ends: NightEnd[] = [];
  const lines: string[] = [];
  return {
    identity,
    ends,
    lines,
    open: async (options: Pick<ScheduleOptions, 'cron' | 'night' | 'timing'>) => {
      const schedule = await openSchedule({
        connection: connection(),
        identity,
        timing: FAST,
        log: (line) => lines.push(line),
        onEnd: (end) => void ends.push(end),
        ...options,
      });
      opened.push(schedule);
      return schedule;
    },
    close: () => Promise.all(opened.map((schedule) => schedule.close())),
  };
}

let server: RedisServerProcess | undefined;
beforeAll(async () => {
  if (hasRedisServer) server = await startRedisServer();
});
afterAll(() => server?.stop());

describe.concurrent.each(['embedded', 'redis'])('a schedule on %s', (kind) => {
  describe.skipIf(kind === 'redis' && !hasRedisServer)('(skipped where no redis-server is installed)', () => {
    let connection: QueueConnection;
    beforeAll(async () => {
      connection = await openQueueConnection({
        ...(kind === 'redis' && { redisUrl: server!.url }),
        log: () => {},
      });
    });
    afterAll(() => connection.close());
    const own = () => instances(() => connection);

    it('ends a night that hangs at its limit, and runs the next all the same', async () => {
      const { open, close, ends } = own();
      let nights = 0;
      await open({
        cron: EVERY_SECOND,
        night: (signal) =>
          runNight({
            script: join(import.meta.dirname, 'nightStub.ts'),
            args: [++nights === 1 ? 'hang' : 'well'],
            limitMs: nights === 1 ? 700 : 20_000,
            graceMs: 100,
            signal,
            writeOut: () => {},
            writeError: () => {},
          }),
      });
      await until(() => ends.length >= 2, 20_000, 'two nights');
      await close();
      expect(ends[0]).toMatchObject({ kind: 'failed', reason: expect.stringContaining('took longer') });
      expect(ends[1]).toEqual(DONE);
    });

    it('gives each night to one of two instances', async () => {
      const { open, close, ends, lines } = own();
      const beganMs = Date.now();
      const nights: number[] = [];
      const night = async (_: AbortSignal, due: Date) => {
        nights.push(due.getTime());
        return DONE;
      };
      await open({ cron: EVERY_SECOND, night });
      await open({ cron: EVERY_SECOND, night });
      await until(() => nights.length >= 3, 20_000, 'three nights');
      await close();
      expect(new Set(nights).size).toBe(nights.length);
      expect(nights.every((due) => due > beganMs && due % 1000 === 0)).toBe(true);
      expect(ends).toEqual(nights.map(() => DONE));
      expect(lines).toEqual([]);
    });

    it('hands a night to another instance when one is stopped', async () => {
      const { open, close, ends } = own();
      const { cron } = onceIn(2);
      let begun = false;
      // So long that the night does not come back by its lock.
      const timing = { lockDurationMs: 60_000, stalledIntervalMs: 30_000 };
      const first = await open({
        ...{ cron, timing },
        night: (signal) =>
          new Promise((end) => {
            begun = true;
            signal.addEventListener('abort', () => end({ kind: 'stopped' }));
          }),
      });
      await until(() => begun, 20_000, 'the night');
      await open({ cron, timing, night: async () => DONE });
      await first.close();
      await until(() => ends.length === 2, 20_000, 'its end elsewhere');
      await close();
      expect(ends).toEqual([{ kind: 'stopped' }, DONE]);
    });

    it('stays when nobody is there, runs a night that was missed, and can be taken out', async () => {
      const { open, close, ends, identity } = own();
      const { cron, dueMs } = onceIn(3);
      const night = async () => DONE;
      await (await open({ cron, night })).close();
      await until(() => Date.now() > dueMs + 300, 20_000, 'the time');
      expect(ends).toEqual([]);
      await open({ cron, night });
      await until(() => ends.length === 1, 20_000, 'the missed night');
      await close();
      const removed = { connection, identity, log: () => {} };
      expect(await removeSchedule(removed)).toBe(true);
      expect(await removeSchedule(removed)).toBe(false);
    });

    it('is replaced by another pattern, and says so', async () => {
      const { open, close, lines, ends } = own();
      await open({ cron: { pattern: '0 3 1 1 *', timeZone: 'Europe/Berlin' }, night: async () => DONE });
      await open({ cron: EVERY_SECOND, night: async () => DONE });
      await until(() => ends.length > 0, 20_000, 'a night');
      await close();
      expect(lines).toEqual(['the schedule was "0 3 1 1 *" Europe/Berlin and is replaced']);
    });
  });
});

describe.skipIf(!hasRedisServer)(
  'an instance that is killed (skipped where no redis-server is installed)',
  { concurrent: true },
  () => {
    it('has its night taken over once, and not for ever', async () => {
      const connection = await openQueueConnection({ redisUrl: server!.url, log: () => {} });
      const { identity, open, close, ends } = instances(() => connection);
      const { cron } = onceIn(3);
      await (await open({ cron, night: async () => DONE })).close();
      const killOne = async () => {
        const child = spawn(
          process.execPath,
          ['--import', 'tsx', join(import.meta.dirname, 'takeNight.ts'), identity, cron.pattern],
          { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, TEST_REDIS_URL: server!.url } },
        );
        await new Promise((taken) => child.stdout.once('data', taken));
        child.kill('SIGKILL');
      };
      await killOne();
      await killOne();
      // The third gives it up; its own next night runs.
      let nights = 0;
      const night = async () => {
        nights++;
        return DONE;
      };
      const third = await open({ cron, night });
      await until(() => ends.length > 0, 20_000, 'that it is given up');
      expect(ends).toMatchObject([{ kind: 'failed', reason: expect.stringContaining('killed 2 times') }]);
      expect(nights).toBe(0);
      await third.close();
      await open({ cron: EVERY_SECOND, night });
      await until(() => nights > 0, 20_000, 'the next night');
      await close();
      await connection.close();
    });
  },
);
