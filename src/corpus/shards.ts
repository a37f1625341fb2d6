import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { basename, join } from 'node:path';
import { writeFileAtomicChunks } from '../common/atomicFile.ts';
import { messageOf } from '../common/errors.ts';
import {
  bytesPerTokenFor,
  decodeHeader,
  encodeHeader,
  HEADER_BYTES,
  layoutOf,
  shardError,
  type TokenArray,
  tokenArray,
} from './shardFormat.ts';
import type { Shard, ShardInfo } from './types.ts';

export interface TokenisedDocument {
  /** Ids with the end-of-text id last. */
  tokens: ArrayLike<number>;
  /** UTF-8 bytes of the document's text. */
  textBytes: number;
}

/** Read in one go by Shard.read and while hashing. */
const BUFFER_BYTES = 1 << 16;
const HASH_BYTES = 1 << 20;

/** Where a shard lies below the cache folder: its name is its hash. */
export function shardPath(cacheFolder: string, hash: string): string {
  return join(cacheFolder, 'shards', `${hash}.tokens`);
}

/**
 * Writes a shard to its shardPath. `documents` is gone through twice (once for the hash, which the
 * name and the header need, once for the file), and must be the same both times. Memory: one document and a buffer.
 */
export function writeShard(
  cacheFolder: string,
  tokenizer: { hash: string; vocabularySize: number },
  documents: () => Iterable<TokenisedDocument>,
): { path: string; info: ShardInfo } {
  const width = bytesPerTokenFor(tokenizer.vocabularySize);
  const ends: number[] = [];
  let tokens = 0;
  let textBytes = 0;
  const counted = function* () {
    for (const document of documents()) {
      tokens += document.tokens.length;
      textBytes += document.textBytes;
      ends.push(tokens);
      yield document;
    }
  };
  const hash = createHash('sha256');
  for (const chunk of tokenChunks(counted(), width, tokenizer.vocabularySize)) hash.update(chunk);
  const tail = payloadTail(tokens * width, ends);
  hash.update(tail);
  const info: ShardInfo = {
    hash: hash.digest('hex'),
    tokenizerHash: tokenizer.hash,
    vocabularySize: tokenizer.vocabularySize,
    tokens,
    documents: ends.length,
    textBytes,
  };
  const path = shardPath(cacheFolder, info.hash);
  writeFileAtomicChunks(
    path,
    (function* () {
      yield encodeHeader(info);
      yield* tokenChunks(documents(), width, tokenizer.vocabularySize);
      yield tail;
    })(),
  );
  return { path, info };
}

/**
 * Opens a shard: header, version, length and document ends are checked, the token ids are not read (verifyShard
 * does that once a sweep). Throws UserError with the next step for a missing, foreign, damaged or truncated file.
 */
export function openShard(path: string): Shard {
  const handle = openFile(path);
  try {
    const info = readHeader(handle, path);
    const { bytesPerToken, endsAt } = layoutOf(info);
    const documentEnds = new Float64Array(info.documents);
    readFully(handle, new Uint8Array(documentEnds.buffer), endsAt, path);
    refuseBadEnds(documentEnds, info, path);
    const buffer = tokenArray(bytesPerToken, BUFFER_BYTES / bytesPerToken);
    const bytes = new Uint8Array(buffer.buffer);
    let open = true;
    return {
      info,
      documentEnds,
      read: (position, count, into, at) => {
        if (!(position >= 0 && count >= 0 && position + count <= info.tokens && at + count <= into.length)) {
          throw new RangeError(
            `shard read of ${count} tokens at ${position} is outside ${info.tokens} tokens`,
          );
        }
        for (let done = 0; done < count; ) {
          const now = Math.min(count - done, buffer.length);
          readFully(
            handle,
            bytes.subarray(0, now * bytesPerToken),
            HEADER_BYTES + (position + done) * bytesPerToken,
            path,
          );
          into.set(now === buffer.length ? buffer : buffer.subarray(0, now), at + done);
          done += now;
        }
      },
      close: () => {
        if (open) closeSync(handle);
        open = false;
      },
    };
  } catch (error) {
    closeSync(handle);
    throw error;
  }
}

