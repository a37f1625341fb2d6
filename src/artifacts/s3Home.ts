import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { sha256 } from '../common/canonical.ts';
import { messageOf } from '../common/errors.ts';
import { damaged, missing } from './folderHome.ts';
import { fileProblem, hashFile, hashInto } from './hashing.ts';
import { checkedHash, fanOut, parseRecordFile, recordFile } from './names.ts';
import { ArtifactError, type ArtifactHome, type RecordKind, type RecordName } from './types.ts';

export interface S3Options {
  bucket: string;
  /** Without a slash at either end; may be empty. */
  prefix: string;
  /** Of an S3-compatible server; the bucket is then a part of the path. */
  endpoint?: string | undefined;
  region?: string | undefined;
  connectTimeoutMs?: number;
}

const PART_BYTES = 16 * 2 ** 20;
const FETCH_TRIES = 5;

/**
 * A home in S3 or what speaks its protocol; credentials as the SDK finds them (environment, profile, role). Objects
 * become visible only when they are whole. Throws an ArtifactError when the bucket cannot be used.
 */
export async function openS3Home(options: S3Options): Promise<ArtifactHome> {
  const { bucket, prefix, endpoint } = options;
  const description = `s3://${bucket}${prefix ? `/${prefix}` : ''}`;
  const config: S3ClientConfig = {
    region: options.region ?? 'us-east-1',
    maxAttempts: 5,
    // What older servers of this protocol do not know: our own hashes say more.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { connectionTimeout: options.connectTimeoutMs ?? 5000, requestTimeout: 60_000 },
    ...(endpoint && { endpoint, forcePathStyle: true }),
  };
  const client = new S3Client(config);
  const key = (name: string) => (prefix ? `${prefix}/${name}` : name);
  const artifactKey = (hash: string) => key(`${fanOut(hash)}/${checkedHash(hash)}`);
  const recordKey = (kind: RecordKind, name: RecordName) =>
    key(`${kind}/${fanOut(name.key)}/${recordFile(name)}`);
  const problem = (error: unknown, hash?: string) => s3Problem(error, description, hash);

  const head = async (Key: string): Promise<number | null> => {
    try {
      const { ContentLength } = await client.send(new HeadObjectCommand({ Bucket: bucket, Key }));
      return ContentLength ?? 0;
    } catch (error) {
      if (isMissing(error)) return null;
      throw problem(error);
    }
  };
  const read = async (Key: string): Promise<Uint8Array | null> => {
    try {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key }));
      return (await Body?.transformToByteArray()) ?? new Uint8Array();
    } catch (error) {
      if (isMissing(error)) return null;
      throw problem(error);
    }
  };
  const write = async (Key: string, Body: Uint8Array, onlyNew = false): Promise<void> => {
    await client.send(
      new PutObjectCommand({ Bucket: bucket, Key, Body, ...(onlyNew && { IfNoneMatch: '*' }) }),
    );
  };

  const id = await homeId();

  async function homeId(): Promise<string> {
    const known = await read(key('home.json'));
    if (known) return idOf(known);
    const fresh = Buffer.from(`${JSON.stringify({ id: randomBytes(16).toString('hex') })}\n`);
    try {
      await write(key('home.json'), fresh, true);
    } catch (error) {
      // 409, 412: another has made it meanwhile. 400, 501: the server does not know the condition.
      const status = statusOf(error);
      if (status === 501 || status === 400) await write(key('home.json'), fresh);
      else if (status !== 409 && status !== 412) throw problem(error);
    }
    const kept = await read(key('home.json'));
    if (!kept) throw new ArtifactError('refused', `${description} does not keep what is written to it`);
    return idOf(kept);
  }
  function idOf(bytes: Uint8Array): string {
    const { id: found } = JSON.parse(Buffer.from(bytes).toString('utf8')) as { id?: unknown };
    if (typeof found === 'string' && /^[0-9a-f]{32}$/.test(found)) return found;
    throw new ArtifactError('refused', `home.json in ${description} names no home`);
  }

  return {
    description,
    id,
    localPath: (hash) => {
      checkedHash(hash);
      return null;
    },
    has: async (hash) => (await head(artifactKey(hash))) !== null,
    put: async (source) => {
      // The name is needed before the first byte can be sent.
      const hash = typeof source === 'string' ? await hashFile(source) : sha256(source);
      const size = typeof source === 'string' ? (await stat(source)).size : source.byteLength;
      try {
        if (typeof source !== 'string' || size < PART_BYTES) {
          const bytes = typeof source === 'string' ? await readFile(source) : source;
          if (sha256(bytes) !== hash) throw new Error(`${String(source)} changed while it was sent`);
          await write(artifactKey(hash), bytes);
        } else await sendLarge(source, hash);
      } catch (error) {
        throw problem(error, hash);
      }
      if ((await head(artifactKey(hash))) !== size) {
        throw new ArtifactError(
          'unreachable',
          `${description} has not taken the artifact ${hash} whole`,
          hash,
        );
      }
      return hash;
    },
    fetch: async (hash, path) => {
      const part = `${path}.${checkedHash(hash)}.part`;
      try {
        await mkdir(dirname(path), { recursive: true });
        await fetchPart(hash, part);
        const found = (await hashInto(createHash('sha256'), part)).digest('hex');
        if (found !== hash) {
          await rm(part, { force: true });
          throw damaged(description, hash, found);
        }
        await rename(part, path);
      } catch (error) {
        throw fileProblem(error, `the folder ${dirname(path)}`, hash);
      }
    },
    remove: async (hash) => removeKey(artifactKey(hash)),
    putRecord: async (kind, about, content) => {
      const hash = sha256(content);
      await write(recordKey(kind, { key: about, hash }), content).catch((error) => {
        throw problem(error, hash);
      });
      return hash;
    },
    listRecords: async function* (kind, about) {
      const Prefix = key(
        about === undefined ? `${kind}/` : `${kind}/${fanOut(about)}/${checkedHash(about)}.`,
      );
      let ContinuationToken: string | undefined;
      do {
        const page = await client
          .send(new ListObjectsV2Command({ Bucket: bucket, Prefix, ContinuationToken }))
          .catch((error) => {
            throw problem(error);
          });
        for (const { Key = '' } of page.Contents ?? []) {
          const record = parseRecordFile(Key.slice(Key.lastIndexOf('/') + 1));
          if (record) yield record;
        }
        ContinuationToken = page.IsTruncated ? page.NextContinuationToken : undefined;
      } while (ContinuationToken);
    },
    readRecord: async (kind, name) => {
      const bytes = await read(recordKey(kind, name));
      if (!bytes) throw missing(description, name.hash);
      const found = sha256(bytes);
      if (found !== name.hash) throw damaged(description, name.hash, found);
      return bytes;
    },
    removeRecord: async (kind, name) => removeKey(recordKey(kind, name)),
    close: async () => client.destroy(),
  };

  async function removeKey(Key: string): Promise<void> {
    await client.send(new DeleteObjectCommand({ Bucket: bucket, Key })).catch((error) => {
      if (!isMissing(error)) throw problem(error);
    });
  }

  /** In parts, each tried again by itself; nothing is visible before the last. */
  async function sendLarge(path: string, hash: string): Promise<void> {
    const upload = new Upload({
      client,
      partSize: PART_BYTES,
      queueSize: 2,
      params: { Bucket: bucket, Key: artifactKey(hash), Body: createReadStream(path) },
    });
    await upload.done();
  }

  /** Goes on from what `part` holds already, also from an earlier process. */
  async function fetchPart(hash: string, part: string): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const have = (await stat(part).catch(() => null))?.size ?? 0;
      const size = await head(artifactKey(hash));
      if (size === null) throw missing(description, hash);
      if (have === size && size > 0) return;
      const from = have < size ? have : 0;
      try {
        const { Body } = await client.send(
          new GetObjectCommand({
            Bucket: bucket,
            Key: artifactKey(hash),
            ...(from > 0 && { Range: `bytes=${from}-` }),
          }),
        );
        await pipeline(Body as Readable, createWriteStream(part, { flags: from > 0 ? 'a' : 'w' }));
        return;
      } catch (error) {
        const told = problem(error, hash);
        if (!(told instanceof ArtifactError) || told.problem !== 'unreachable' || attempt >= FETCH_TRIES) {
          throw told;
        }
      }
    }
  }
}

