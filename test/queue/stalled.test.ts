import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openBoard } from '../../src/queue/board.ts';
import { openQueueConnection } from '../../src/queue/connection.ts';
import { startProcessor } from '../../src/queue/processor.ts';
import { hasRedisServer, startRedisServer } from '../contract/boardRedis.ts';
import { FAST } from '../contract/boardTiming.ts';

// On the embedded store the queue dies with the process: there is nothing to take over.
describe.skipIf(!hasRedisServer)(
  'a machine that was killed (skipped where no redis-server is installed)',
  () => {
    it.each([
      ['is taken over when the lock has run out', FAST, false],
      ['is taken over at once when its worker is known to be gone', undefined, true],
    ])('its job %s, and no attempt is charged', async (_, timing, known) => {
      const server = await startRedisServer();
      const child = spawn(process.execPath, ['--import', 'tsx', 'test/queue/takeAndHold.ts'], {
        cwd: resolve(import.meta.dirname, '../..'),
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...process.env, TEST_REDIS_URL: server.url },
      });
      const taken = new Promise<string>((tell) =>
        child.stdout.once('data', (chunk) => tell(String(chunk).trim())),
      );
      const connection = await openQueueConnection({ redisUrl: server.url, log: () => {} });
      const shared = { connection, base: 'stalled', log: () => {}, ...(timing && { timing }) };
      const board = await openBoard<number>(shared);
      await board.enqueue([{ id: 'a', payload: 7 }]);
      expect(await taken).toBe('a');
      child.kill('SIGKILL');
      const killedMs = Date.now();
      expect(await board.reclaim((token) => token === 'another')).toEqual([]);
      if (known) expect(await board.reclaim((token) => token === 'the-killed')).toEqual(['a']);
      const next = withResolvers<[number, number]>();
      const processor = await startProcessor<number>({
        ...shared,
        classes: ['cpu'],
        token: 'the-next',
        slots: 1,
        parse: Number,
        handle: async (job, context) => next.resolve([job.payload, context.attempt]),
      });
      expect(await next.promise).toEqual([7, 1]);
      expect(Date.now() - killedMs).toBeLessThan(
        known ? 3000 : FAST.lockDurationMs + 3 * FAST.stalledIntervalMs + 2000,
      );
      await processor.close();
      await board.close();
      await connection.close();
      await server.stop();
    });
  },
);

function withResolvers<T>() {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((done) => (resolve = done));
  return { promise, resolve };
}
