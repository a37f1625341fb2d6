import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { hashInto, writeAll } from './hashing.ts';
import { checkedHash } from './names.ts';

/** Artifacts that arrive in pieces, each in a file that only this folder shows until it is whole. */
export interface Uploads {
  /** How much of it has arrived. */
  received(hash: string): Promise<number>;
  /** Appends from `offset`. `changed`: another piece came first; ask again how much has arrived. */
  append(
    hash: string,
    offset: number,
    pieces: AsyncIterable<Uint8Array>,
    mostBytes: number,
  ): Promise<'appended' | 'changed' | 'too large'>;
  /** Moves the whole file to `path`; 'damaged' when its bytes do not have this hash: it is then gone. */
  finish(hash: string, path: string): Promise<'moved' | 'damaged'>;
}

const ABANDONED_AFTER_MS = 24 * 3600 * 1000;

export async function openUploads(folder: string): Promise<Uploads> {
  await mkdir(folder, { recursive: true });
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const age = Date.now() - (await stat(path)).mtimeMs;
    if (age > ABANDONED_AFTER_MS) await rm(path, { force: true });
  }
  const pathOf = (hash: string) => join(folder, `${checkedHash(hash)}.part`);
  const busy = new Set<string>();
  const received = async (hash: string) => (await stat(pathOf(hash)).catch(() => null))?.size ?? 0;

  return {
    received,
    append: async (hash, offset, pieces, mostBytes) => {
      // Two workers may send the same artifact: the second waits, and finds it there.
      if (busy.has(hash)) return 'changed';
      busy.add(hash);
      let size = offset;
      try {
        if ((await received(hash)) !== offset) return 'changed';
        const file = await open(pathOf(hash), 'a');
        try {
          for await (const piece of pieces) {
            if (size + piece.byteLength > mostBytes) {
              await rm(pathOf(hash), { force: true });
              return 'too large';
            }
            await writeAll(file, piece);
            size += piece.byteLength;
          }
          await file.sync();
        } finally {
          await file.close();
        }
        return 'appended';
      } catch (error) {
        // What came before the break is kept; a piece that could not be written whole (no room) is not.
        await truncate(pathOf(hash), size).catch(() => {});
        throw error;
      } finally {
        busy.delete(hash);
      }
    },
    finish: async (hash, path) => {
      const part = pathOf(hash);
      const found = (await hashInto(createHash('sha256'), part)).digest('hex');
      if (found !== hash) {
        await rm(part, { force: true });
        return 'damaged';
      }
      await mkdir(join(path, '..'), { recursive: true });
      await rename(part, path);
      return 'moved';
    },
  };
}

/** A file's bytes from an offset, streamed. */
export function streamFrom(path: string, offset: number) {
  return createReadStream(path, { start: offset, highWaterMark: 1 << 20 });
}
