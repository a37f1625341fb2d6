import { describe, it } from 'vitest';
import { openQueueConnection, type QueueConnection } from '../../src/queue/connection.ts';
import { announcementsBattery } from './announcements.ts';
import { boardDispatch } from './boardDispatch.ts';
import { boardFleet } from './boardFleet.ts';
import { hasRedisServer, startRedisServer } from './boardRedis.ts';
import { boardStopping } from './boardStopping.ts';

describe.each([
  ['dispatches jobs', boardDispatch],
  ['stops jobs', boardStopping],
  ['serves a fleet', boardFleet],
  ['knows who is there', announcementsBattery],
])('a board %s', (_, battery) => {
  describe('on the embedded store', () => battery(() => openQueueConnection({ log: () => {} })));

  if (hasRedisServer) describe('on a Redis', () => battery(connectToOwnRedis));
  else
    it.skip('on a Redis: redis-server is not installed here, only the embedded store was tested', () => {});
});

/** A connection that takes its server with it. */
async function connectToOwnRedis(): Promise<QueueConnection> {
  const server = await startRedisServer();
  const connection = await openQueueConnection({ redisUrl: server.url, log: () => {} });
  return { ...connection, close: () => connection.close().then(server.stop) };
}
