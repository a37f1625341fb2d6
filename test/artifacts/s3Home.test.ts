import { mkdtempSync, openSync, readdirSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { openS3Home } from '../../src/artifacts/s3Home.ts';
import type { ArtifactHome } from '../../src/artifacts/types.ts';
import { sha256 } from '../../src/common/canonical.ts';
import { pattern } from '../contract/artifactHome.ts';
import { startS3 } from './s3Server.ts';
import { type TroubledLine, troubledLine } from './troubledLine.ts';

const temporary = () => mkdtempSync(join(tmpdir(), 's3-home-'));
const WORDS_OF_CREDENTIALS = /S3RVER|not the right secret/;

describe('an S3 home over a bad line', () => {
  let server: Awaited<ReturnType<typeof startS3>>;
  let line: TroubledLine;
  let home: ArtifactHome;
  const open = (prefix = '', more = {}) =>
    openS3Home({ bucket: 'artifacts', prefix, endpoint: line.url, ...more });
  beforeAll(async () => {
    server = await startS3();
    line = await troubledLine(server.endpoint);
    home = await open();
  });
  afterEach(() => vi.unstubAllEnvs());
  afterAll(async () => {
    await home.close();
    await line.close();
    await server.close();
  });

  it('fetches the rest after each break', async () => {
    const bytes = pattern(12_000_000, 31);
    const hash = await home.put(bytes);
    const copy = join(temporary(), 'copy');
    const before = line.sent.toClient;
    line.breakAnswers(100, 3_000_000, 3_000_000, 3_000_000);
    await home.fetch(hash, copy);
    expect(readFileSync(copy).equals(bytes)).toBe(true);
    // Each time from the beginning would be 21 MB.
    expect(line.sent.toClient - before).toBeLessThan(18_000_000);
    expect(line.sent.toClient - before).toBeGreaterThan(12_000_000);
  });

  it('sends a large file in parts, each again after a break', async () => {
    const bytes = pattern(20_000_000, 32);
    const file = join(temporary(), 'source');
    writeFileSync(file, bytes);
    line.breakRequests(1_000_000, 17_000_000);
    const hash = await home.put(file);
    const copy = `${file} again`;
    await home.fetch(hash, copy);
    expect(readFileSync(copy).equals(bytes)).toBe(true);
  });

  it('shows nothing of a file that changes while it is sent', async () => {
    const bytes = pattern(60_000_000, 33);
    const file = join(temporary(), 'source');
    writeFileSync(file, bytes);
    const before = line.sent.toServer;
    const sent = home.put(file).catch((error) => error);
    while (line.sent.toServer - before < 1_000_000) await delay(1);
    writeSync(openSync(file, 'r+'), 'changed', 55_000_000);
    expect(await sent).toMatchObject({ problem: 'refused', message: expect.stringContaining('changed') });
    expect(await home.has(sha256(bytes))).toBe(false);
  });

  it('gives up a connection that falls silent', async () => {
    const hash = await home.put(pattern(4_000_000, 34));
    const hasty = await open('', { patience: { tries: 1, stallMs: 300 } });
    const folder = temporary();
    const copy = join(folder, 'copy');
    line.swallow(true);
    const began = performance.now();
    await expect(hasty.fetch(hash, copy)).rejects.toMatchObject({ problem: 'unreachable' });
    await expect(open('', { connectTimeoutMs: 300 })).rejects.toMatchObject({ problem: 'unreachable' });
    expect(performance.now() - began).toBeLessThan(5000);
    line.swallow(false);
    await hasty.fetch(hash, copy);
    expect(readdirSync(folder)).toEqual(['copy']);
    await hasty.close();
  });

  it('has one id for all who open it first at once', async () => {
    const homes = await Promise.all([1, 2, 3, 4].map(() => open('a/new/one')));
    expect(new Set(homes.map(({ id }) => id)).size).toBe(1);
    expect(homes[0]!.id).not.toBe(home.id);
    for (const each of homes) await each.close();
  });

  it('says what is wrong without credentials', async () => {
    const refusal = async (more: object) => {
      const error = await open('', more).catch((thrown) => thrown);
      expect(`${error.message} ${error.stack}`).not.toMatch(WORDS_OF_CREDENTIALS);
      return error;
    };
    expect(await refusal({ bucket: 'nobodys' })).toMatchObject({
      problem: 'refused',
      message: expect.stringContaining('no such bucket'),
    });
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'NOTS3RVER');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'not the right secret');
    expect(await refusal({})).toMatchObject({ problem: 'refused' });
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) vi.stubEnv(name, undefined);
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/nowhere');
    vi.stubEnv('AWS_CONFIG_FILE', '/nowhere');
    expect(await refusal({})).toMatchObject({ problem: 'refused' });
    expect(home.description).toBe('s3://artifacts');
  });

  it('refuses a bucket whose home.json is of another kind', async () => {
    const { PutObjectCommand, S3Client } = await import('@aws-sdk/client-s3');
    const client = new S3Client({ region: 'us-east-1', endpoint: server.endpoint, forcePathStyle: true });
    await client.send(
      new PutObjectCommand({ Bucket: 'artifacts', Key: 'other/home.json', Body: '{"home": 1}' }),
    );
    client.destroy();
    await expect(open('other')).rejects.toMatchObject({ problem: 'refused' });
  });
});
