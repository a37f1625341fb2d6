import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { damaged } from './folderHome.ts';
import { fileProblem, hashFile, isAbandoned, temporaryName } from './hashing.ts';
import { checkedHash } from './names.ts';
import { ArtifactError } from './types.ts';

/**
 * Fetches an artifact to `path` by way of a part beside it, which stays when a fetch breaks off and is gone on with by
 * the next, also of another process. `more` gets the file to append to and how many bytes it holds. Throws an
 * ArtifactError: `damaged` only for bytes that were all fetched now.
 */
export async function fetchByParts(
  { hash, path, description }: { hash: string; path: string; description: string },
  more: (part: string, have: number) => Promise<void>,
): Promise<void> {
  checkedHash(hash);
  const inFolder = `the folder ${dirname(path)}`;
  let part: string | undefined;
  try {
    await mkdir(dirname(path), { recursive: true });
    part = await claimPart(path, hash);
    for (let have = await sizeOf(part); ; have = 0) {
      await more(part, have);
      const found = await hashFile(part);
      if (found === hash) break;
      await rm(part, { force: true });
      // What lay here before may be of another artifact, or of a copy that was mended since.
      if (have === 0) throw damaged(description, hash, found);
    }
    await flush(part);
    await rename(part, path);
  } catch (error) {
    const problem = fileProblem(error, inFolder, hash);
    if (part !== undefined) await leavePart(part, path, hash, problem);
    throw problem;
  }
}

export async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => null))?.size ?? 0;
}

/** A name that only this call has, with the bytes of a fetch that broke off, or whose process is gone. */
async function claimPart(path: string, hash: string): Promise<string> {
  const mine = `${path}.${hash}.${temporaryName()}`;
  const beginning = `${basename(path)}.${hash}.`;
  const abandoned = (await readdir(dirname(path)))
    .filter((name) => name.startsWith(beginning) && isAbandoned(name.slice(beginning.length)))
    .map((name) => join(dirname(path), name));
  for (const left of [leftName(path, hash), ...abandoned]) {
    try {
      // Of several that want it, one gets it.
      await rename(left, mine);
      return mine;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  return mine;
}

/** For the next fetch; on a full disk it is in the way. */
async function leavePart(part: string, path: string, hash: string, problem: unknown): Promise<void> {
  if (problem instanceof ArtifactError && problem.problem === 'full') await rm(part, { force: true });
  else await rename(part, leftName(path, hash)).catch(() => {});
}

function leftName(path: string, hash: string): string {
  return `${path}.${hash}.part`;
}

async function flush(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
