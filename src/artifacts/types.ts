/** What a record is about: a run's result, a sweep's plan, a version of its laws. */
export const RECORD_KINDS = ['results', 'sweeps', 'laws'] as const;
export type RecordKind = (typeof RECORD_KINDS)[number];

/** A record's name: `key` says what it is about, `hash` is the SHA-256 of its bytes. Both are 64 lower-case hex digits. */
export interface RecordName {
  key: string;
  hash: string;
}

/**
 * Where artifacts (shards, checkpoints) and records (results, plans, laws) live: a folder, S3-compatible storage, or a
 * coordinator over HTTP. An artifact's name is the SHA-256 of its bytes, so a name cannot lie, and whoever reads one
 * verifies it. Records are small (a few MB at most) and are found by what they are about; several may be about one key.
 * Whatever becomes visible is whole: nothing half-written can be read or listed.
 *
 * Every function throws an ArtifactError, which says whether the artifact is missing or damaged, the home full, or not
 * to be reached; and a UserError on a name that is not 64 lower-case hex digits.
 */
export interface ArtifactHome {
  /** In words, without credentials: `the folder runs/artifacts`, `s3://bucket/prefix`, `http://host:7420`. */
  readonly description: string;
  /** 32 lower-case hex digits, made when the home is first used: the same for everyone who opens it. */
  readonly id: string;
  /** A path where the artifact's bytes may be read (they may be missing or damaged there); null when they must be fetched. */
  localPath(hash: string): string | null;
  has(hash: string): Promise<boolean>;
  /**
   * Streams a file (given by its path) or bytes in, and returns their SHA-256. What stands there already is overwritten
   * or verified: afterwards the artifact is whole.
   */
  put(source: string | Uint8Array): Promise<string>;
  /**
   * Streams the artifact to the file `path`, which appears only when all of it has arrived and has the right hash. Goes
   * on where an earlier call for the same path was cut off.
   */
  fetch(hash: string, path: string): Promise<void>;
  /** Missing is fine. */
  remove(hash: string): Promise<void>;
  /** Returns the hash. The same bytes again change nothing. */
  putRecord(kind: RecordKind, key: string, content: Uint8Array): Promise<string>;
  /** In ascending order of key, then hash; only those of `key` when it is given. */
  listRecords(kind: RecordKind, key?: string): AsyncIterable<RecordName>;
  /** The record's bytes, verified. */
  readRecord(kind: RecordKind, name: RecordName): Promise<Uint8Array>;
  /** Missing is fine. */
  removeRecord(kind: RecordKind, name: RecordName): Promise<void>;
  close(): Promise<void>;
}

/**
 * Why a home could not do what was asked. `missing`, `damaged`: this artifact; making it anew mends it. `full`: no room
 * is left. `unreachable`: trying again later may help. `refused`: credentials or limits are wrong.
 */
export type ArtifactProblem = 'missing' | 'damaged' | 'full' | 'unreachable' | 'refused';

export class ArtifactError extends Error {
  override readonly name = 'ArtifactError';
  readonly problem: ArtifactProblem;
  /** The artifact, where one was meant. */
  readonly hash: string | undefined;

  constructor(problem: ArtifactProblem, message: string, hash?: string) {
    super(message);
    this.problem = problem;
    this.hash = hash;
  }
}
