import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const hasRedisServer = spawnSync('redis-server', ['--version']).status === 0;

export interface RedisServerProcess {
  process: ChildProcess;
  port: number;
  password: string;
  url: string;
  stop(): Promise<void>;
}

/** A redis-server of this test's own: a free port of 127.0.0.1, a password, nothing on disk. */
export async function startRedisServer(settings: readonly string[] = []): Promise<RedisServerProcess> {
  const port = await freePort();
  const password = 'a p@ss:word/';
  const folder = mkdtempSync(join(tmpdir(), 'board-redis-'));
  const child = spawn(
    'redis-server',
    [
      ...['--bind', '127.0.0.1', '--port', `${port}`, '--requirepass', password],
      ...['--save', '', '--appendonly', 'no', '--dir', folder, ...settings],
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const exited = new Promise<void>((done) => child.once('exit', () => done()));
  await untilRedisIsReady(child);
  return {
    process: child,
    port,
    password,
    url: `redis://:${encodeURIComponent(password)}@127.0.0.1:${port}/3`,
    stop: async () => {
      child.kill('SIGKILL');
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Throws, with what it said, when the server ends instead. */
export async function untilRedisIsReady(child: ChildProcess): Promise<void> {
  let output = '';
  await new Promise<void>((ready, failed) => {
    child.stdout!.on('data', (chunk) => {
      output += chunk;
      if (/ready to accept connections/i.test(output)) ready();
    });
    child.once('exit', () => failed(new Error(`redis-server ended:\n${output}`)));
  });
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as { port: number };
  await new Promise((closed) => server.close(closed));
  return port;
}
