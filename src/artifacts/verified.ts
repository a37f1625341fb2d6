import { statSync } from 'node:fs';
import { hashFile } from './hashing.ts';

/** Remembers which files were whole, so that a large one is not read again each time. */
export interface VerifiedFiles {
  /** Whether the file has this hash; null when there is none. One that has not changed since is not read again. */
  isWhole(path: string, hash: string): Promise<boolean | null>;
  /** Says that the file as it is now is known to be whole. */
  add(path: string): void;
  /** Calls `change`, which leaves the bytes as they are, without forgetting that they were verified. */
  keep(path: string, change: () => void): void;
}

/** Far more than a sweep has; beyond it, the oldest are read again. */
const MOST_FILES = 100_000;

export function rememberVerified(): VerifiedFiles {
  const states = new Map<string, string>();
  const add = (path: string): void => {
    const state = stateOf(path);
    states.delete(path);
    if (state !== null) states.set(path, state);
    if (states.size > MOST_FILES) for (const oldest of states.keys()) return void states.delete(oldest);
  };
  return {
    add,
    isWhole: async (path, hash) => {
      const state = stateOf(path);
      if (state === null) return null;
      if (states.get(path) === state) return true;
      try {
        if ((await hashFile(path)) !== hash) return false;
      } catch (error) {
        // Another process has removed it meanwhile.
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
        throw error;
      }
      // The state from before: a change while it was read is seen the next time.
      states.set(path, state);
      return true;
    },
    keep: (path, change) => {
      const known = states.has(path) && states.get(path) === stateOf(path);
      change();
      if (known) add(path);
    },
  };
}

/** What changes when a file's bytes do: size, time of change, and the file behind the name. */
function stateOf(path: string): string | null {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat?.isFile() ? `${stat.size} ${stat.mtimeMs} ${stat.ino}` : null;
}
