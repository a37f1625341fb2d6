import { mkdirSync, readdirSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { hashFile } from './hashing.ts';
import { checkedHash, isHash } from './names.ts';
import { ArtifactError, type ArtifactHome } from './types.ts';

export interface ArtifactCache {
  /**
   * Calls `work` with a path for each hash: whole, verified copies, which stay until it has ended. Throws an
   * ArtifactError when one cannot be had.
   */
  use<T>(hashes: readonly string[], work: (pathOf: (hash: string) => string) => Promise<T>): Promise<T>;
}

export interface CacheOptions {
  home: ArtifactHome;
  /** For copies of what must be fetched; several processes may share it. */
  folder: string;
  /** Above this the copies that were used longest ago are removed; never those in use. */
  maxBytes: number;
  log(line: string): void;
}

/** Local copies of a home's artifacts. What the home has in a folder of this machine is used in place. */
export function openArtifactCache(options: CacheOptions): ArtifactCache {
  const { home, folder, maxBytes, log } = options;
  /** Size and time of what was hashed: a file that has not changed since is not hashed again. */
  const verified = new Map<string, string>();
  const arriving = new Map<string, Promise<string>>();
  const inUse = new Map<string, number>();

  const isWhole = async (path: string, hash: string): Promise<boolean | null> => {
    const state = stateOf(path);
    if (state === null) return null;
    if (verified.get(path) === state) return true;
    if ((await hashFile(path)) !== hash) return false;
    verified.set(path, state);
    return true;
  };

  const get = async (hash: string): Promise<string> => {
    const inPlace = home.localPath(hash);
    if (inPlace !== null) {
      const whole = await isWhole(inPlace, hash);
      if (whole) return inPlace;
      throw new ArtifactError(
        whole === null ? 'missing' : 'damaged',
        `the artifact ${inPlace} is ${whole === null ? 'missing' : 'damaged'}`,
        hash,
      );
    }
    const path = join(folder, checkedHash(hash));
    const whole = await isWhole(path, hash);
    if (whole === false) log(`the copy ${path} is damaged: it is fetched again`);
    if (!whole) {
      mkdirSync(folder, { recursive: true });
      await home.fetch(hash, path);
      const state = stateOf(path);
      if (state !== null) verified.set(path, state);
      makeRoom();
    }
    return path;
  };

  /** One fetch at a time for a hash, however many ask for it. */
  const path = (hash: string): Promise<string> => {
    const under = arriving.get(hash);
    if (under) return under;
    const arrival = get(hash).finally(() => arriving.delete(hash));
    arriving.set(hash, arrival);
    return arrival;
  };

  const makeRoom = (): void => {
    const copies = readdirSync(folder)
      .filter(isHash)
      .flatMap((hash) => {
        const stat = statSync(join(folder, hash), { throwIfNoEntry: false });
        return stat ? [{ hash, bytes: stat.size, usedMs: stat.atimeMs }] : [];
      })
      .sort((a, b) => a.usedMs - b.usedMs);
    let total = copies.reduce((sum, copy) => sum + copy.bytes, 0);
    for (const { hash, bytes } of copies) {
      if (total <= maxBytes) return;
      if (inUse.has(hash)) continue;
      rmSync(join(folder, hash), { force: true });
      verified.delete(join(folder, hash));
      total -= bytes;
    }
  };

  return {
    use: async (hashes, work) => {
      const wanted = [...new Set(hashes)];
      for (const hash of wanted) inUse.set(hash, (inUse.get(hash) ?? 0) + 1);
      try {
        const paths = new Map<string, string>();
        for (const hash of wanted) {
          const found = await path(hash);
          paths.set(hash, found);
          if (home.localPath(hash) === null) markUsed(found, verified);
        }
        return await work((hash) => {
          const found = paths.get(hash);
          if (found === undefined) throw new Error(`the artifact ${hash} was not asked for`);
          return found;
        });
      } finally {
        for (const hash of wanted) {
          const left = inUse.get(hash)! - 1;
          if (left === 0) inUse.delete(hash);
          else inUse.set(hash, left);
        }
      }
    },
  };
}

function stateOf(path: string): string | null {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat?.isFile() ? `${stat.size} ${stat.mtimeMs} ${stat.ino}` : null;
}

/** Reading does not move a file's access time on every file system: it is set. */
function markUsed(path: string, verified: Map<string, string>): void {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) return;
  utimesSync(path, new Date(), stat.mtime);
  const state = stateOf(path);
  if (state !== null && verified.has(path)) verified.set(path, state);
}
