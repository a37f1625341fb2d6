import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { UserError } from '../../src/common/errors.ts';
import { openBoard } from '../../src/queue/board.ts';
import { openQueueConnection, parseRedisUrl } from '../../src/queue/connection.ts';
import { startProcessor } from '../../src/queue/processor.ts';
import { freePort, hasRedisServer, startRedisServer } from '../contract/boardRedis.ts';

const SECRET = 'sEcr3t';

/** Everything that a failure would show. */
const failure = async (redisUrl: string): Promise<{ error: UserError; text: string; seconds: number }> => {
  const began = Date.now();
  try {
    await openQueueConnection({ redisUrl, log: () => {} });
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    const user = error as UserError;
    const text = `${user.message} ${user.nextStep} ${user.stack} ${user.cause}`;
    return { error: user, text, seconds: (Date.now() - began) / 1000 };
  }
  throw new Error('it connected');
};

describe('REDIS_URL', () => {
  it.each([
    ['redis://host', { host: 'host', port: 6379, db: 0 }, 'redis at host:6379/0'],
    ['redis://host:7000/4', { host: 'host', port: 7000, db: 4 }, 'redis at host:7000/4'],
    ['redis://[::1]:7000', { host: '::1', port: 7000, db: 0 }, 'redis at [::1]:7000/0'],
    ['unix:///run/redis.sock', { path: '/run/redis.sock' }, 'redis at /run/redis.sock'],
    [
      `rediss://me:${SECRET}%2F@host/`,
      { host: 'host', port: 6379, db: 0, username: 'me', password: `${SECRET}/`, tls: {} },
      'redis at host:6379/0',
    ],
  ])('%s', (url, clientOptions, description) => {
    expect(parseRedisUrl(url)).toEqual({ clientOptions, description });
  });

  it.each([
    `${SECRET}`,
    `http://u:${SECRET}@host`,
    `redis://u:${SECRET}@`,
    `redis://u:${SECRET}%@host`,
    `redis://u:${SECRET}@host/zero`,
    `redis://u:${SECRET}@host:99999`,
  ])('refuses %s without repeating it', async (url) => {
    const { error, text } = await failure(url);
    expect(error.message).toMatch(/not an address of a Redis/);
    expect(text).not.toContain(SECRET);
  });
});

describe('a Redis that cannot be used', () => {
  const servers: Server[] = [];
  const sockets: Socket[] = [];
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
    for (const server of servers.splice(0)) server.close();
  });
  /** Answers every command alike. */
  const pretender = async (answer: string): Promise<number> => {
    const port = await freePort();
    const server = createServer((socket) => {
      sockets.push(socket);
      // Several commands may come in one packet; each begins with its number of words.
      socket.on('data', (chunk) => {
        const commands = chunk.toString().match(/^\*\d/gm)?.length ?? 0;
        if (answer) socket.write(answer.repeat(commands));
      });
    });
    servers.push(server);
    await new Promise<void>((listening) => server.listen(port, '127.0.0.1', listening));
    return port;
  };

  it('nobody there', async () => {
    const { error, text, seconds } = await failure(`redis://u:${SECRET}@127.0.0.1:${await freePort()}/2`);
    expect(error.message).toMatch(/cannot reach redis at 127\.0\.0\.1:\d+\/2: .*ECONNREFUSED/);
    expect(error.nextStep).toMatch(/unset REDIS_URL/);
    expect(text).not.toContain(SECRET);
    expect(seconds).toBeLessThan(2);
  });

  it('somebody who never answers: said within 6 s', async () => {
    const { error, text, seconds } = await failure(`redis://u:${SECRET}@127.0.0.1:${await pretender('')}`);
    expect(error.message).toMatch(/cannot reach redis at 127\.0\.0\.1/);
    expect(text).not.toContain(SECRET);
    expect(seconds).toBeLessThan(6);
  });

  it('a version that is too old', async () => {
    const info = 'redis_version:5.0.14\r\n';
    const { error } = await failure(`redis://127.0.0.1:${await pretender(`$${info.length}\r\n${info}\r\n`)}`);
    expect(error.message).toMatch(/version 5\.0\.14; 6\.2 or newer/);
  });

  describe.skipIf(!hasRedisServer)('with a redis-server (skipped where none is installed)', () => {
    it('a wrong password, and none', async () => {
      const server = await startRedisServer();
      for (const credentials of [`:${SECRET}@`, '']) {
        const { error, text } = await failure(`redis://${credentials}127.0.0.1:${server.port}`);
        expect(error.message).toMatch(/refused the credentials/);
        expect(text).not.toContain(SECRET);
      }
      await server.stop();
    });

    it('settings that lose jobs are told, good ones are not', async () => {
      const lines: string[] = [];
      const log = (line: string) => lines.push(line);
      const risky = await startRedisServer(['--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru']);
      await openQueueConnection({ redisUrl: risky.url, log });
      expect(lines).toHaveLength(2);
      expect(lines[0]).toMatch(/noeviction.*allkeys-lru/);
      expect(lines[1]).toMatch(/nothing on disk/);
      expect(lines.join()).not.toContain(risky.password);
      await risky.stop();

      lines.length = 0;
      const good = await startRedisServer(['--appendonly', 'yes']);
      await openQueueConnection({ redisUrl: good.url, log });
      expect(lines).toEqual([]);
      await good.stop();
    });

    it('one that goes away under a running job: closing still ends, and no line tells the password', async () => {
      const server = await startRedisServer();
      const lines: string[] = [];
      const log = (line: string) => lines.push(line);
      const connection = await openQueueConnection({ redisUrl: server.url, log });
      const shared = { connection, base: 'gone', log };
      const board = await openBoard<number>(shared);
      let reason: unknown;
      let started = () => {};
      const start = new Promise<void>((done) => (started = done));
      const processor = await startProcessor<number>({
        ...shared,
        classes: ['cpu'],
        token: 'mine',
        parse: Number,
        slots: 1,
        handle: async (_, { signal }) => {
          started();
          await new Promise((stop) => signal.addEventListener('abort', stop));
          reason = signal.reason;
          throw new Error('stopped');
        },
      });
      await board.enqueue([{ id: 'a', payload: 1 }]);
      await start;
      await server.stop();
      await delay(200);
      await expect(board.outstanding()).rejects.toThrow();
      const began = Date.now();
      await Promise.all([processor.close(), board.close()]);
      expect(Date.now() - began).toBeLessThan(9000);
      expect(reason).toMatchObject({ why: 'closing' });
      expect(lines.join('\n')).toMatch(/ECONNREFUSED/);
      expect(lines.join('\n')).not.toContain(server.password);
    });
  });
});
