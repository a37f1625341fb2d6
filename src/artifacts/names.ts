import { UserError } from '../common/errors.ts';
import type { RecordName } from './types.ts';

const HASH = /^[0-9a-f]{64}$/;
const RECORD_FILE = /^([0-9a-f]{64})\.([0-9a-f]{64})$/;

/** Whether this can name an artifact: 64 lower-case hex digits, and nothing else (no path, no newline). */
export function isHash(name: unknown): name is string {
  return typeof name === 'string' && name.length === 64 && HASH.test(name);
}

/** Gives the name back. Throws a UserError on what is not a SHA-256 in hex. */
export function checkedHash(name: string): string {
  if (isHash(name)) return name;
  throw new UserError(
    `${JSON.stringify(name)} is not the name of an artifact`,
    'an artifact is named by 64 lower-case hex digits, the SHA-256 of its bytes',
  );
}

/** `<key>.<hash>`: how a record is named in a folder, a bucket and a URL. Throws a UserError on what are not hashes. */
export function recordFile({ key, hash }: RecordName): string {
  return `${checkedHash(key)}.${checkedHash(hash)}`;
}

/** null on what is not a record's name. */
export function parseRecordFile(file: string): RecordName | null {
  const parts = RECORD_FILE.exec(file);
  return parts && file.length === 129 ? { key: parts[1]!, hash: parts[2]! } : null;
}

/** Two hex digits, so that no folder holds more than a few thousand of a million names. */
export function fanOut(hash: string): string {
  return checkedHash(hash).slice(0, 2);
}
