import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { messageOf, UserError } from '../common/errors.ts';
import { isAlive } from '../common/processes.ts';

/** Files kept by the SHA-256 of their bytes: the same content is kept once, and a name cannot lie. */
export interface Artifacts {
  /** Copies a file (given by its path) or bytes in. Returns the hash. */
  put(source: string | Uint8Array): Promise<string>;
  has(hash: string): boolean;
  /** Where the artifact stands, or would stand. Throws a UserError on what is not a SHA-256 in hex. */
  path(hash: string): string;
  /** Reads the artifact and compares. Throws a UserError naming the file when it is missing or not what it was. */
  verify(hash: string): Promise<void>;
  /** Missing is fine. */
  remove(hash: string): void;
}

/** Copies under way; they become artifacts by being renamed. */
const INCOMING = 'incoming';
const ABANDONED_AFTER_MS = 24 * 3600 * 1000;

/** Opens the artifact folder, or makes it, and removes what killed processes left half-copied. */
export function openArtifacts(folder: string): Artifacts {
  const incoming = join(folder, INCOMING);
  try {
    mkdirSync(incoming, { recursive: true });
    removeAbandoned(incoming);
  } catch (error) {
    throw new UserError(
      `cannot use the artifact folder ${folder}: ${messageOf(error)}`,
      'check that it can be written, or set another --runs folder',
    );
  }

  const path = (hash: string): string => {
    if (!/^[0-9a-f]{64}$/.test(hash)) {
      throw new UserError(
        `${JSON.stringify(hash)} is not the name of an artifact`,
        'an artifact is named by 64 lower-case hex digits, the SHA-256 of its bytes',
      );
    }
    return join(folder, hash.slice(0, 2), hash);
  };
  const has = (hash: string): boolean => statSync(path(hash), { throwIfNoEntry: false })?.isFile() ?? false;

  return {
    path,
    has,
    put: async (source) => {
      const temporary = join(incoming, `${process.pid}.${randomBytes(6).toString('hex')}.tmp`);
      try {
        const hash = await copyHashed(source, temporary);
        // What stands there already is the same bytes, unless it was damaged since: the new copy mends it.
        mkdirSync(dirname(path(hash)), { recursive: true });
        await rename(temporary, path(hash));
        return hash;
      } catch (error) {
        await rm(temporary, { force: true });
        throw error;
      }
    },
    verify: async (hash) => {
      const file = path(hash);
      let found: string;
      try {
        found = await hashFile(file);
      } catch (error) {
        throw new UserError(
          `the artifact ${file} cannot be read: ${messageOf(error)}`,
          'run again: the run that made it is trained anew',
        );
      }
      if (found !== hash) {
        throw new UserError(
          `the artifact ${file} is damaged: its bytes have the hash ${found}`,
          'delete it and run again: the run that made it is trained anew',
        );
      }
    },
    remove: (hash) => rmSync(path(hash), { force: true }),
  };
}

/** Copies to a new file that is on disk when this resolves. The hash is of the very bytes written. */
async function copyHashed(source: string | Uint8Array, to: string): Promise<string> {
  const hash = createHash('sha256');
  const file = await open(to, 'wx');
  try {
    const chunks =
      typeof source === 'string' ? createReadStream(source, { highWaterMark: 1 << 20 }) : [source];
    for await (const chunk of chunks as AsyncIterable<Uint8Array> | Iterable<Uint8Array>) {
      hash.update(chunk);
      await writeAll(file, chunk);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return hash.digest('hex');
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.byteLength; ) {
    done += (await file.write(bytes, done)).bytesWritten;
  }
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** A copy belongs to a killed process when its pid is gone, or when it is so old that the pid is another's by now. */
function removeAbandoned(incoming: string): void {
  for (const name of readdirSync(incoming)) {
    const file = join(incoming, name);
    const pid = Number(name.split('.')[0]);
    const age = Date.now() - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0);
    if (!isAlive(pid) || age > ABANDONED_AFTER_MS) rmSync(file, { force: true });
  }
}
