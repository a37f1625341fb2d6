import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { z } from 'zod';
import { sha256 } from '../common/canonical.ts';
import { messageOf } from '../common/errors.ts';
import { damaged, missing } from './folderHome.ts';
import { fileProblem, hashFile, hashInto } from './hashing.ts';
import { checkedHash, parseRecordFile, recordFile } from './names.ts';
import { homeSchema, namesSchema, PAGE_NAMES, uploadSchema } from './protocol.ts';
import { ArtifactError, type ArtifactHome } from './types.ts';
import { streamFrom } from './uploads.ts';

const TRIES = 5;
const FIRST_PAUSE_MS = 200;
/** Until the answer begins; its body may take as long as it needs, with pauses up to this. */
const ANSWER_TIMEOUT_MS = 30_000;

type Body = Uint8Array | ReadableStream;

interface Ask {
  method?: string;
  /** Made anew for every try. */
  body?: () => Body;
  headers?: Record<string, string>;
  timeoutMs?: number;
}

/** A home that a coordinator serves, see server.ts. Throws an ArtifactError when it cannot be reached or refuses. */
export async function openHttpHome(options: {
  /** http://host:port, without credentials. */
  url: string;
  token: string;
  /** How long the first answer may take. */
  connectTimeoutMs?: number;
}): Promise<ArtifactHome> {
  const description = options.url.replace(/\/+$/, '');
  const authorization = `Bearer ${options.token}`;

  /** One request. Whatever is no answer, or a server's own trouble, is tried again. */
  const ask = async (path: string, how: Ask = {}, tries = TRIES): Promise<Response> => {
    for (let attempt = 1; ; attempt++) {
      let problem: string;
      try {
        const answer = await fetch(`${description}${path}`, {
          method: how.method ?? 'GET',
          headers: { ...how.headers, authorization },
          // The token must not travel on.
          redirect: 'error',
          signal: AbortSignal.timeout(how.timeoutMs ?? ANSWER_TIMEOUT_MS),
          ...(how.body && { body: how.body(), duplex: 'half' }),
        } as RequestInit);
        if (answer.status < 500 || answer.status === 507) return answer;
        problem = `it answered ${answer.status}`;
        await answer.body?.cancel();
      } catch (error) {
        const cause = (error as { cause?: unknown }).cause;
        problem = messageOf(cause ?? error);
      }
      if (attempt >= tries)
        throw new ArtifactError('unreachable', `${description} cannot be reached: ${problem}`);
      await delay(FIRST_PAUSE_MS * 2 ** (attempt - 1));
    }
  };

  const expect = async (answer: Response, hash?: string): Promise<Response> => {
    if (answer.ok) return answer;
    await answer.body?.cancel();
    const { status } = answer;
    if (status === 401 || status === 403) {
      throw new ArtifactError('refused', `${description} refused the token (ARTIFACTS_TOKEN)`, hash);
    }
    if (status === 404) throw missing(description, hash ?? 'of that name');
    if (status === 410) throw new ArtifactError('damaged', `an artifact of ${description} is damaged`, hash);
    if (status === 413)
      throw new ArtifactError('refused', `${description} does not take files that large`, hash);
    if (status === 507) throw new ArtifactError('full', `${description} is full`, hash);
    throw new ArtifactError('refused', `${description} answered ${status}`, hash);
  };

  const json = async <T>(answer: Response, schema: z.ZodType<T>): Promise<T> => {
    const parsed = schema.safeParse(await (await expect(answer)).json().catch(() => null));
    if (parsed.success) return parsed.data;
    throw new ArtifactError('refused', `${description} is not an artifact server of this project`);
  };

  const first = await ask('/v1/home', { timeoutMs: options.connectTimeoutMs ?? ANSWER_TIMEOUT_MS }, 1);
  const { id } = await json(first, homeSchema);

  const has = async (hash: string): Promise<boolean> => {
    const answer = await ask(`/v1/artifacts/${checkedHash(hash)}`, { method: 'HEAD' });
    if (answer.status === 404) return false;
    await expect(answer, hash);
    return true;
  };

  /** Sends what has not arrived yet, from wherever an earlier attempt was cut off. */
  const send = async (hash: string, size: number, from: (offset: number) => Body): Promise<void> => {
    for (let attempt = 1; ; attempt++) {
      const { bytes } = await json(await ask(`/v1/uploads/${hash}`), uploadSchema);
      // An empty body still ends the upload of an empty file, or of one whose end was not answered.
      const offset = Math.min(bytes, size);
      const answer = await ask(
        `/v1/uploads/${hash}?offset=${offset}&total=${size}`,
        { method: 'PATCH', body: () => from(offset), timeoutMs: 24 * 3600 * 1000 },
        1,
      ).catch((error) => error as ArtifactError);
      if (answer instanceof ArtifactError) {
        if (attempt >= TRIES) throw answer;
      } else if (answer.status === 201) {
        await answer.body?.cancel();
        return;
      } else if (answer.status === 409 || answer.status === 202) {
        await answer.body?.cancel();
        if (await has(hash)) return;
        if (attempt >= TRIES)
          throw new ArtifactError('unreachable', `${description} did not take ${hash}`, hash);
      } else if (answer.status === 422) {
        await answer.body?.cancel();
        if (attempt >= TRIES) throw damaged(description, hash, 'something else');
      } else await expect(answer, hash);
      await delay(FIRST_PAUSE_MS * 2 ** (attempt - 1));
    }
  };

  return {
    description,
    id,
    localPath: (hash) => {
      checkedHash(hash);
      return null;
    },
    has,
    put: async (source) => {
      if (typeof source !== 'string') {
        const hash = sha256(source);
        await send(hash, source.byteLength, (offset) => source.slice(offset));
        return hash;
      }
      const hash = await hashFile(source);
      const { size } = await stat(source);
      await send(hash, size, (offset) => Readable.toWeb(streamFrom(source, offset)) as ReadableStream);
      return hash;
    },
    fetch: async (hash, path) => {
      const part = `${path}.${checkedHash(hash)}.part`;
      try {
        await mkdir(dirname(path), { recursive: true });
        for (let attempt = 1; ; attempt++) {
          const have = (await stat(part).catch(() => null))?.size ?? 0;
          const headers: Record<string, string> = have > 0 ? { range: `bytes=${have}-` } : {};
          const answer = await ask(`/v1/artifacts/${hash}`, { headers, timeoutMs: 24 * 3600 * 1000 });
          // More is here than the artifact has: it is not a part of it.
          if (answer.status === 416) await rm(part, { force: true });
          else {
            await expect(answer, hash);
            const flags = answer.status === 206 ? 'a' : 'w';
            try {
              if (answer.body) {
                await pipeline(Readable.fromWeb(answer.body as never), createWriteStream(part, { flags }));
              } else await (await open(part, 'a')).close();
              break;
            } catch (error) {
              if (fileProblemCode(error)) throw error;
              if (attempt >= TRIES)
                throw new ArtifactError('unreachable', `${description} broke off: ${messageOf(error)}`, hash);
            }
          }
          if (attempt >= TRIES) throw new ArtifactError('unreachable', `${description} broke off`, hash);
          await delay(FIRST_PAUSE_MS * 2 ** (attempt - 1));
        }
        const found = (await hashInto(createHash('sha256'), part)).digest('hex');
        if (found !== hash) {
          await rm(part, { force: true });
          throw damaged(description, hash, found);
        }
        await rename(part, path);
      } catch (error) {
        throw fileProblem(error, `the folder ${dirname(path)}`, hash);
      }
    },
    remove: async (hash) => {
      await expect(await ask(`/v1/artifacts/${checkedHash(hash)}`, { method: 'DELETE' }), hash);
    },
    putRecord: async (kind, key, content) => {
      const hash = sha256(content);
      const file = recordFile({ key, hash });
      const answer = await ask(`/v1/records/${kind}/${file}`, {
        method: 'PUT',
        body: () => content,
      });
      await expect(answer, hash);
      return hash;
    },
    listRecords: async function* (kind, key) {
      const about = key === undefined ? '' : `&key=${checkedHash(key)}`;
      for (let after = ''; ; ) {
        const answer = await ask(`/v1/records/${kind}?after=${after}${about}`);
        const { names } = await json(answer, namesSchema);
        for (const name of names) {
          const record = parseRecordFile(name);
          if (record) yield record;
        }
        if (names.length < PAGE_NAMES) return;
        after = names.at(-1)!;
      }
    },
    readRecord: async (kind, name) => {
      const answer = await expect(await ask(`/v1/records/${kind}/${recordFile(name)}`), name.hash);
      const bytes = new Uint8Array(await answer.arrayBuffer());
      const found = sha256(bytes);
      if (found !== name.hash) throw damaged(description, name.hash, found);
      return bytes;
    },
    removeRecord: async (kind, name) => {
      await expect(await ask(`/v1/records/${kind}/${recordFile(name)}`, { method: 'DELETE' }), name.hash);
    },
    close: async () => {},
  };
}

const FILE_CODES = new Set(['ENOSPC', 'EDQUOT', 'EACCES', 'EROFS', 'EFBIG', 'EPERM']);

function fileProblemCode(error: unknown): boolean {
  return FILE_CODES.has((error as NodeJS.ErrnoException)?.code ?? '');
}
