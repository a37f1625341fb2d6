import { createReadStream } from 'node:fs';
import { open, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { sha256 } from '../common/canonical.ts';
import { damaged } from './folderHome.ts';
import { fileProblem, hashFile, writeAll } from './hashing.ts';
import { httpClient, nothing } from './httpClient.ts';
import { checkedHash, parseRecordFile, recordFile } from './names.ts';
import { fetchByParts, sizeOf } from './parts.ts';
import { PATIENCE, type Patience, patiently } from './patience.ts';
import { homeSchema, MOST_RECORD_BYTES, namesSchema, PAGE_NAMES, uploadSchema } from './protocol.ts';
import { ArtifactError, type ArtifactHome } from './types.ts';

/** The server writes to disk and hashes all of an artifact before it answers to the last piece of it. */
const UPLOAD_STALL_MS = 280_000;

/**
 * A home that a coordinator serves, see server.ts. Throws an ArtifactError when it cannot be reached or refuses, a
 * UserError on a token that cannot be one.
 */
export async function openHttpHome(options: {
  /** http://host:port, without credentials. */
  url: string;
  token: string;
  /** How long the first answer may take. */
  connectTimeoutMs?: number;
  patience?: Partial<Patience>;
}): Promise<ArtifactHome> {
  const description = options.url.replace(/\/+$/, '');
  const patience = { ...PATIENCE, ...options.patience };
  const { once, ask, json } = httpClient({ description, token: options.token, patience });
  const { id } = await once('/v1/home', { stallMs: options.connectTimeoutMs }, json(homeSchema));

  /** Sends what has not arrived yet, from wherever an earlier attempt, also of another process, was cut off. */
  const send = async (hash: string, size: number, from: (offset: number) => Pieces): Promise<void> => {
    let reached = 0;
    let hadOtherBytes = false;
    const sendRest = async (): Promise<void> => {
      const state = await once(`/v1/uploads/${hash}`, {}, json(uploadSchema), hash);
      if (state.whole) return;
      reached = state.bytes;
      const offset = Math.min(state.bytes, size);
      const status = await once(
        `/v1/uploads/${hash}?offset=${offset}&total=${size}`,
        {
          method: 'PATCH',
          stallMs: Math.max(patience.stallMs, UPLOAD_STALL_MS),
          accept: [409, 422],
          body: (alive) => Readable.toWeb(Readable.from(observed(from(offset), alive))) as ReadableStream,
        },
        async (answer) => answer.status,
        hash,
      );
      if (status === 201) return;
      // What had arrived before may have been something else: once more, from the beginning.
      if (status === 422 && hadOtherBytes) {
        throw new ArtifactError('refused', `${description} got other bytes than those of ${hash}`, hash);
      }
      hadOtherBytes ||= status === 422;
      throw new ArtifactError('unreachable', `${description} did not take all of ${hash}`, hash);
    };
    await patiently(sendRest, patience, () => reached);
  };

  return {
    description,
    id,
    localPath: (hash) => {
      checkedHash(hash);
      return null;
    },
    has: async (hash) => {
      const path = `/v1/artifacts/${checkedHash(hash)}`;
      return ask(path, { method: 'HEAD' }, async () => true, hash).catch((error) => {
        if (error instanceof ArtifactError && error.problem === 'missing') return false;
        throw error;
      });
    },
    put: async (source) => {
      if (typeof source !== 'string') {
        const hash = sha256(source);
        await send(hash, source.byteLength, (offset) => [source.subarray(offset)]);
        return hash;
      }
      const hash = await hashFile(source);
      const { size } = await stat(source);
      await send(hash, size, (start) => createReadStream(source, { start, highWaterMark: 1 << 20 }));
      return hash;
    },
    fetch: (hash, path) =>
      fetchByParts({ hash, path, description }, async (part) => {
        let reached = 0;
        const fetchRest = async (): Promise<void> => {
          reached = await sizeOf(part);
          const headers: Record<string, string> = reached > 0 ? { range: `bytes=${reached}-` } : {};
          const read = (answer: Response, alive: () => void) => append(answer, part, reached, alive);
          await once(`/v1/artifacts/${hash}`, { headers, accept: [416] }, read, hash);
        };
        await patiently(fetchRest, patience, () => reached);
      }),
    remove: (hash) => ask(`/v1/artifacts/${checkedHash(hash)}`, { method: 'DELETE' }, nothing, hash),
    putRecord: async (kind, key, content) => {
      const hash = sha256(content);
      const path = `/v1/records/${kind}/${recordFile({ key, hash })}`;
      await ask(path, { method: 'PUT', body: content }, nothing, hash);
      return hash;
    },
    listRecords: async function* (kind, key) {
      const about = key === undefined ? '' : `&key=${checkedHash(key)}`;
      for (let after = ''; ; ) {
        const path = `/v1/records/${kind}?after=${after}${about}`;
        const { names } = await ask(path, {}, json(namesSchema));
        for (const name of names) {
          const record = parseRecordFile(name);
          if (!record || name <= after) {
            throw new ArtifactError('refused', `${description} lists records that cannot be`);
          }
          after = name;
          yield record;
        }
        if (names.length < PAGE_NAMES) return;
      }
    },
    readRecord: async (kind, name) => {
      const path = `/v1/records/${kind}/${recordFile(name)}`;
      const bytes = await ask(path, {}, gathered, name.hash);
      const found = sha256(bytes);
      if (found !== name.hash) throw damaged(description, name.hash, found);
      return bytes;
    },
    removeRecord: (kind, name) =>
      ask(`/v1/records/${kind}/${recordFile(name)}`, { method: 'DELETE' }, nothing, name.hash),
    close: async () => {},
  };

  /** Appends an answer's bytes to a part that holds `have`; begins it anew when the answer does. */
  async function append(answer: Response, part: string, have: number, alive: () => void): Promise<void> {
    if (answer.status === 416) {
      await rm(part, { force: true });
      throw new ArtifactError('unreachable', `a part of an artifact of ${description} was too long`);
    }
    const goesOn = answer.status === 206;
    if (goesOn && !answer.headers.get('content-range')?.startsWith(`bytes ${have}-`)) {
      throw new ArtifactError(
        'refused',
        `${description} sent another part of an artifact than was asked for`,
      );
    }
    const here = (error: unknown) => fileProblem(error, `the folder ${dirname(part)}`);
    const file = await open(part, goesOn ? 'a' : 'w').catch((error) => {
      throw here(error);
    });
    try {
      for await (const piece of piecesOf(answer)) {
        alive();
        await writeAll(file, piece).catch((error) => {
          throw here(error);
        });
      }
    } finally {
      await file.close();
    }
  }

  async function gathered(answer: Response, alive: () => void): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    let size = 0;
    for await (const piece of piecesOf(answer)) {
      alive();
      size += piece.byteLength;
      if (size > MOST_RECORD_BYTES) {
        throw new ArtifactError(
          'refused',
          `${description} sent a record of more than ${MOST_RECORD_BYTES} bytes`,
        );
      }
      parts.push(piece);
    }
    return Buffer.concat(parts);
  }
}

type Pieces = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

function piecesOf(answer: Response): AsyncIterable<Uint8Array> {
  return (answer.body ?? Readable.from([])) as unknown as AsyncIterable<Uint8Array>;
}

async function* observed(pieces: Pieces, alive: () => void): AsyncIterable<Uint8Array> {
  for await (const piece of pieces) {
    alive();
    yield piece;
  }
}
