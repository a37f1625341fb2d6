import { mkdirSync, readdirSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { isAbandoned, temporaryName } from './hashing.ts';
import { checkedHash, isHash } from './names.ts';
import { openPins } from './pins.ts';
import { ArtifactError, type ArtifactHome } from './types.ts';
import { rememberVerified } from './verified.ts';

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

/** Of a fetch that nobody has gone on with since. */
const ABANDONED_AFTER_MS = 24 * 3600 * 1000;

/** Local copies of a home's artifacts. What the home has in a folder of this machine is used in place. */
export function openArtifactCache(options: CacheOptions): ArtifactCache {
  const { home, folder, maxBytes, log } = options;
  const verified = rememberVerified();
  const arriving = new Map<string, Promise<string>>();
  const pins = openPins(join(folder, 'in-use'));

  const get = async (hash: string): Promise<string> => {
    const inPlace = home.localPath(hash);
    if (inPlace !== null) {
      const whole = await verified.isWhole(inPlace, hash);
      if (whole) return inPlace;
      const problem = whole === null ? 'missing' : 'damaged';
      throw new ArtifactError(problem, `the artifact ${inPlace} is ${problem}`, hash);
    }
    const path = join(folder, checkedHash(hash));
    const whole = await verified.isWhole(path, hash);
    if (whole) return path;
    if (whole === false) log(`the copy ${path} is damaged: it is fetched again`);
    await home.fetch(hash, path).catch((error) => {
      if (!(error instanceof ArtifactError) || error.problem !== 'full' || makeRoom(0) === 0) throw error;
      log(`${error.message}: copies that are not in use were removed`);
      return home.fetch(hash, path);
    });
    verified.add(path);
    makeRoom(maxBytes);
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

  /** Removes what was used longest ago until no more than `bytes` are left, or all is in use. Returns what it freed. */
  const makeRoom = (bytes: number): number => {
    const copies = copiesIn(folder).sort((a, b) => a.usedMs - b.usedMs);
    let total = copies.reduce((sum, copy) => sum + copy.bytes, 0);
    const before = total;
    for (const { hash, bytes: size } of copies) {
      if (total <= bytes) break;
      if (pins.inUse().has(hash)) continue;
      if (removeUnused(hash)) total -= size;
    }
    removeAbandoned(folder);
    return before - total;
  };

  /** False when another process has begun to use it in this very moment: it is then put back. */
  const removeUnused = (hash: string): boolean => {
    const copy = join(folder, hash);
    const aside = `${copy}.${hash}.${temporaryName()}`;
    try {
      renameSync(copy, aside);
    } catch {
      // Another process was faster.
      return true;
    }
    if (pins.inUse().has(hash)) {
      renameSync(aside, copy);
      return false;
    }
    rmSync(aside, { force: true });
    return true;
  };

  return {
    use: async (hashes, work) => {
      const wanted = [...new Set(hashes)];
      const far = wanted.filter((hash) => home.localPath(hash) === null);
      if (far.length > 0) mkdirSync(folder, { recursive: true });
      const release = pins.pin(far);
      try {
        const paths = new Map<string, string>();
        for (const hash of wanted) {
          const found = await path(hash);
          paths.set(hash, found);
          if (far.includes(hash)) verified.keep(found, () => markUsed(found));
        }
        return await work((hash) => {
          const found = paths.get(hash);
          if (found === undefined) throw new Error(`the artifact ${hash} was not asked for`);
          return found;
        });
      } finally {
        release();
      }
    },
  };
}

function copiesIn(folder: string): { hash: string; bytes: number; usedMs: number }[] {
  return readdirSync(folder)
    .filter(isHash)
    .flatMap((hash) => {
      const stat = statSync(join(folder, hash), { throwIfNoEntry: false });
      return stat?.isFile() ? [{ hash, bytes: stat.size, usedMs: stat.atimeMs }] : [];
    });
}

/** Parts of fetches that broke off, whose artifact nobody has asked for since. */
function removeAbandoned(folder: string): void {
  for (const name of readdirSync(folder)) {
    const [hash, again, ...rest] = name.split('.');
    if (!isHash(hash) || again !== hash || (rest[0] !== 'part' && !isAbandoned(rest.join('.')))) continue;
    const stat = statSync(join(folder, name), { throwIfNoEntry: false });
    if (stat && Date.now() - stat.mtimeMs > ABANDONED_AFTER_MS) rmSync(join(folder, name), { force: true });
  }
}

/** Reading does not move a file's access time on every file system: it is set. */
function markUsed(path: string): void {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat) utimesSync(path, new Date(), stat.mtime);
}
