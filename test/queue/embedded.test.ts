import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openEmbeddedStore } from '../../src/queue/embedded.ts';

const ROOT = resolve(import.meta.dirname, '../..');

describe('embedded store', () => {
  let temporary: string;
  beforeEach(() => {
    temporary = mkdtempSync(join(tmpdir(), 'embedded-'));
    vi.stubEnv('TMPDIR', temporary);
    vi.stubEnv('XDG_RUNTIME_DIR', undefined);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(temporary, { recursive: true, force: true });
  });

  it('listens on a socket in a folder of its user only, and leaves nothing behind', async () => {
    const store = await openEmbeddedStore();
    expect(dirname(dirname(store.socketPath))).toBe(temporary);
    expect(statSync(dirname(store.socketPath)).mode & 0o777).toBe(0o700);
    expect(statSync(store.socketPath).isSocket()).toBe(true);
    const client = new Redis({ path: store.socketPath, retryStrategy: () => null });
    client.on('error', () => {});
    expect(await client.ping()).toBe('PONG');
    // A client that is still connected does not hold up closing.
    await store.close();
    await store.close();
    expect(readdirSync(temporary)).toEqual([]);
    client.disconnect();
  });

  it('two stores share nothing', async () => {
    const stores = await Promise.all([openEmbeddedStore(), openEmbeddedStore()]);
    const [one, other] = stores.map((store) => new Redis({ path: store.socketPath, lazyConnect: true }));
    await one!.set('key', 'value');
    expect(await other!.get('key')).toBeNull();
    one!.disconnect();
    other!.disconnect();
    await Promise.all(stores.map((store) => store.close()));
  });

  it('goes to a shorter place when the usual one is too long for a socket', async () => {
    const long = join(temporary, 'x'.repeat(100));
    vi.stubEnv('XDG_RUNTIME_DIR', long);
    const store = await openEmbeddedStore();
    expect(dirname(dirname(store.socketPath))).toBe(temporary);
    expect(existsSync(store.socketPath)).toBe(true);
    await store.close();
  });

  it('a process with a board ends by itself; one that was killed leaves a folder, which the next removes', async () => {
    const run = (...args: string[]) =>
      new Promise<{ output: string; signal: string | null; seconds: number }>((done) => {
        const began = Date.now();
        const child = spawn(process.execPath, ['--import', 'tsx', 'test/queue/openAndClose.ts', ...args], {
          cwd: ROOT,
          stdio: ['ignore', 'pipe', 'inherit'],
          timeout: 20_000,
        });
        let output = '';
        child.stdout.on('data', (chunk) => {
          output += chunk;
        });
        child.on('close', (_, signal) => done({ output, signal, seconds: (Date.now() - began) / 1000 }));
      });
    const killed = await run('die');
    expect(killed.signal).toBe('SIGKILL');
    expect(readdirSync(temporary).filter((name) => name.startsWith('mixture-queue-'))).toHaveLength(1);
    const whole = await run();
    expect(whole).toMatchObject({ output: 'worked\nclosed\n', signal: null });
    expect(whole.seconds).toBeLessThan(10);
    expect(readdirSync(temporary).filter((name) => name.startsWith('mixture-queue-'))).toEqual([]);
  });
});