function statusOf(error: unknown): number | undefined {
  return (error as { $metadata?: { httpStatusCode?: number } })?.$metadata?.httpStatusCode;
}

function isMissing(error: unknown): boolean {
  const { name } = (error ?? {}) as { name?: string };
  return name !== 'NoSuchBucket' && (name === 'NoSuchKey' || name === 'NotFound' || statusOf(error) === 404);
}

const FULL = new Set(['QuotaExceeded', 'XMinioStorageFull', 'InsufficientStorage']);

/** The SDK's errors in a home's terms. */
function s3Problem(error: unknown, description: string, hash?: string): unknown {
  if (error instanceof ArtifactError) return error;
  const { name = '', code } = (error ?? {}) as { name?: string; code?: string };
  const status = statusOf(error);
  if (name === 'NoSuchBucket') return new ArtifactError('refused', `${description}: there is no such bucket`);
  if (FULL.has(name) || status === 507) return new ArtifactError('full', `${description} is full`, hash);
  if (isMissing(error)) return missing(description, hash ?? 'of that name');
  if (status === 401 || status === 403 || name === 'CredentialsProviderError') {
    return new ArtifactError('refused', `${description} refused the credentials (${name})`, hash);
  }
  if (code !== undefined && ['ENOSPC', 'EDQUOT', 'EACCES', 'EROFS'].includes(code)) return error;
  return new ArtifactError('unreachable', `${description}: ${name || 'error'}: ${messageOf(error)}`, hash);
}
