import { readFileSync } from 'node:fs';
import { sha256 } from '../common/canonical.ts';
import { UserError } from '../common/errors.ts';
import { reading, type SourceFile } from './sourceFiles.ts';
import { decodeUtf8, invalidUtf8At } from './utf8.ts';

/** The text of one file. Throws UserError for what is not UTF-8 text, saying where. */
export function readTextFile(file: SourceFile): string {
  const bytes = reading(file, () => readFileSync(file.path));
  const zero = bytes.indexOf(0);
  if (zero >= 0) {
    throw new UserError(
      `${file.name} looks like a binary file (a zero byte at byte ${zero + 1})`,
      'Leave it out with `exclude:`.',
    );
  }
  const text = decodeUtf8(bytes);
  if (text !== null) return text;
  const at = invalidUtf8At(bytes)!;
  const line = bytes.subarray(0, at).reduce((count, byte) => (byte === 10 ? count + 1 : count), 1);
  throw new UserError(
    `${file.name}: invalid UTF-8 at byte ${at + 1} (line ${line})`,
    'Save the file as UTF-8, or leave it out with `exclude:`.',
  );
}

/**
 * The files read under a limit of bytes: taken in the order of SHA-256(seed, name), which is a random order that
 * every machine agrees on, up to the first that no longer fits; returned in the order of their names.
 * Names in order alone would fill a limit from the first folders of the alphabet.
 */
export function filesWithin(files: readonly SourceFile[], maxBytes: number, seed: number): SourceFile[] {
  const shuffled = files
    .map((file) => ({ file, key: sha256(`${seed}\u0000${file.name}`) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  const taken = new Set<SourceFile>();
  let bytes = 0;
  for (const { file } of shuffled) {
    bytes += file.bytes;
    if (bytes > maxBytes) break;
    taken.add(file);
  }
  return files.filter((file) => taken.has(file));
}
