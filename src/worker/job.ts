import { z } from 'zod';
import { UnrecoverableJobError } from '../queue/types.ts';
import { runSpecSchema } from '../training/runSpec.ts';

const hash = z.string().regex(/^[0-9a-f]{64}$/);

const jobSchema = z.strictObject({
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
  /** What the run takes on its device, see runMemoryBytes. */
  memoryBytes: z.number().nonnegative(),
  /** Whether the final parameters are kept; base runs' always are. */
  keepCheckpoint: z.boolean(),
  checkpointSeconds: z.number().positive().max(1e6),
});

/** A run as it travels through the queue: hashes and numbers only, no path, no command, no address. */
export type RunJob = z.infer<typeof jobSchema>;

/** Larger payloads are refused before they are looked at. */
const MAX_PAYLOAD_CHARACTERS = 1_000_000;

/** Checks what came out of the queue; a payload that does not validate is never tried again. */
export function parseRunJob(data: unknown): RunJob {
  if ((JSON.stringify(data)?.length ?? 0) > MAX_PAYLOAD_CHARACTERS) {
    throw new UnrecoverableJobError('this is not a run of this version: the payload is too large');
  }
  const parsed = jobSchema.safeParse(data);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new UnrecoverableJobError(
    `this is not a run of this version: ${issue?.path.join('.') || 'payload'}: ${issue?.message}`,
  );
}
