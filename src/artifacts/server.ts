import { timingSafeEqual } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Server } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { serve } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import { sha256 } from '../common/canonical.ts';
import { messageOf, UserError } from '../common/errors.ts';
import type { FolderHome } from './folderHome.ts';
import { fileProblem } from './hashing.ts';
import { isHash, parseRecordFile, recordFile } from './names.ts';
import { isToken, kindSchema, LEAST_TOKEN_CHARACTERS, MOST_RECORD_BYTES, PAGE_NAMES } from './protocol.ts';
import { ArtifactError } from './types.ts';
import { openUploads } from './uploads.ts';
import { rememberVerified } from './verified.ts';

export interface ServerOptions {
  home: FolderHome;
  /** Loopback unless told otherwise. */
  host?: string;
  /** 0: any free one. */
  port: number;
  token: string;
  limits?: Partial<ServerLimits>;
  log(line: string): void;
}

export interface ServerLimits {
  artifactBytes: number;
  recordBytes: number;
  /** A sender that is silent for so long may be gone, its connection left behind: another may go on. */
  quietMs: number;
}

const LIMITS: ServerLimits = { artifactBytes: 1e12, recordBytes: MOST_RECORD_BYTES, quietMs: 5000 };
const HEADERS_TIMEOUT_MS = 10_000;
/** Longer than a disk takes to hash what an upload has brought; only whoever has the token can be so slow. */
const IDLE_TIMEOUT_MS = 300_000;

export interface ArtifactServer {
  /** `http://127.0.0.1:7420` */
  readonly url: string;
  close(): Promise<void>;
}

