import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openQueueConnection, type QueueConnection } from '../../src/queue/connection.ts';
import { announcementsBattery } from '../contract/announcements.ts';
import { boardDispatch } from '../contract/boardDispatch.ts';
import { boardFleet } from '../contract/boardFleet.ts';
import { freePort, hasRedisServer, untilRedisIsReady } from '../contract/boardRedis.ts';
import { file } from './files.ts';

const PASSWORD = 'only-for-this-test';

/** The ACL lines that docs/deployment.md has people write, with this test's password. */
function documentedUsers(): string {
  const lines = file('docs/deployment.md')
    .split('\n')
    .filter((line) => /^user (default|health|mixture-law) /.test(line));
  expect(lines).toHaveLength(3);
  return `${lines.join('\n').replace('$PASSWORD', PASSWORD)}\n`;
}

/** A redis-server with deploy/redis.conf as compose.yaml starts it, but on a port of 127.0.0.1. */
async function startDeployedRedis(): Promise<{ port: number; stop(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'deployed-redis-'));
  const users = join(folder, 'users.acl');
  const settings = join(folder, 'redis.conf');
  const port = await freePort();
  writeFileSync(users, documentedUsers());
  writeFileSync(
    settings,
    `${file('deploy/redis.conf')
      .replace(/^aclfile .*$/m, `aclfile ${users}`)
      .replace(/^dir .*$/m, `dir ${folder}`)
      .replace(/^bind .*$/m, 'bind 127.0.0.1')}\nport ${port}\n`,
  );
  const child = spawn('redis-server', [settings], { stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = new Promise<void>((done) => child.once('exit', () => done()));
  await untilRedisIsReady(child);
  return {
    port,
    stop: async () => {
      child.kill('SIGKILL');
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function connect(): Promise<QueueConnection> {
  const server = await startDeployedRedis();
  const warnings: string[] = [];
  const redisUrl = `redis://mixture-law:${PASSWORD}@127.0.0.1:${server.port}/0`;
  const connection = await openQueueConnection({ redisUrl, log: (line) => warnings.push(line) });
  // Of eviction and of missing persistence the queue itself would warn.
  expect(warnings).toEqual([]);
  return { ...connection, close: () => connection.close().then(server.stop) };
}

describe.skipIf(!hasRedisServer)(
  'the Redis of compose.yaml (skipped where redis-server is not installed)',
  () => {
    let server: Awaited<ReturnType<typeof startDeployedRedis>>;
    beforeAll(async () => {
      server = await startDeployedRedis();
    });
    afterAll(() => server.stop());

    const refusal = async (user: string, password: string, ...command: [string, ...string[]]) => {
      const client = new Redis({
        port: server.port,
        ...(user && { username: user, password }),
        lazyConnect: true,
        enableReadyCheck: false,
        retryStrategy: () => null,
      });
      // connect() rejects with "Connection is closed"; why comes as an event.
      let reason: Error | undefined;
      client.on('error', (error) => {
        reason ??= error;
      });
      try {
        return await client.connect().then(() => client.call(...command));
      } catch (error) {
        return (reason ?? (error as Error)).message.split(' ')[0];
      } finally {
        client.disconnect();
      }
    };

    it.each<[string, string, string, [string, ...string[]], string]>([
      ['nobody gets in without a name', '', '', ['PING'], 'NOAUTH'],
      ['the fleet needs its password', 'mixture-law', 'guessed', ['PING'], 'WRONGPASS'],
      ['the fleet reaches its own keys', 'mixture-law', PASSWORD, ['SET', 'mixture-law:a', '1'], 'OK'],
      ['but no others', 'mixture-law', PASSWORD, ['SET', 'a', '1'], 'NOPERM'],
      ['it cannot empty the server', 'mixture-law', PASSWORD, ['FLUSHALL'], 'NOPERM'],
      ['nor change its settings', 'mixture-law', PASSWORD, ['CONFIG', 'SET', 'dir', '/tmp'], 'NOPERM'],
      ['the health check gets an answer', 'health', 'none', ['PING'], 'PONG'],
      ['and nothing else', 'health', 'none', ['GET', 'mixture-law:a'], 'NOPERM'],
    ])('%s', async (_, user, password, command, answer) => {
      expect(await refusal(user, password, ...command)).toBe(answer);
    });

    it('is asked for its health in a way that redis-cli understands', () => {
      const command = /test: \[CMD-SHELL, "(redis-cli .*)"\]/.exec(file('compose.yaml'))?.[1];
      expect(command).toBeDefined();
      const asked = (port: number) =>
        spawnSync('sh', ['-c', command!.replace('redis-cli', `redis-cli -p ${port}`)], { encoding: 'utf8' });
      expect(asked(server.port).status).toBe(0);
      expect(asked(1).status).not.toBe(0);
    });

    // What the queue does with a full server it must be able to do as the user that it gets.
    describe('dispatches', () => boardDispatch(connect));
    describe('serves a fleet', () => boardFleet(connect));
    describe('knows who is there', () => announcementsBattery(connect));
  },
);

it('keeps its settings where compose.yaml mounts them', () => {
  const settings = file('deploy/redis.conf');
  const compose = file('compose.yaml');
  const users = /^aclfile (.*)$/m.exec(settings)?.[1];
  expect(users).toBe('/run/secrets/redis_users');
  expect(compose).toContain('./deploy/redis.conf:/etc/mixture-law/redis.conf:ro');
  expect(settings).toMatch(/^maxmemory-policy noeviction$/m);
  expect(settings).toMatch(/^appendonly yes$/m);
  expect(settings).not.toMatch(/^\s*(requirepass|user )/m);
});
