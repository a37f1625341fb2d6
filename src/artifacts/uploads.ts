import { mkdir, open, readdir, rename, rm, stat, truncate } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { hashFile, isFull, writeAll } from './hashing.ts';
import { checkedHash } from './names.ts';

export interface UploadPiece {
  hash: string;
  /** Where the piece begins, and how long the artifact is. */
  offset: number;
  total: number;
  pieces: AsyncIterable<Uint8Array>;
}

/**
 * `kept`: more is to come. `moved`: it was the last, and the artifact stands at its place. `damaged`: it was, and has
 * another hash; nothing of it is left. `changed`: another is at it, or it goes on elsewhere: ask how much has arrived.
 */
export type UploadOutcome = 'kept' | 'moved' | 'damaged' | 'changed' | 'too large';

/** Artifacts that arrive in pieces, each in a file that nobody else sees until it is whole. */
export interface Uploads {
  /** How many bytes of it have arrived. */
  received(hash: string): Promise<number>;
  append(piece: UploadPiece, path: string): Promise<UploadOutcome>;
}

interface Arrival {
  /** When something last came of it, performance.now(). */
  lastMs: number;
  stop(): void;
  ended: Promise<unknown>;
}

const ABANDONED_AFTER_MS = 24 * 3600 * 1000;

/** `quietMs`: after so long without a piece, another sender may go on. */
export async function openUploads(folder: string, quietMs: number): Promise<Uploads> {
  await mkdir(folder, { recursive: true });
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const found = await stat(path).catch(() => null);
    if (found && Date.now() - found.mtimeMs > ABANDONED_AFTER_MS) await rm(path, { force: true });
  }
  const partOf = (hash: string) => join(folder, `${checkedHash(hash)}.part`);
  const received = async (hash: string) => (await stat(partOf(hash)).catch(() => null))?.size ?? 0;
  const arrivals = new Map<string, Arrival>();

  return {
    received,
    append: async (piece, path) => {
      const under = arrivals.get(piece.hash);
      if (under && performance.now() - under.lastMs < quietMs) return 'changed';
      if (under) {
        under.stop();
        await under.ended;
        if (arrivals.has(piece.hash)) return 'changed';
      }
      const stopped = new AbortController();
      const arrival: Arrival = {
        lastMs: performance.now(),
        stop: () => stopped.abort(),
        ended: Promise.resolve(),
      };
      arrivals.set(piece.hash, arrival);
      const work = take(piece, path, arrival, stopped.signal).finally(() => arrivals.delete(piece.hash));
      arrival.ended = work.catch(() => {});
      return work;
    },
  };

  async function take(
    { hash, offset, total, pieces }: UploadPiece,
    path: string,
    arrival: Arrival,
    stopped: AbortSignal,
  ): Promise<UploadOutcome> {
    const part = partOf(hash);
    if ((await received(hash)) !== offset) return 'changed';
    let size = offset;
    const file = await open(part, 'a');
    try {
      for await (const bytes of untilStopped(pieces, stopped)) {
        if (size + bytes.byteLength > total) {
          await rm(part, { force: true });
          return 'too large';
        }
        await writeAll(file, bytes);
        size += bytes.byteLength;
        arrival.lastMs = performance.now();
      }
      await file.sync();
    } catch (error) {
      // What came before a break is kept, but not on a full disk, nor half a piece.
      if (isFull(error)) await rm(part, { force: true });
      else await truncate(part, size).catch(() => {});
      throw error;
    } finally {
      await file.close();
    }
    if (stopped.aborted) return 'changed';
    if (size < total) return 'kept';
    // From here on nobody takes over: it takes as long as it takes.
    arrival.lastMs = Number.POSITIVE_INFINITY;
    if ((await hashFile(part)) !== hash) {
      await rm(part, { force: true });
      return 'damaged';
    }
    await mkdir(dirname(path), { recursive: true });
    await rename(part, path);
    return 'moved';
  }
}

/** Also ends while it waits for a piece that never comes. */
async function* untilStopped<T>(pieces: AsyncIterable<T>, stopped: AbortSignal): AsyncIterable<T> {
  // One listener for all: a race per piece would keep every piece in memory.
  let end: (result: { done: true; value: undefined }) => void = () => {};
  stopped.addEventListener('abort', () => end({ done: true, value: undefined }), { once: true });
  const source = pieces[Symbol.asyncIterator]();
  while (!stopped.aborted) {
    const { done, value } = await new Promise<IteratorResult<T, undefined>>((come, failed) => {
      end = come;
      source.next().then(come, failed);
    });
    if (done) return;
    yield value;
  }
}