/** Serves a folder of artifacts to whoever has the token. Throws a UserError on a weak token or a port that is taken. */
export async function serveArtifacts(options: ServerOptions): Promise<ArtifactServer> {
  const { host = '127.0.0.1', port, token, log } = options;
  if (token.length < LEAST_TOKEN_CHARACTERS) {
    throw new UserError(
      `the token for artifacts over HTTP has ${token.length} characters; at least ${LEAST_TOKEN_CHARACTERS} are needed`,
      'set ARTIFACTS_TOKEN or ARTIFACTS_TOKEN_FILE, e.g. to the output of: openssl rand -hex 32',
    );
  }
  if (!isToken(token)) {
    throw new UserError(
      'the token for artifacts over HTTP has characters that cannot be sent',
      'set ARTIFACTS_TOKEN or ARTIFACTS_TOKEN_FILE, e.g. to the output of: openssl rand -hex 32',
    );
  }
  const app = await artifactApp(options);
  const server = await new Promise<Server>((listening, failed) => {
    const opened = serve({ fetch: app.fetch, hostname: host, port }, () =>
      listening(opened as Server),
    ) as Server;
    opened.once('error', (error: NodeJS.ErrnoException) =>
      failed(
        new UserError(
          `artifacts cannot be served on ${host}:${port}: ${error.code === 'EADDRINUSE' ? 'the port is taken' : error.message}`,
          'set ARTIFACTS_LISTEN to another host:port',
        ),
      ),
    );
  });
  server.headersTimeout = HEADERS_TIMEOUT_MS;
  server.requestTimeout = 0;
  server.setTimeout(IDLE_TIMEOUT_MS);
  server.on('error', (error) => log(`artifact server: ${error.message}`));
  const { port: chosen } = server.address() as { port: number };
  const shown = host.includes(':') ? `[${host}]` : host;
  return {
    url: `http://${shown}:${chosen}`,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}

/** The routes, see protocol.ts. Names are hashes or nothing: no other text of a request reaches the disk. */
async function artifactApp({ home, token, limits, log }: ServerOptions): Promise<Hono> {
  const most = { ...LIMITS, ...limits };
  const uploads = await openUploads(join(home.folder, 'incoming', 'uploads'), most.quietMs);
  const verified = rememberVerified();
  const app = new Hono();
  const expected = Buffer.from(sha256(`Bearer ${token}`));

  app.use(async (context, next) => {
    // Hashes of equal length: the comparison takes the same time however much of a guess is right.
    const given = Buffer.from(sha256(context.req.header('authorization') ?? ''));
    if (!timingSafeEqual(given, expected))
      return context.json({ error: 'the token is missing or wrong' }, 401);
    await next();
    context.header('X-Content-Type-Options', 'nosniff');
    context.header('Cache-Control', 'no-store');
    return undefined;
  });
  app.onError((error, context) => {
    const problem = fileProblem(error, home.description);
    if (problem instanceof ArtifactError) {
      if (problem.problem === 'full') return context.json({ error: 'no room is left' }, 507);
      if (problem.problem === 'missing') return nothing(context);
      if (problem.problem === 'damaged') return context.json({ error: 'the artifact is damaged' }, 410);
    }
    log(`artifact server: ${messageOf(error)}`);
    return context.json({ error: 'this server could not do it' }, 500);
  });
  app.notFound((context) => nothing(context));

  app.get('/v1/home', (context) => context.json({ id: home.id }));

  // HEAD too: the framework answers it without the body.
  app.get('/v1/artifacts/:hash', async (context) => {
    const { hash } = context.req.param();
    if (!isHash(hash)) return nothing(context);
    const path = home.localPath(hash);
    const size = (await stat(path).catch(() => null))?.size;
    if (size === undefined) return nothing(context);
    const range = /^bytes=(\d{1,15})-$/.exec(context.req.header('range') ?? '');
    const from = range ? Number(range[1]) : 0;
    if (from > size) return context.json({ error: 'the range begins after the end' }, 416);
    const headers = {
      'Content-Type': 'application/octet-stream',
      'Content-Length': `${size - from}`,
      ...(range && { 'Content-Range': `bytes ${from}-${Math.max(size - 1, 0)}/${size}` }),
    };
    if (context.req.method === 'HEAD') return context.body(null, 200, headers);
    const body = Readable.toWeb(
      createReadStream(path, { start: from, highWaterMark: 1 << 20 }),
    ) as ReadableStream;
    return context.body(body, range ? 206 : 200, headers);
  });
  app.delete('/v1/artifacts/:hash', async (context) => {
    const { hash } = context.req.param();
    if (!isHash(hash)) return nothing(context);
    await home.remove(hash);
    return context.json({});
  });

  app.get('/v1/uploads/:hash', async (context) => {
    const { hash } = context.req.param();
    if (!isHash(hash)) return nothing(context);
    const whole = (await verified.isWhole(home.localPath(hash), hash)) === true;
    return context.json({ bytes: await uploads.received(hash), whole });
  });
  app.patch('/v1/uploads/:hash', async (context) => {
    const { hash } = context.req.param();
    if (!isHash(hash)) return nothing(context);
    const offset = wholeNumber(context.req.query('offset'));
    const total = wholeNumber(context.req.query('total'));
    if (offset === null || total === null || offset > total) {
      return context.json({ error: 'offset and total must be whole numbers' }, 400);
    }
    if (total > most.artifactBytes) return context.json({ error: 'the artifact is too large' }, 413);
    const outcome = await uploads.append(
      { hash, offset, total, pieces: bodyOf(context) },
      home.localPath(hash),
    );
    switch (outcome) {
      case 'kept':
        return context.json({}, 202);
      case 'moved':
        verified.add(home.localPath(hash));
        return context.json({}, 201);
      case 'damaged':
        return context.json({ error: 'the bytes do not have this hash' }, 422);
      case 'changed':
        return context.json({ error: 'it goes on elsewhere, or another is at it' }, 409);
      case 'too large':
        return context.json({ error: 'more bytes came than were announced' }, 413);
    }
  });

  app.get('/v1/records/:kind', async (context) => {
    const kind = kindSchema.safeParse(context.req.param('kind'));
    const key = context.req.query('key');
    const after = context.req.query('after') ?? '';
    if (!kind.success || (key !== undefined && !isHash(key))) return nothing(context);
    if (after !== '' && !parseRecordFile(after)) return nothing(context);
    const names: string[] = [];
    for await (const record of home.listRecords(kind.data, key)) {
      const file = recordFile(record);
      if (file <= after) continue;
      names.push(file);
      if (names.length === PAGE_NAMES) break;
    }
    return context.json({ names });
  });
  app.get('/v1/records/:kind/:file', async (context) => {
    const kind = kindSchema.safeParse(context.req.param('kind'));
    const record = parseRecordFile(context.req.param('file'));
    if (!kind.success || !record) return nothing(context);
    const bytes = await home.readRecord(kind.data, record);
    return context.body(new Uint8Array(bytes), 200, { 'Content-Type': 'application/octet-stream' });
  });
  app.put('/v1/records/:kind/:file', async (context) => {
    const kind = kindSchema.safeParse(context.req.param('kind'));
    const record = parseRecordFile(context.req.param('file'));
    if (!kind.success || !record) return nothing(context);
    const bytes = await gathered(bodyOf(context), most.recordBytes);
    if (bytes === null) return context.json({ error: 'the record is too large' }, 413);
    if (sha256(bytes) !== record.hash) return context.json({ error: 'the bytes do not have this hash' }, 422);
    await home.putRecord(kind.data, record.key, bytes);
    return context.json({}, 201);
  });
  app.delete('/v1/records/:kind/:file', async (context) => {
    const kind = kindSchema.safeParse(context.req.param('kind'));
    const record = parseRecordFile(context.req.param('file'));
    if (!kind.success || !record) return nothing(context);
    await home.removeRecord(kind.data, record);
    return context.json({});
  });
  return app;
}

function nothing(context: Context) {
  return context.json({ error: 'there is no such thing here' }, 404);
}

function wholeNumber(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null;
}

function bodyOf(context: Context): AsyncIterable<Uint8Array> {
  return (context.req.raw.body ?? []) as unknown as AsyncIterable<Uint8Array>;
}

/** null when there is more than `mostBytes`: the rest is not read. */
async function gathered(pieces: AsyncIterable<Uint8Array>, mostBytes: number): Promise<Uint8Array | null> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const piece of pieces) {
    size += piece.byteLength;
    if (size > mostBytes) return null;
    parts.push(piece);
  }
  return Buffer.concat(parts);
}
