import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FolderHome, openFolderHome } from '../../src/artifacts/folderHome.ts';
import { openHttpHome } from '../../src/artifacts/httpHome.ts';
import { type ArtifactServer, serveArtifacts } from '../../src/artifacts/server.ts';
import type { ArtifactHome } from '../../src/artifacts/types.ts';
import { sha256 } from '../../src/common/canonical.ts';
import { pattern } from '../contract/artifactHome.ts';
import { type TroubledLine, troubledLine } from './troubledLine.ts';

const TOKEN = 'a token of this test alone';
const KEY = sha256('a key');
const temporary = () => mkdtempSync(join(tmpdir(), 'http-home-'));

/** A server of another kind, and what it was asked. */
async function otherServer(answer: RequestListener) {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url} ${request.headers.authorization ?? ''}`);
    answer(request, response);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const url = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  const close = async () => {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  };
  return { url, seen, close };
}

describe('an HTTP home over a bad line', () => {
  let near: FolderHome;
  let server: ArtifactServer;
  let line: TroubledLine;
  let home: ArtifactHome;
  beforeAll(async () => {
    near = openFolderHome(temporary());
    server = await serveArtifacts({
      home: near,
      port: 0,
      token: TOKEN,
      limits: { quietMs: 300 },
      log: () => {},
    });
    line = await troubledLine(server.url);
    home = await openHttpHome({ url: line.url, token: TOKEN, patience: { firstPauseMs: 50 } });
  });
  afterAll(async () => {
    await home.close();
    await line.close();
    await server.close();
  });

  it('fetches the rest after each break', async () => {
    const bytes = pattern(12_000_000, 21);
    const hash = await near.put(bytes);
    const copy = join(temporary(), 'copy');
    const before = line.sent.toClient;
    line.breakAnswers(100, 3_000_000, 10, 3_000_000, 3_000_000);
    await home.fetch(hash, copy);
    expect(readFileSync(copy).equals(bytes)).toBe(true);
    // Each time from the beginning would be 21 MB; what was on the way at a break is lost.
    expect(line.sent.toClient - before).toBeLessThan(18_000_000);
    expect(line.sent.toClient - before).toBeGreaterThan(12_000_000);
  });

  it('keeps what came before the end of its patience for the next call', async () => {
    const bytes = pattern(3_000_000, 22);
    const hash = await near.put(bytes);
    const folder = temporary();
    const copy = join(folder, 'copy');
    const hasty = await openHttpHome({
      url: line.url,
      token: TOKEN,
      patience: { tries: 2, firstPauseMs: 1 },
    });
    line.breakAnswers(2_000_000, 10, 10);
    await expect(hasty.fetch(hash, copy)).rejects.toMatchObject({ problem: 'unreachable' });
    expect(readdirSync(folder)).toEqual([`copy.${hash}.part`]);
    const before = line.sent.toClient;
    await hasty.fetch(hash, copy);
    expect(line.sent.toClient - before).toBeLessThan(2_500_000);
    expect(readFileSync(copy).equals(bytes)).toBe(true);
    expect(readdirSync(folder)).toEqual(['copy']);
  });

  it('sends the rest after each break', async () => {
    const bytes = pattern(12_000_000, 23);
    const file = join(temporary(), 'source');
    writeFileSync(file, bytes);
    const before = line.sent.toServer;
    line.breakRequests(1000, 3_000_000, 3_000_000, 3_000_000, 3_000_000);
    expect(await home.put(file)).toBe(sha256(bytes));
    expect(readFileSync(near.localPath(sha256(bytes))).equals(bytes)).toBe(true);
    // Each time from the beginning would be 24 MB; what was on the way at a break is lost.
    expect(line.sent.toServer - before).toBeLessThan(20_000_000);
    expect(readdirSync(join(near.folder, 'incoming', 'uploads'))).toEqual([]);
  });

  it('goes on past a connection that is dead at one end only', async () => {
    const bytes = pattern(2_000_000, 24);
    const hash = sha256(bytes);
    // The server sees a sender that has fallen silent, as after a cut cable.
    let begun = () => {};
    const beginning = new Promise<void>((done) => {
      begun = done;
    });
    const silent = new ReadableStream({
      start: (controller) => controller.enqueue(bytes.slice(0, 500_000)),
      pull: () => {
        begun();
        return new Promise<void>(() => {});
      },
    });
    const dead = new AbortController();
    const hanging = fetch(`${server.url}/v1/uploads/${hash}?offset=0&total=${bytes.byteLength}`, {
      method: 'PATCH',
      headers: { authorization: `Bearer ${TOKEN}` },
      body: silent,
      duplex: 'half',
      signal: dead.signal,
    } as RequestInit).catch(() => 'gone');
    await beginning;
    expect(await home.put(bytes)).toBe(hash);
    expect(readFileSync(near.localPath(hash)).equals(bytes)).toBe(true);
    dead.abort();
    await hanging;
  });

  it('an answer that was lost does not send it all again', async () => {
    const bytes = pattern(4_000_000, 25);
    const before = line.sent.toServer;
    // The first answer is to how much has arrived; the second, to the upload, is lost.
    line.breakAnswers(400);
    await home.put(bytes);
    await home.put(bytes);
    expect(line.sent.toServer - before).toBeLessThan(5_000_000);
  });

  it('reads records and lists again when an answer breaks', async () => {
    const content = pattern(200_000, 26);
    const hash = await near.putRecord('results', KEY, content);
    line.breakAnswers(50_000);
    expect(sha256(await home.readRecord('results', { key: KEY, hash }))).toBe(hash);
    line.breakAnswers(60);
    const names = [];
    for await (const name of home.listRecords('results')) names.push(name);
    expect(names).toEqual([{ key: KEY, hash }]);
    line.breakRequests(60);
    await home.removeRecord('results', { key: KEY, hash });
  });

  it('has never all of a large file in memory', async () => {
    const file = join(temporary(), 'large');
    writeFileSync(file, 'begins');
    truncateSync(file, 160e6);
    const client = await openHttpHome({ url: server.url, token: TOKEN });
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    const watch = setInterval(() => {
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    }, 5);
    const hash = await client.put(file);
    await client.fetch(hash, `${file} again`);
    clearInterval(watch);
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThan(120e6);
    for (const path of [file, `${file} again`, near.localPath(hash)]) rmSync(path);
  });

  it('refuses a large file at once, not as an unreachable place', async () => {
    const small = await serveArtifacts({
      home: near,
      port: 0,
      token: TOKEN,
      limits: { artifactBytes: 1e6 },
      log: () => {},
    });
    const client = await openHttpHome({ url: small.url, token: TOKEN });
    const file = join(temporary(), 'large');
    writeFileSync(file, pattern(30_000_000, 27));
    const began = performance.now();
    await expect(client.put(file)).rejects.toMatchObject({ problem: 'refused' });
    expect(performance.now() - began).toBeLessThan(3000);
    await small.close();
  });

  it('is told when a place is silent, or falls silent', async () => {
    const hash = await near.put(pattern(3_000_000, 28));
    const hasty = await openHttpHome({ url: line.url, token: TOKEN, patience: { tries: 2, stallMs: 200 } });
    const fetched = hasty.fetch(hash, join(temporary(), 'copy')).catch((error) => error);
    line.swallow(true);
    expect(await fetched).toMatchObject({ problem: 'unreachable' });
    line.swallow(true);
    const began = performance.now();
    await expect(openHttpHome({ url: line.url, token: TOKEN, connectTimeoutMs: 300 })).rejects.toMatchObject({
      problem: 'unreachable',
    });
    expect(performance.now() - began).toBeLessThan(2000);
    line.swallow(false);
  });
});

describe('an HTTP home at a wrong place', () => {
  const open = (url: string, token = TOKEN) => openHttpHome({ url, token }).catch((error) => error);

  it('does not follow to elsewhere with its token', async () => {
    const elsewhere = await otherServer((_, response) => response.end('{}'));
    const first = await otherServer((_, response) =>
      response.writeHead(307, { location: `${elsewhere.url}/v1/home` }).end(),
    );
    expect(await open(first.url)).toMatchObject({ problem: 'refused' });
    expect(elsewhere.seen).toEqual([]);
    await elsewhere.close();
    await first.close();
  });

  it.each(['<html>', '{}', '{"id": "../../x"}', '[', ''])(
    'refuses a server that answers %j',
    async (text) => {
      const server = await otherServer((_, response) => response.end(text));
      expect(await open(server.url)).toMatchObject({ problem: 'refused' });
      await server.close();
    },
  );

  it('does not list for ever', async () => {
    const names = Array.from({ length: 1000 }, () => `${KEY}.${KEY}`);
    const server = await otherServer((request, response) =>
      response.end(JSON.stringify(request.url === '/v1/home' ? { id: '0'.repeat(32) } : { names })),
    );
    const home = await openHttpHome({ url: server.url, token: TOKEN });
    const list = async () => {
      for await (const _ of home.listRecords('results'));
    };
    await expect(list()).rejects.toMatchObject({ problem: 'refused' });
    await server.close();
  });

  it.each([
    [401, 'refused'],
    [403, 'refused'],
    [413, 'refused'],
    [507, 'full'],
    [503, 'unreachable'],
  ])('understands %i as %s', async (status, problem) => {
    const server = await otherServer((_, response) => response.writeHead(status).end());
    expect(await open(server.url)).toMatchObject({ problem });
    await server.close();
  });

  it('waits for a coordinator that starts again', async () => {
    let down = 3;
    const server = await otherServer((request, response) => {
      if (request.url === '/v1/home') return response.end(JSON.stringify({ id: '0'.repeat(32) }));
      return response.writeHead(down-- > 0 ? 503 : 404).end();
    });
    const home = await openHttpHome({ url: server.url, token: TOKEN, patience: { firstPauseMs: 10 } });
    expect(await home.has(KEY)).toBe(false);
    await server.close();
  });

  it.each(['secret\nwith a line', 'secret with a line\n', 'secret \u20ac', ' secret', ''])(
    'refuses the token %j and does not repeat it',
    async (token) => {
      const refused = await open('http://127.0.0.1:9', token);
      expect(refused.message).toContain('token');
      expect(`${refused.message} ${refused.nextStep}`).not.toContain('secret');
    },
  );
});
