import { describe, it } from 'vitest';
import { openQueueConnection } from '../../src/queue/connection.ts';
import { boardBattery } from './board.ts';
import { hasRedisServer, startRedisServer } from './boardRedis.ts';

boardBattery('board on the embedded store', () => openQueueConnection({ log: () => {} }));

if (hasRedisServer) {
  boardBattery('board on a Redis', async () => {
    const server = await startRedisServer();
    const connection = await openQueueConnection({ redisUrl: server.url, log: () => {} });
    return {
      ...connection,
      close: async () => {
        await connection.close();
        await server.stop();
      },
    };
  });
} else {
  describe('board on a Redis', () => {
    it.skip('redis-server is not installed here: only the embedded store was tested', () => {});
  });
}
