import { createHash } from 'node:crypto';
import { endianness } from 'node:os';
import { UserError } from '../common/errors.ts';
import type { ShardInfo } from './types.ts';

/*
 * A shard file, all numbers little-endian:
 *
 *   byte   0  magic, 8 ASCII bytes
 *          8  u32 format version
 *         12  u32 bytes per token id: 2 (uint16) or 4 (uint32)
 *         16  u64 tokens
 *         24  u64 documents
 *         32  u64 UTF-8 bytes of text
 *         40  u32 vocabulary size
 *         44  u32 zero
 *         48  SHA-256 of the tokenizer's identity, 32 bytes
 *         80  SHA-256 of the payload, 32 bytes
 *        112  first 16 bytes of the SHA-256 of bytes 0…111
 *        128  payload: token ids, zero bytes up to a multiple of 8, then each document's end as float64
 */
export const HEADER_BYTES = 128;
const CHECKED_BYTES = 112;
const MAGIC = 'MIXTOKEN';
export const FORMAT_VERSION = 1;

export type TokenArray = Uint16Array | Uint32Array;

/** Where the parts of a shard's file lie, in bytes. */
export interface ShardLayout {
  bytesPerToken: 2 | 4;
  endsAt: number;
  fileBytes: number;
}

/** The narrower of uint16 and uint32 that holds every id. */
export function bytesPerTokenFor(vocabularySize: number): 2 | 4 {
  return vocabularySize <= 0x10000 ? 2 : 4;
}

export function tokenArray(bytesPerToken: 2 | 4, length: number): TokenArray {
  return bytesPerToken === 2 ? new Uint16Array(length) : new Uint32Array(length);
}

export function layoutOf(info: Pick<ShardInfo, 'vocabularySize' | 'tokens' | 'documents'>): ShardLayout {
  const bytesPerToken = bytesPerTokenFor(info.vocabularySize);
  const endsAt = HEADER_BYTES + Math.ceil((info.tokens * bytesPerToken) / 8) * 8;
  return { bytesPerToken, endsAt, fileBytes: endsAt + info.documents * 8 };
}

export function encodeHeader(info: ShardInfo): Uint8Array {
  refuseBigEndian();
  const bytes = Buffer.alloc(HEADER_BYTES);
  bytes.write(MAGIC, 0, 'ascii');
  bytes.writeUInt32LE(FORMAT_VERSION, 8);
  bytes.writeUInt32LE(bytesPerTokenFor(info.vocabularySize), 12);
  bytes.writeBigUInt64LE(BigInt(info.tokens), 16);
  bytes.writeBigUInt64LE(BigInt(info.documents), 24);
  bytes.writeBigUInt64LE(BigInt(info.textBytes), 32);
  bytes.writeUInt32LE(info.vocabularySize, 40);
  bytes.write(info.tokenizerHash, 48, 'hex');
  bytes.write(info.hash, 80, 'hex');
  headerCheck(bytes).copy(bytes, CHECKED_BYTES);
  return bytes;
}

/** Reads a header. Throws UserError when it is not one of this format and version, or has been damaged. */
export function decodeHeader(bytes: Buffer, path: string): ShardInfo {
  refuseBigEndian();
  if (bytes.length < HEADER_BYTES || bytes.toString('latin1', 0, 8) !== MAGIC) {
    throw shardError(
      path,
      bytes.length < HEADER_BYTES ? 'is too short for a header' : 'is not a token shard',
    );
  }
  const version = bytes.readUInt32LE(8);
  if (version !== FORMAT_VERSION) {
    throw shardError(path, `has format version ${version}; this program reads version ${FORMAT_VERSION}`);
  }
  if (!headerCheck(bytes).equals(bytes.subarray(CHECKED_BYTES, HEADER_BYTES))) {
    throw shardError(path, 'has a damaged header');
  }
  const info = {
    hash: bytes.toString('hex', 80, 112),
    tokenizerHash: bytes.toString('hex', 48, 80),
    vocabularySize: bytes.readUInt32LE(40),
    tokens: Number(bytes.readBigUInt64LE(16)),
    documents: Number(bytes.readBigUInt64LE(24)),
    textBytes: Number(bytes.readBigUInt64LE(32)),
  };
  if (bytes.readUInt32LE(12) !== bytesPerTokenFor(info.vocabularySize)) {
    throw shardError(path, 'has a token width that does not go with its vocabulary');
  }
  return info;
}

export function shardError(path: string, problem: string): UserError {
  return new UserError(
    `token shard ${path} ${problem}`,
    'Delete the file and run again: it is made anew from the source.',
  );
}

function headerCheck(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes.subarray(0, CHECKED_BYTES)).digest().subarray(0, 16);
}

/** Token ids go between file and typed array as they are; a big-endian machine would read them reversed. */
function refuseBigEndian(): void {
  if (endianness() !== 'LE') throw new UserError('token shards cannot be read on a big-endian machine');
}
