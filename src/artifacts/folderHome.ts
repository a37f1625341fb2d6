import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { writeFileAtomic } from '../common/atomicFile.ts';
import { sha256 } from '../common/canonical.ts';
import { messageOf, UserError } from '../common/errors.ts';
import { copyHashed, fileProblem, isAbandoned, temporaryName } from './hashing.ts';
import { checkedHash, fanOut, parseRecordFile, recordFile } from './names.ts';
import { ArtifactError, type ArtifactHome, RECORD_KINDS, type RecordKind, type RecordName } from './types.ts';

/** Copies under way; they become artifacts by being renamed. */
const INCOMING = 'incoming';
const ID_FILE = 'home.json';
const FAN_OUT = /^[0-9a-f]{2}$/;
const ABANDONED_AFTER_MS = 24 * 3600 * 1000;

/** A home whose files are also at hand: the coordinator serves them to others. */
export interface FolderHome extends ArtifactHome {
  readonly folder: string;
  localPath(hash: string): string;
}

/**
 * Artifacts in a folder of this machine or one that several machines share. Opens it, or makes it, and removes what
 * killed processes left half-copied. Throws a UserError when it cannot be used.
 */
export function openFolderHome(folder: string): FolderHome {
  const incoming = join(folder, INCOMING);
  const description = `the folder ${folder}`;
  let id: string;
  try {
    mkdirSync(incoming, { recursive: true });
    for (const kind of RECORD_KINDS) mkdirSync(join(folder, kind), { recursive: true });
    removeAbandoned(incoming);
    id = homeId(folder);
  } catch (error) {
    throw new UserError(
      `cannot use the artifact folder ${folder}: ${messageOf(error)}`,
      'check that it can be written, or set another --runs folder or ARTIFACTS_URL',
    );
  }
  const localPath = (hash: string) => join(folder, fanOut(hash), checkedHash(hash));
  const recordFolder = (kind: RecordKind, key: string) => join(folder, kind, fanOut(key));
  const recordPath = (kind: RecordKind, name: RecordName) =>
    join(recordFolder(kind, name.key), recordFile(name));

  /** What stands there already is the same bytes, unless it was damaged since: the new copy mends it. */
  const moveIn = async (source: string | Uint8Array, placeOf: (hash: string) => string): Promise<string> => {
    const temporary = join(incoming, temporaryName());
    try {
      const hash = await copyHashed(source, temporary);
      mkdirSync(dirname(placeOf(hash)), { recursive: true });
      await rename(temporary, placeOf(hash));
      return hash;
    } catch (error) {
      await rm(temporary, { force: true });
      throw typeof source === 'string' && isAbout(error, source) ? error : fileProblem(error, description);
    }
  };

  return {
    description,
    id,
    folder,
    localPath,
    has: async (hash) => (await stat(localPath(hash)).catch(() => null))?.isFile() ?? false,
    put: (source) => moveIn(source, localPath),
    fetch: async (hash, path) => {
      const from = localPath(hash);
      const temporary = `${path}.${temporaryName()}`;
      try {
        mkdirSync(dirname(path), { recursive: true });
        const found = await copyHashed(from, temporary);
        if (found !== hash) throw damaged(description, hash, found);
        await rename(temporary, path);
      } catch (error) {
        await rm(temporary, { force: true });
        throw isAbout(error, from) ? missing(description, hash) : fileProblem(error, description, hash);
      }
    },
    remove: (hash) => rm(localPath(hash), { force: true }),
    putRecord: (kind, key, content) => moveIn(content, (hash) => recordPath(kind, { key, hash })),
    listRecords: async function* (kind, key) {
      const folders = key === undefined ? await sorted(join(folder, kind)) : [fanOut(key)];
      // Other tools leave files of their own in folders.
      for (const name of folders.filter((each) => FAN_OUT.test(each))) {
        for (const file of await sorted(join(folder, kind, name))) {
          const record = parseRecordFile(file);
          if (record && (key === undefined || record.key === key)) yield record;
        }
      }
    },
    readRecord: async (kind, name) => {
      let content: Uint8Array;
      try {
        content = await readFile(recordPath(kind, name));
      } catch (error) {
        throw isMissing(error) ? missing(description, name.hash) : fileProblem(error, description, name.hash);
      }
      const found = sha256(content);
      if (found !== name.hash) throw damaged(description, name.hash, found);
      return content;
    },
    removeRecord: (kind, name) => rm(recordPath(kind, name), { force: true }),
    close: async () => {},
  };
}

export function missing(description: string, hash: string): ArtifactError {
  return new ArtifactError('missing', `${description} has no artifact ${hash}`, hash);
}

export function damaged(description: string, hash: string, found: string): ArtifactError {
  return new ArtifactError(
    'damaged',
    `the artifact ${hash} in ${description} is damaged: its bytes have the hash ${found}`,
    hash,
  );
}

const isMissing = (error: unknown) => (error as NodeJS.ErrnoException)?.code === 'ENOENT';
const isAbout = (error: unknown, path: string) =>
  isMissing(error) && (error as NodeJS.ErrnoException).path === path;

async function sorted(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** Made by whoever comes first, also when several processes come at once. */
function homeId(folder: string): string {
  const path = join(folder, ID_FILE);
  const read = (): string => {
    const { id } = JSON.parse(readFileSync(path, 'utf8')) as { id?: unknown };
    if (typeof id !== 'string' || !/^[0-9a-f]{32}$/.test(id)) throw new Error(`${path} names no home`);
    return id;
  };
  try {
    return read();
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  const mine = join(folder, INCOMING, temporaryName());
  writeFileAtomic(mine, `${JSON.stringify({ id: randomBytes(16).toString('hex') })}\n`);
  try {
    // A link, unlike a rename, does not replace what another process has put there meanwhile.
    linkSync(mine, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(mine, { force: true });
  }
  return read();
}

/** Copies of killed processes of this machine, and whatever is so old that nobody can be at it. */
function removeAbandoned(incoming: string): void {
  for (const name of readdirSync(incoming)) {
    const file = join(incoming, name);
    const found = statSync(file, { throwIfNoEntry: false });
    if (!found?.isFile()) continue;
    if (isAbandoned(name) || Date.now() - found.mtimeMs > ABANDONED_AFTER_MS) rmSync(file, { force: true });
  }
}
