import { mkdirSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isAbandoned, temporaryName } from './hashing.ts';
import { isHash } from './names.ts';

/** What processes that share a folder use at the moment. */
export interface Pins {
  /** Holds on to these until the returned function is called, or this process is gone. */
  pin(hashes: readonly string[]): () => void;
  inUse(): Set<string>;
}

/** The end of a process of another machine, or of another container, cannot be seen: its pins grow old instead. */
const RENEW_EVERY_MS = 3600 * 1000;
const FORGOTTEN_AFTER_MS = 24 * RENEW_EVERY_MS;

/** The pins of this very process: one with its number that is not here is of an earlier process. */
const mine = new Set<string>();
const [HOST, PID] = temporaryName().split('.');

/** One small file a pin, named `<hash>.<whose>`. */
export function openPins(folder: string): Pins {
  return {
    pin: (hashes) => {
      const files = hashes.map((hash) => join(folder, `${hash}.${temporaryName()}`));
      if (files.length === 0) return () => {};
      mkdirSync(folder, { recursive: true });
      const renewal = setInterval(() => files.forEach(renew), RENEW_EVERY_MS);
      renewal.unref();
      const release = () => {
        clearInterval(renewal);
        for (const file of files) {
          mine.delete(file);
          rmSync(file, { force: true });
        }
      };
      try {
        for (const file of files) {
          mine.add(file);
          writeFileSync(file, '', { flag: 'wx' });
        }
      } catch (error) {
        release();
        throw error;
      }
      return release;
    },
    inUse: () => {
      const used = new Set<string>();
      for (const name of namesIn(folder)) {
        const hash = name.slice(0, 64);
        if (!isHash(hash)) continue;
        const file = join(folder, name);
        if (isForgotten(file, name.slice(65))) rmSync(file, { force: true });
        else used.add(hash);
      }
      return used;
    },
  };
}

function isForgotten(file: string, whose: string): boolean {
  if (mine.has(file)) return false;
  if (whose.startsWith(`${HOST}.${PID}.`) || isAbandoned(whose)) return true;
  const renewed = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return Date.now() - renewed > FORGOTTEN_AFTER_MS;
}

function renew(file: string): void {
  try {
    utimesSync(file, new Date(), new Date());
  } catch {
    // Somebody cleared the folder: what this process uses, it has open.
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
