import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync, type Stats, statSync } from 'node:fs';
import { relative, resolve, sep } from 'node:path';
import { glob, isDynamicPattern } from 'tinyglobby';
import { UserError } from '../common/errors.ts';

/** A file of a source, as it was when the source was opened. */
export interface SourceFile {
  path: string;
  /** Path from the base folder, with `/`: what messages and the order go by. */
  name: string;
  bytes: number;
  modifiedMs: number;
}

const READ_BYTES = 1 << 20;

/**
 * The files that patterns name, each once, in the order of their names (by code unit: the same on every machine).
 * A pattern is a path or a glob, relative to `baseFolder`. Links to folders are not followed.
 * Throws UserError for a path that is missing or a folder, and for a glob without match.
 */
export async function findFiles(
  patterns: readonly string[],
  exclude: readonly string[],
  baseFolder: string,
): Promise<SourceFile[]> {
  const found = new Map<string, SourceFile>();
  for (const pattern of patterns) {
    const asPath = resolve(baseFolder, pattern);
    const stats = statSync(asPath, { throwIfNoEntry: false });
    if (!stats && !isDynamicPattern(pattern)) {
      throw new UserError(
        `${pattern}: no such file (looked in ${baseFolder})`,
        'Correct the path in the config.',
      );
    }
    if (stats?.isDirectory()) {
      throw new UserError(
        `${pattern} is a folder`,
        `Name the files inside, e.g. ${pattern.replace(/\/$/, '')}/**/*.md`,
      );
    }
    const paths = stats
      ? [asPath]
      : await glob(pattern, {
          cwd: baseFolder,
          absolute: true,
          expandDirectories: false,
          followSymbolicLinks: false,
          ignore: exclude,
        });
    if (paths.length === 0) {
      throw new UserError(
        `${pattern}: no file matches${exclude.length > 0 ? ' that is not excluded' : ''} (looked in ${baseFolder})`,
        'Correct the pattern, or the folder it starts from.',
      );
    }
    for (const path of paths.map((each) => resolve(each))) {
      const name = relative(baseFolder, path).split(sep).join('/');
      found.set(path, describe(path, name, statSync(path)));
    }
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** SHA-256 of a file's bytes, read piece by piece. */
export function hashFile(file: SourceFile): string {
  const hash = createHash('sha256');
  for (const chunk of readChunks(file)) hash.update(chunk);
  return hash.digest('hex');
}

/** The file's bytes. The buffer is used again for the next chunk. */
export function* readChunks(file: SourceFile): Generator<Uint8Array> {
  const handle = reading(file, () => openSync(file.path, 'r'));
  try {
    const buffer = Buffer.allocUnsafe(Math.max(1, Math.min(READ_BYTES, file.bytes)));
    for (;;) {
      const count = reading(file, () => readSync(handle, buffer, 0, buffer.length, null));
      if (count === 0) return;
      yield buffer.subarray(0, count);
    }
  } finally {
    closeSync(handle);
  }
}

/** Throws UserError when the file is not as it was when the source was opened (its hash would not be the text's). */
export function refuseChangedFile(file: SourceFile): void {
  const now = statSync(file.path, { throwIfNoEntry: false });
  if (now?.size !== file.bytes || now.mtimeMs !== file.modifiedMs) {
    throw new UserError(`${file.name} changed while it was being read`, 'Run again when it is written.');
  }
}

/** Runs a read; a failure of the file system becomes a sentence with the file's name. */
export function reading<T>(file: Pick<SourceFile, 'name'>, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw unreadable(file, error);
  }
}

export function unreadable(file: Pick<SourceFile, 'name'>, error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  if (code === 'EACCES' || code === 'EPERM') {
    return new UserError(
      `${file.name} cannot be read: permission denied`,
      'Give this user the right to read it.',
    );
  }
  if (code === 'ENOENT')
    return new UserError(`${file.name}: no such file`, 'Correct the path in the config.');
  if (code === 'EIO' || code === 'EISDIR') return new UserError(`${file.name} cannot be read (${code})`);
  return error;
}

function describe(path: string, name: string, stats: Stats): SourceFile {
  return { path, name, bytes: stats.size, modifiedMs: stats.mtimeMs };
}
