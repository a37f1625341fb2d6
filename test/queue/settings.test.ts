import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/common/errors.ts';
import { openQueueConnection } from '../../src/queue/connection.ts';
import { connectToRunning, queueSettings, tellEmbedded } from '../../src/queue/settings.ts';
import { freePort, hasRedisServer, untilRedisIsReady } from '../contract/boardRedis.ts';

const temporary = () => mkdtempSync(join(tmpdir(), 'settings-'));
const file = (text: string) => {
  const path = join(temporary(), 'secret');
  writeFileSync(path, text);
  return path;
};

describe('queueSettings', () => {
  it('reads the address from a variable or a file', () => {
    expect(queueSettings({})).toEqual({});
    expect(queueSettings({ REDIS_URL: 'redis://a' })).toEqual({ redisUrl: 'redis://a' });
    expect(queueSettings({ REDIS_URL_FILE: file('redis://b\n') })).toEqual({ redisUrl: 'redis://b' });
    expect(queueSettings({ REDIS_URL: '' })).toEqual({});
  });

  it('reads what TLS needs', () => {
    const settings = queueSettings({
      REDIS_URL: 'rediss://a',
      REDIS_TLS_CA_FILE: file('authority'),
      REDIS_TLS_SERVERNAME: 'redis.example',
    });
    expect(settings.tls?.ca?.toString()).toBe('authority');
    expect(settings.tls?.servername).toBe('redis.example');
  });

  it.each([
    [{ REDIS_URL: 'redis://hidden', REDIS_URL_FILE: '/x' }, /both REDIS_URL/],
    [{ REDIS_URL_FILE: '/nowhere/at/all' }, /REDIS_URL_FILE cannot be read/],
    [{ REDIS_URL: 'rediss://hidden', REDIS_TLS_KEY_FILE: '/nowhere' }, /REDIS_TLS_KEY_FILE cannot be read/],
    [{ REDIS_URL: 'redis://hidden', REDIS_TLS_SERVERNAME: 'x' }, /does not ask for TLS/],
  ])('refuses %j without telling it', (variables, sentence) => {
    const refused = (() => {
      try {
        return queueSettings(variables);
      } catch (error) {
        return error as UserError;
      }
    })() as UserError;
    expect(refused).toBeInstanceOf(UserError);
    expect(refused.message).toMatch(sentence);
    expect(`${refused.message} ${refused.nextStep}`).not.toContain('hidden');
  });
});

describe('connectToRunning', () => {
  it('finds the embedded store of the sweep that runs in a folder, while it does', async () => {
    const runs = temporary();
    const embedded = await openQueueConnection({ log: () => {} });
    tellEmbedded(runs, embedded);
    const connection = await connectToRunning({}, runs, () => {});
    expect(connection.description).toBe(`embedded store of process ${process.pid}`);
    const client = new Redis(connection.clientOptions);
    expect(await client.ping()).toBe('PONG');
    client.disconnect();
    await embedded.close();
    await expect(connectToRunning({}, runs, () => {})).rejects.toThrow(/no sweep is running/);
  });

  it('is not deceived by what a killed sweep has left', async () => {
    const runs = temporary();
    await expect(connectToRunning({}, runs, () => {})).rejects.toThrow(/no sweep is running/);
    const { pid } = spawnSync('true');
    writeFileSync(join(runs, 'queue.json'), JSON.stringify({ socketPath: '/tmp', pid }));
    await expect(connectToRunning({}, runs, () => {})).rejects.toThrow(/no sweep is running/);
  });
});

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

describe.skipIf(!hasRedisServer || !hasOpenssl)(
  'TLS (skipped where redis-server or openssl is not installed)',
  () => {
    it('checks the server by the authority that is named, and refuses it without', async () => {
      const folder = temporary();
      const key = join(folder, 'key.pem');
      const certificate = join(folder, 'certificate.pem');
      execFileSync(
        'openssl',
        [
          ...[
            'req',
            '-x509',
            '-newkey',
            'rsa:2048',
            '-nodes',
            '-days',
            '1',
            '-keyout',
            key,
            '-out',
            certificate,
          ],
          ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'],
        ],
        { stdio: 'ignore' },
      );
      const port = await freePort();
      const server = spawn(
        'redis-server',
        [
          ...[
            '--bind',
            '127.0.0.1',
            '--port',
            '0',
            '--tls-port',
            `${port}`,
            '--dir',
            folder,
            '--appendonly',
            'yes',
          ],
          ...['--tls-cert-file', certificate, '--tls-key-file', key, '--tls-ca-cert-file', certificate],
          ...['--tls-auth-clients', 'no'],
        ],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      );
      const ended = new Promise((done) => server.once('exit', done));
      await untilRedisIsReady(server);
      try {
        const variables = { REDIS_URL: `rediss://127.0.0.1:${port}/0`, REDIS_TLS_CA_FILE: certificate };
        const connection = await openQueueConnection({ ...queueSettings(variables), log: () => {} });
        const client = new Redis(connection.clientOptions);
        expect(await client.ping()).toBe('PONG');
        client.disconnect();
        expect(readFileSync(certificate, 'utf8')).toContain('CERTIFICATE');
        await expect(openQueueConnection({ redisUrl: variables.REDIS_URL, log: () => {} })).rejects.toThrow(
          /cannot reach redis/,
        );
      } finally {
        server.kill('SIGKILL');
        await ended;
      }
    });
  },
);
