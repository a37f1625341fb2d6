import { z } from 'zod';
import { UnrecoverableJobError } from '../queue/types.ts';
import { runSpecSchema } from '../training/runSpec.ts';

const hash = z.string().regex(/^[0-9a-f]{64}$/);

const jobSchema = z
  .strictObject({
    spec: runSpecSchema,
    /** What people call the run. Shown, never interpreted. */
    label: z
      .string()
      .max(100)
      .regex(/^[\p{L}\p{N} ._=+,:()-]*$/u),
    /** Artifact hash of the parent's checkpoint manifest; null in base runs. */
    parentCheckpoint: hash.nullable(),
    /** Artifact hashes of the token shards, by the shard's own hash; none where every worker shares the cache folder. */
    shards: z.record(hash, hash).refine((shards) => Object.keys(shards).length <= 4, 'at most four shards'),
    /** Artifact hash of the point where another worker left the run. */
    resume: hash.nullable(),
    /** What the run takes on its device, for people; a worker estimates it anew. See runMemoryBytes. */
    memoryBytes: z.number().positive(),
    /** Whether the final parameters are kept; base runs' always are. */
    keepCheckpoint: z.boolean(),
    checkpointSeconds: z.number().positive().max(1e6),
  })
  .refine(
    (job) => (job.spec.kind === 'cpt') === (job.parentCheckpoint !== null),
    'a cpt run continues a checkpoint, a base run does not',
  )
  .refine(({ spec, shards }) => {
    const corpora = spec.domain ? [spec.general, spec.domain] : [spec.general];
    const wanted = new Set(corpora.flatMap((corpus) => [corpus.trainShard, corpus.validationShard]));
    return Object.keys(shards).every((shard) => wanted.has(shard));
  }, 'shards of another run');

/** A run as it travels through the queue: hashes and numbers only, no path, no command, no address. */
export type RunJob = z.infer<typeof jobSchema>;

/** More than any run has: what is larger or deeper is refused before it is looked at. */
const MOST_VALUES = 15_000;
const MOST_DEPTH = 8;
const MOST_CHARACTERS = 500;

/** Checks what came out of the queue; a payload that does not validate is never tried again. */
export function parseRunJob(data: unknown): RunJob {
  const refuse = (why: string) => new UnrecoverableJobError(`this is not a run of this version: ${why}`);
  if (isOversized(data)) throw refuse('the payload is too large');
  const parsed = jobSchema.safeParse(data);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const path = issue?.path.map((part) => (/^\w{1,40}$/.test(String(part)) ? String(part) : '…')).join('.');
  // Not in the words of the payload: they are shown on terminals.
  const why = issue?.code === 'unrecognized_keys' ? 'a key that is not known' : (issue?.message ?? 'unknown');
  throw refuse(`${path || 'payload'}: ${why.replace(/[^\x20-\x7e]/g, '?').slice(0, MOST_CHARACTERS)}`);
}

/** Without recursion: depth must not overflow the stack. */
function isOversized(data: unknown): boolean {
  let level: unknown[] = [data];
  let values = 0;
  for (let depth = 0; level.length > 0; depth++) {
    values += level.length;
    if (depth > MOST_DEPTH || values > MOST_VALUES) return true;
    const next: unknown[] = [];
    for (const value of level) {
      if (typeof value === 'string' && value.length > MOST_CHARACTERS) return true;
      if (typeof value !== 'object' || value === null) continue;
      const isList = Array.isArray(value);
      const keys = isList ? [] : Object.keys(value);
      if (values + next.length + (isList ? value.length : keys.length) > MOST_VALUES) return true;
      if (keys.some((key) => key.length > MOST_CHARACTERS)) return true;
      for (const each of isList ? value : Object.values(value)) next.push(each);
    }
    level = next;
  }
  return false;
}
