import { z } from 'zod';
import { UnrecoverableJobError } from '../queue/types.ts';
import { runSpecSchema } from '../training/runSpec.ts';

const jobSchema = z.strictObject({
  spec: runSpecSchema,
  /** Artifact hash of the parent's checkpoint manifest; null in base runs. */
  parentCheckpoint: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .nullable(),
});

/** A run as it travels through the queue: hashes only, no path, no command. */
export type RunJob = z.infer<typeof jobSchema>;

/** Checks what came out of the queue; a payload that does not validate is never tried again. */
export function parseRunJob(data: unknown): RunJob {
  const parsed = jobSchema.safeParse(data);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new UnrecoverableJobError(
    `this is not a run of this version: ${issue?.path.join('.') || 'payload'}: ${issue?.message}`,
  );
}
