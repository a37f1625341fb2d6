import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { untilRedisIsReady } from '../contract/boardRedis.ts';

const ROOT = resolve(import.meta.dirname, '../..');
export const PASSWORD = 'a p@ss:word/';
export const TOKEN = 'a token of this fleet alone';

/** A process of the fleet: what it says, line by line with the time of each, and how it ends. */
export interface Part {
  child: ChildProcess;
  /** Everything on standard error so far, with milliseconds of performance.now(). */
  lines: { ms: number; text: string }[];
  stdout(): string;
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** Sends a signal and waits for the end. */
  end(signal: NodeJS.Signals): Promise<void>;
}

function startPart(args: readonly string[], environment: Record<string, string>): Part {
  const child = spawn(process.execPath, ['--import', 'tsx', ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1', ...environment },
  });
  const lines: Part['lines'] = [];
  let rest = '';
  child.stderr!.on('data', (chunk) => {
    const parts = (rest + String(chunk)).split('\n');
    rest = parts.pop()!;
    for (const text of parts) lines.push({ ms: performance.now(), text });
  });
  let stdout = '';
  child.stdout!.on('data', (chunk) => {
    stdout += chunk;
  });
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((done) => {
    child.on('close', (code, signal) => done({ code, signal }));
  });
  return {
    child,
    lines,
    stdout: () => stdout,
    ended,
    end: async (signal) => {
      child.kill(signal);
      await ended;
    },
  };
}

export interface RedisPart {
  port: number;
  url: string;
  process: ChildProcess;
  /** kill -9. */
  kill(): Promise<void>;
  /** On the same port, with what it kept on disk. */
  restart(): Promise<void>;
}

/** A redis-server of its own on loopback: AOF, a password, noeviction. */
export async function startRedis(folder: string, port: number): Promise<RedisPart> {
  mkdirSync(folder, { recursive: true });
  const start = async (): Promise<ChildProcess> => {
    const child = spawn(
      'redis-server',
      [
        ...['--bind', '127.0.0.1', '--port', `${port}`, '--requirepass', PASSWORD, '--dir', folder],
        ...['--appendonly', 'yes', '--save', '', '--maxmemory-policy', 'noeviction'],
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    await untilRedisIsReady(child);
    return child;
  };
  const redis: RedisPart = {
    port,
    url: `redis://:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}/0`,
    process: await start(),
    kill: async () => {
      const { process: child } = redis;
      const ended = new Promise((done) => child.once('exit', done));
      child.kill('SIGKILL');
      await ended;
    },
    restart: async () => {
      redis.process = await start();
    },
  };
  return redis;
}

/** Passes bytes between a port of its own and a target, until it is told to cut. */
export async function startProxy(target: number): Promise<{
  port: number;
  cut(): void;
  heal(): void;
  close(): Promise<void>;
}> {
  const sockets = new Set<Socket>();
  let isCut = false;
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    if (isCut) return;
    const onward = connect(target, '127.0.0.1');
    sockets.add(onward);
    onward.on('error', () => socket.destroy());
    onward.on('close', () => {
      sockets.delete(onward);
      if (!isCut) socket.destroy();
    });
    socket.on('close', () => onward.destroy());
    // A cut cable says nothing: bytes are swallowed, connections stay open.
    socket.on('data', (chunk) => !isCut && onward.write(chunk));
    onward.on('data', (chunk) => !isCut && socket.write(chunk));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    port: (server.address() as { port: number }).port,
    cut: () => {
      isCut = true;
    },
    heal: () => {
      isCut = false;
      for (const socket of sockets) socket.destroy();
    },
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

export interface Fleet {
  folder: string;
  runs: string;
  redis: RedisPart;
  /** Environment of a part: where the queue and the artifacts are. */
  environment: Record<string, string>;
  coordinator(config: string, args?: readonly string[], environment?: Record<string, string>): Part;
  worker(name: string, args?: readonly string[], environment?: Record<string, string>): Part;
  /** Any other verb. */
  verb(file: string, args: readonly string[]): Part;
  close(): Promise<void>;
}

/**
 * A fleet on this machine: Redis, and artifacts over HTTP. Workers share no folder with the coordinator: all that they
 * get comes through those two.
 */
export async function startFleet(options: {
  cache: string;
  redisPort: number;
  artifactPort: number;
  /** Of the coordinator: results and artifacts. */
  runs?: string;
  /** A folder for the artifacts, when it is not below the runs. */
  artifacts?: string;
}): Promise<Fleet> {
  const folder = mkdtempSync(join(tmpdir(), 'fleet-'));
  const runs = options.runs ?? join(folder, 'runs');
  const redis = await startRedis(join(folder, 'redis'), options.redisPort);
  const parts: Part[] = [];
  const artifactsUrl = `http://127.0.0.1:${options.artifactPort}`;
  const shared = { REDIS_URL: redis.url, ARTIFACTS_TOKEN: TOKEN };
  const start = (args: readonly string[], environment: Record<string, string>): Part => {
    const part = startPart(args, { ...shared, ...environment });
    parts.push(part);
    return part;
  };
  const server = start(['pipelines/store.ts', 'serve', '--runs', runs], {
    ARTIFACTS_LISTEN: `127.0.0.1:${options.artifactPort}`,
    ...(options.artifacts && { ARTIFACTS_URL: options.artifacts }),
  });
  await untilLine(server, /serving/, 20_000);
  return {
    folder,
    runs,
    redis,
    environment: shared,
    coordinator: (config, args = [], environment = {}) =>
      start(
        ['pipelines/sweep.ts', config, '--runs', runs, '--cache', options.cache, '--json', ...args],
        environment,
      ),
    worker: (name, args = [], environment = {}) =>
      start(
        [
          'workers/worker.ts',
          ...[
            '--devices',
            'cpu',
            '--slots',
            '1',
            '--work',
            join(folder, name),
            '--cache',
            join(folder, 'none'),
          ],
          ...args,
        ],
        { ARTIFACTS_URL: artifactsUrl, ...environment },
      ),
    verb: (file, args) => start([`pipelines/${file}.ts`, ...args], {}),
    close: async () => {
      await Promise.all(
        parts.map((part) => (part.child.exitCode === null ? part.end('SIGKILL') : Promise.resolve())),
      );
      await redis.kill();
    },
  };
}

/** Waits for a line that matches; throws after `timeoutMs`, with what was said. */
export async function untilLine(part: Part, pattern: RegExp, timeoutMs: number, from = 0): Promise<number> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const at = part.lines.findIndex(({ text }, index) => index >= from && pattern.test(text));
    if (at >= 0) return at;
    if (performance.now() > end || part.child.exitCode !== null) {
      const said = part.lines.map(({ text }) => text).join('\n');
      throw new Error(`waited ${timeoutMs} ms for ${pattern}; it said:\n${said}`);
    }
    await delay(20);
  }
}