/**
 * Reads the whole file once and compares its payload with the hash in its header, and its name with both.
 * Throws UserError when anything differs.
 */
export function verifyShard(path: string): ShardInfo {
  const handle = openFile(path);
  try {
    const info = readHeader(handle, path);
    const { fileBytes } = layoutOf(info);
    const hash = createHash('sha256');
    const buffer = Buffer.allocUnsafe(HASH_BYTES);
    for (let at = HEADER_BYTES; at < fileBytes; at += buffer.length) {
      const part = buffer.subarray(0, Math.min(buffer.length, fileBytes - at));
      readFully(handle, part, at, path);
      hash.update(part);
    }
    if (hash.digest('hex') !== info.hash)
      throw shardError(path, 'is corrupt: its content does not have the hash in its header');
    if (basename(path) !== `${info.hash}.tokens`)
      throw shardError(path, `holds the shard ${info.hash}, not the one it is named after`);
    return info;
  } finally {
    closeSync(handle);
  }
}

function openFile(path: string): number {
  let handle: number;
  try {
    handle = openSync(path, 'r');
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw shardError(path, missing ? 'does not exist' : `cannot be opened (${messageOf(error)})`);
  }
  if (fstatSync(handle).isFile()) return handle;
  closeSync(handle);
  throw shardError(path, 'is not a file');
}

function readHeader(handle: number, path: string): ShardInfo {
  const header = Buffer.alloc(HEADER_BYTES);
  const count = readSync(handle, header, 0, HEADER_BYTES, 0);
  const info = decodeHeader(header.subarray(0, count), path);
  const { fileBytes } = layoutOf(info);
  const actual = fstatSync(handle).size;
  if (actual !== fileBytes) {
    const problem = actual < fileBytes ? 'is truncated' : 'has bytes after its end';
    throw shardError(path, `${problem}: ${actual} bytes where its header says ${fileBytes}`);
  }
  return info;
}

function readFully(handle: number, into: Uint8Array, position: number, path: string): void {
  for (let done = 0; done < into.length; ) {
    const count = readSync(handle, into, done, into.length - done, position + done);
    if (count === 0) throw shardError(path, 'is truncated: it became shorter after it was opened');
    done += count;
  }
}

function refuseBadEnds(ends: Float64Array, info: ShardInfo, path: string): void {
  let previous = 0;
  for (const end of ends) {
    if (!(Number.isInteger(end) && end > previous))
      throw shardError(path, 'is corrupt: its document ends do not ascend');
    previous = end;
  }
  if (previous !== info.tokens)
    throw shardError(path, 'is corrupt: its documents do not add up to its tokens');
}

/** Token ids of all documents as bytes, in full buffers. Throws RangeError for an id outside the vocabulary. */
function* tokenChunks(
  documents: Iterable<TokenisedDocument>,
  bytesPerToken: 2 | 4,
  vocabularySize: number,
): Generator<Uint8Array> {
  const buffer: TokenArray = tokenArray(bytesPerToken, HASH_BYTES / bytesPerToken);
  let filled = 0;
  for (const { tokens } of documents) {
    for (let i = 0; i < tokens.length; i++) {
      const id = tokens[i]!;
      if (!(id >= 0 && id < vocabularySize))
        throw new RangeError(`token id ${id} is outside the vocabulary of ${vocabularySize}`);
      buffer[filled++] = id;
      if (filled === buffer.length) {
        yield new Uint8Array(buffer.buffer);
        filled = 0;
      }
    }
  }
  yield new Uint8Array(buffer.buffer, 0, filled * bytesPerToken);
}

/** What follows the token ids: zero bytes up to a multiple of 8, then the document ends. */
function payloadTail(tokenBytes: number, ends: readonly number[]): Uint8Array {
  const padding = (8 - (tokenBytes % 8)) % 8;
  const tail = new Uint8Array(padding + ends.length * 8);
  tail.set(new Uint8Array(Float64Array.from(ends).buffer), padding);
  return tail;
}
