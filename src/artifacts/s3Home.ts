import { createHash, randomBytes } from 'node:crypto';
import { open, readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import {
  AbortMultipartUploadCommand,
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
import { damaged, missing } from './folderHome.ts';
import { chunksOf, fileProblem, hashFile, writeAll } from './hashing.ts';
import { checkedHash, fanOut, parseRecordFile, recordFile } from './names.ts';
import { fetchByParts, sizeOf } from './parts.ts';
import { PATIENCE, type Patience, patiently } from './patience.ts';
import { homeSchema } from './protocol.ts';
import { isMissing, s3Problem, statusOf } from './s3Errors.ts';
import { ArtifactError, type ArtifactHome, type RecordKind, type RecordName } from './types.ts';

export interface S3Options {
  bucket: string;
  /** Without a slash at either end; may be empty. */
  prefix: string;
  /** Of an S3-compatible server; the bucket is then a part of the path. */
  endpoint?: string | undefined;
  region?: string | undefined;
  /** Opening takes no longer. */
  connectTimeoutMs?: number;
  patience?: Partial<Patience>;
}

const PART_BYTES = 16 * 2 ** 20;
/** The first two who open a new home at once have both written its id by then. */
const ID_SETTLES_MS = 500;

/**
 * A home in S3 or what speaks its protocol; credentials as the SDK finds them (environment, profile, role). Objects
 * become visible only when they are whole. Throws an ArtifactError when the bucket cannot be used.
 */
export async function openS3Home(options: S3Options): Promise<ArtifactHome> {
  const { bucket, prefix, endpoint, connectTimeoutMs = 5000 } = options;
  // The SDK tries each request several times by itself.
  const patience = { ...PATIENCE, tries: 4, ...options.patience };
  const description = `s3://${bucket}${prefix ? `/${prefix}` : ''}`;
  const config: S3ClientConfig = {
    region: options.region ?? 'us-east-1',
    maxAttempts: patience.tries,
    // What older servers of this protocol do not know: our own hashes say more.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { connectionTimeout: connectTimeoutMs, socketTimeout: patience.stallMs },
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

  const id = await within(connectTimeoutMs, homeId()).catch((error) => {
    client.destroy();
    throw problem(error);
  });

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
    // A server that ignores the condition lets the last one win.
    await delay(ID_SETTLES_MS);
    const kept = await read(key('home.json'));
    if (!kept) throw new ArtifactError('refused', `${description} does not keep what is written to it`);
    return idOf(kept);
  }
  function idOf(bytes: Uint8Array): string {
    try {
      return homeSchema.parse(JSON.parse(Buffer.from(bytes).toString('utf8'))).id;
    } catch {
      throw new ArtifactError('refused', `home.json in ${description} names no home`);
    }
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
          if (sha256(bytes) !== hash) throw changed(String(source), hash);
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
    fetch: (hash, path) =>
      fetchByParts({ hash, path, description }, async (part) => {
        let reached = 0;
        const fetchRest = async (): Promise<void> => {
          reached = await sizeOf(part);
          await fetchPart(hash, part, reached);
        };
        await patiently(fetchRest, patience, () => reached);
      }),
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

  /** In parts, each tried again by itself; nothing is visible before the last, which a changed file does not reach. */
  async function sendLarge(path: string, hash: string): Promise<void> {
    const Key = artifactKey(hash);
    const upload = new Upload({
      client,
      partSize: PART_BYTES,
      queueSize: 2,
      // Taken away below, where a failure to do so does not hide why.
      leavePartsOnError: true,
      params: { Bucket: bucket, Key, Body: Readable.from(unchanged(path, hash)) },
    });
    try {
      await upload.done();
    } catch (error) {
      const begun = { Bucket: bucket, Key, UploadId: upload.uploadId };
      if (upload.uploadId) await client.send(new AbortMultipartUploadCommand(begun)).catch(() => {});
      throw error;
    }
  }

  /** Appends what comes after `have`; begins the part anew when the server does. */
  async function fetchPart(hash: string, part: string, have: number): Promise<void> {
    const answer = await client
      .send(
        new GetObjectCommand({
          Bucket: bucket,
          Key: artifactKey(hash),
          ...(have > 0 && { Range: `bytes=${have}-` }),
        }),
      )
      .catch(async (error) => {
        if (statusOf(error) !== 416) throw problem(error, hash);
        // All is here already, or more: the hash will tell.
        return null;
      });
    if (answer === null) return;
    const goesOn = have > 0 && answer.ContentRange?.startsWith(`bytes ${have}-`);
    const here = (error: unknown) => fileProblem(error, `the folder ${dirname(part)}`, hash);
    const file = await open(part, goesOn ? 'a' : 'w').catch((error) => {
      throw here(error);
    });
    try {
      for await (const piece of answer.Body as Readable) {
        await writeAll(file, piece).catch((error) => {
          throw here(error);
        });
      }
    } catch (error) {
      throw problem(error, hash);
    } finally {
      await file.close();
    }
  }
}

async function* unchanged(path: string, hash: string): AsyncIterable<Uint8Array> {
  const found = createHash('sha256');
  for await (const piece of chunksOf(path)) {
    found.update(piece);
    yield piece;
  }
  if (found.digest('hex') !== hash) throw changed(path, hash);
}

function changed(path: string, hash: string): ArtifactError {
  return new ArtifactError('refused', `${path} changed while it was sent`, hash);
}

async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  const over = new AbortController();
  const late = delay(milliseconds, undefined, { signal: over.signal }).then(() => {
    throw new Error(`no answer in ${milliseconds / 1000} s`);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    over.abort();
    late.catch(() => {});
    work.catch(() => {});
  }
}
