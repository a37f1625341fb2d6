import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { hostname } from 'node:os';
import { messageOf } from '../common/errors.ts';
import { isAlive } from '../common/processes.ts';
import { ArtifactError } from './types.ts';

/** Read in one go. */
const CHUNK_BYTES = 1 << 20;

/** SHA-256 of a file's bytes, streamed. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of chunksOf(path)) hash.update(chunk);
  return hash.digest('hex');
}

/** A file (by its path) piece by piece, or bytes in one. */
export function chunksOf(source: string | Uint8Array): AsyncIterable<Uint8Array> | Iterable<Uint8Array> {
  return typeof source === 'string' ? createReadStream(source, { highWaterMark: CHUNK_BYTES }) : [source];
}

/** Copies to a new file that is on disk when this resolves. The hash is of the very bytes written. */
export async function copyHashed(source: string | Uint8Array, to: string): Promise<string> {
  const hash = createHash('sha256');
  const file = await open(to, 'wx');
  try {
    for await (const chunk of chunksOf(source)) {
      hash.update(chunk);
      await writeAll(file, chunk);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return hash.digest('hex');
}

export async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.byteLength; ) {
    done += (await file.write(bytes, done)).bytesWritten;
  }
}

const HOST = hostname().replace(/[^\w-]/g, '_');

/** A name for a file under way that says whose it is, also in a folder that several machines share. */
export function temporaryName(): string {
  return `${HOST}.${process.pid}.${randomBytes(6).toString('hex')}.tmp`;
}

/** Whether a file under way was left by a process of this machine that is gone; others' are not known here. */
export function isAbandoned(name: string): boolean {
  const [host, pid] = name.split('.');
  return host === HOST && !isAlive(Number(pid));
}

const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** Whether a file could not grow for want of room. */
export function isFull(error: unknown): boolean {
  return FULL.has((error as NodeJS.ErrnoException)?.code ?? '');
}

/** A failed file operation in a home's terms; what is not one is given back as it is. */
export function fileProblem(error: unknown, description: string, hash?: string): unknown {
  const code = (error as NodeJS.ErrnoException)?.code;
  if (code === undefined || error instanceof ArtifactError) return error;
  if (isFull(error)) return new ArtifactError('full', `${description} is full: ${messageOf(error)}`, hash);
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS')
    return new ArtifactError('refused', `${description}: ${messageOf(error)}`, hash);
  return new ArtifactError('unreachable', `${description}: ${messageOf(error)}`, hash);
}
