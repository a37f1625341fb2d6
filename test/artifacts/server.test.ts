import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FolderHome, openFolderHome } from '../../src/artifacts/folderHome.ts';
import { openHttpHome } from '../../src/artifacts/httpHome.ts';
import { type ArtifactServer, serveArtifacts } from '../../src/artifacts/server.ts';
import { sha256 } from '../../src/common/canonical.ts';
import { pattern } from '../contract/artifactHome.ts';

const TOKEN = 'a token of this test alone';
const HASH = 'a'.repeat(64);

describe('artifacts over HTTP', () => {
  let home: FolderHome;
  let server: ArtifactServer;
  const lines: string[] = [];
  beforeAll(async () => {
    home = openFolderHome(mkdtempSync(join(tmpdir(), 'artifact-server-')));
    server = await serveArtifacts({
      home,
      port: 0,
      token: TOKEN,
      limits: { artifactBytes: 1_000_000, recordBytes: 1000 },
      log: (line) => lines.push(line),
    });
  });
  afterAll(() => server.close());

  const ask = (path: string, init: RequestInit & { token?: string | null } = {}) => {
    const { token = TOKEN, ...rest } = init;
    const headers = {
      ...(rest.headers as object),
      ...(token !== null && { authorization: `Bearer ${token}` }),
    };
    return fetch(`${server.url}${path}`, { ...rest, headers });
  };
  /** The path as it is, without what fetch makes of it. */
  const raw = (path: string) =>
    new Promise<number>((done, failed) => {
      const { port } = new URL(server.url);
      const asked = request(
        { host: '127.0.0.1', port, path, headers: { authorization: `Bearer ${TOKEN}` } },
        (answer) => {
          answer.resume();
          done(answer.statusCode!);
        },
      );
      asked.on('error', failed);
      asked.end();
    });
  const upload = (hash: string, bytes: Uint8Array, offset = 0, total = bytes.byteLength + offset) =>
    ask(`/v1/uploads/${hash}?offset=${offset}&total=${total}`, { method: 'PATCH', body: bytes as never });

  it('binds to loopback unless told otherwise', () => {
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  });

  it.each([
    ['GET', '/v1/home'],
    ['GET', `/v1/artifacts/${HASH}`],
    ['HEAD', `/v1/artifacts/${HASH}`],
    ['DELETE', `/v1/artifacts/${HASH}`],
    ['GET', `/v1/uploads/${HASH}`],
    ['PATCH', `/v1/uploads/${HASH}?offset=0&total=0`],
    ['GET', '/v1/records/results'],
    ['GET', '/'],
    ['GET', '/nothing'],
  ])('%s %s needs the token', async (method, path) => {
    for (const token of [null, '', 'wrong', `${TOKEN}x`, TOKEN.slice(1)]) {
      expect((await ask(path, { method, token })).status).toBe(401);
    }
  });

  it('takes no weak token', async () => {
    for (const token of ['', 'short', 'long enough,\nin two lines', 'with a blank at its end ']) {
      await expect(serveArtifacts({ home, port: 0, token, log: () => {} })).rejects.toThrow(/characters/);
    }
  });

  it('says that a port is taken', async () => {
    const port = Number(new URL(server.url).port);
    await expect(serveArtifacts({ home, port, token: TOKEN, log: () => {} })).rejects.toThrow(
      /port is taken/,
    );
  });

  it.each([
    '/v1/artifacts/..%2f..%2fetc%2fpasswd',
    '/v1/artifacts/../home.json',
    '/v1/artifacts/%2e%2e/home.json',
    '/v1/artifacts/home.json',
    '/v1/artifacts/incoming',
    '/v1/artifacts/__proto__',
    '/v1/artifacts/constructor',
    `/v1/artifacts/${'A'.repeat(64)}`,
    `/v1/artifacts/${HASH}%00`,
    `/v1/artifacts/${HASH}%0a`,
    `/v1/artifacts/${HASH}/..`,
    '/v1/records/__proto__',
    '/v1/records/incoming',
    '/v1/records/results?key=../..',
    '/v1/records/results?after=../..',
    `/v1/records/results/${HASH}`,
    `/v1/records/results/${HASH}.${HASH}.tmp`,
    `/v1/records/..%2f..%2f/${HASH}.${HASH}`,
    '/v1/uploads/..%2f..%2fx',
    '//etc/passwd',
    '/v1/',
    '/',
  ])('%s is nothing here', async (path) => {
    expect(await raw(path)).toBe(404);
  });

  it('takes uploads in pieces; nothing is there before the last', async () => {
    const bytes = pattern(300_000);
    const hash = sha256(bytes);
    expect((await upload(hash, bytes.subarray(0, 100_000), 0, 300_000)).status).toBe(202);
    expect(await home.has(hash)).toBe(false);
    expect(await (await ask(`/v1/uploads/${hash}`)).json()).toEqual({ bytes: 100_000, whole: false });
    // A piece that does not fit: told what is there.
    const wrong = await upload(hash, bytes.subarray(0, 100_000), 0, 300_000);
    expect(wrong.status).toBe(409);
    expect((await upload(hash, bytes.subarray(100_000), 100_000, 300_000)).status).toBe(201);
    expect(await home.has(hash)).toBe(true);
    expect(await (await ask(`/v1/uploads/${hash}`)).json()).toEqual({ bytes: 0, whole: true });
    writeFileSync(home.localPath(hash), 'damaged since');
    expect(await (await ask(`/v1/uploads/${hash}`)).json()).toEqual({ bytes: 0, whole: false });
  });

  it('a client goes on with an upload that was cut off', async () => {
    const bytes = pattern(400_000, 3);
    const hash = sha256(bytes);
    await upload(hash, bytes.subarray(0, 150_000), 0, 400_000);
    const client = await openHttpHome({ url: server.url, token: TOKEN });
    expect(await client.put(bytes)).toBe(hash);
    expect(await home.has(hash)).toBe(true);
  });

  it('an upload with other bytes than its name says is refused, and forgotten', async () => {
    const hash = sha256('the right bytes');
    expect((await upload(hash, Buffer.from('the wrong bytes'))).status).toBe(422);
    expect(await home.has(hash)).toBe(false);
    expect(await (await ask(`/v1/uploads/${hash}`)).json()).toEqual({ bytes: 0, whole: false });
  });

  it('refuses what is too large, announced or not', async () => {
    expect((await upload(HASH, Buffer.from('x'), 0, 1_000_001)).status).toBe(413);
    expect((await upload(HASH, pattern(2000), 0, 1000)).status).toBe(413);
    expect(await (await ask(`/v1/uploads/${HASH}`)).json()).toEqual({ bytes: 0, whole: false });
    const large = pattern(1001);
    const record = await ask(`/v1/records/results/${HASH}.${sha256(large)}`, {
      method: 'PUT',
      body: large as never,
    });
    expect(record.status).toBe(413);
    // By streaming, without a length.
    const endless = new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(500)) });
    const streamed = await ask(`/v1/records/results/${HASH}.${HASH}`, {
      method: 'PUT',
      body: endless,
      duplex: 'half',
    } as RequestInit).then(
      (answer) => answer.status,
      () => 'cut off',
    );
    expect([413, 'cut off']).toContain(streamed);
    const client = await openHttpHome({ url: server.url, token: TOKEN });
    await expect(client.put(pattern(1_000_001))).rejects.toMatchObject({ problem: 'refused' });
  });

  it.each([
    ['offset=-1&total=5', 400],
    ['offset=0', 400],
    ['offset=1e3&total=5', 400],
    ['offset=6&total=5', 400],
    ['', 400],
  ])('an upload with ?%s answers %i', async (query, status) => {
    expect((await ask(`/v1/uploads/${HASH}?${query}`, { method: 'PATCH', body: 'x' })).status).toBe(status);
  });

  it('a record must have the hash it is named after', async () => {
    const put = (hash: string) =>
      ask(`/v1/records/results/${HASH}.${hash}`, { method: 'PUT', body: 'a result' });
    expect((await put(sha256('another'))).status).toBe(422);
    expect((await put(sha256('a result'))).status).toBe(201);
  });

  it('reads from an offset, and ignores nonsense', async () => {
    const hash = await home.put(Buffer.from('0123456789'));
    const read = async (range: string) => {
      const answer = await ask(`/v1/artifacts/${hash}`, { headers: { range } });
      return [answer.status, await answer.text()];
    };
    expect(await read('bytes=4-')).toEqual([206, '456789']);
    expect(await read('bytes=10-')).toEqual([206, '']);
    expect((await read('bytes=11-'))[0]).toBe(416);
    for (const odd of ['bytes=-3', 'bytes=1-2', 'bytes=a-', 'lines=1-', 'bytes=1-,3-']) {
      expect(await read(odd)).toEqual([200, '0123456789']);
    }
  });

  it('an answer to trouble tells nothing of the inside', async () => {
    const hash = sha256('a folder');
    writeFileSync(join(home.folder, hash.slice(0, 2)), 'in the way of a folder');
    const answer = await upload(hash, Buffer.from('a folder'));
    const text = await answer.text();
    expect(answer.status).toBe(500);
    expect(text).not.toMatch(/\/|node|Error/);
    expect(lines.length).toBeGreaterThan(0);
  });

  it('leaves nothing under way behind', () => {
    const left = readdirSync(join(home.folder, 'incoming', 'uploads'));
    expect(left.filter((name) => !name.startsWith(sha256('a folder')))).toEqual([]);
  });

  it('a client with a wrong token, or at a wrong place, is told so without the token', async () => {
    const wrong = await openHttpHome({ url: server.url, token: 'a secret that is wrong' }).catch(
      (error) => error,
    );
    expect(wrong).toMatchObject({ problem: 'refused' });
    expect(wrong.message).not.toContain('a secret');
    await expect(openHttpHome({ url: 'http://127.0.0.1:9', token: TOKEN })).rejects.toMatchObject({
      problem: 'unreachable',
    });
  });
});
