import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openBoard } from '../../src/queue/board.ts';
import { hasRedisServer, startRedisServer } from '../contract/boardRedis.ts';
import { FAST } from '../contract/boardTiming.ts';

// On the embedded store the queue dies with the process: there is nothing to take over.
describe.skipIf(!hasRedisServer)(
  'a machine that was killed (skipped where no redis-server is installed)',
  () => {
    it('its job is taken over when the lock has run out, and no attempt is charged', async () => {
      const server = await startRedisServer();
      const child = spawn(process.execPath, ['--import', 'tsx', 'test/queue/takeAndHold.ts'], {
        cwd: resolve(import.meta.dirname, '../..'),
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...process.env, TEST_REDIS_URL: server.url },
      });
      const taken = new Promise<string>((tell) =>
        child.stdout.once('data', (chunk) => tell(String(chunk).trim())),
      );
      const board = await openBoard<number>({
        redisUrl: server.url,
        queueName: 'stalled',
        parse: Number,
        log: () => {},
        timing: FAST,
      });
      await board.enqueue([{ id: 'a', payload: 7 }]);
      expect(await taken).toBe('a');
      child.kill('SIGKILL');
      const killedMs = Date.now();
      const [payload, attempt] = await new Promise<[number, number]>((done) => {
        void board.process({
          slots: 1,
          handle: async (job, context) => done([job.payload, context.attempt]),
        });
      });
      expect([payload, attempt]).toEqual([7, 1]);
      expect(Date.now() - killedMs).toBeLessThan(FAST.lockDurationMs + 3 * FAST.stalledIntervalMs + 2000);
      await board.close();
      await server.stop();
    });
  },
);
