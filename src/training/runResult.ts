import { z } from 'zod';
import { runSpecSchema } from './runSpec.ts';

const FORMAT = 1;
const hash = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.int().nonnegative();
const loss = z.number();

/** Both validation losses at one token count, nats per token, with what a table shows beside them. */
export const measuredSchema = z.strictObject({
  tokens: count,
  generalLoss: loss,
  generalStandardError: loss,
  generalBitsPerByte: loss,
  /** null in base runs. */
  domainLoss: loss.nullable(),
  domainStandardError: loss.nullable(),
  domainBitsPerByte: loss.nullable(),
});
export type Measured = z.infer<typeof measuredSchema>;

/**
 * All that a run leaves behind beside its checkpoint, complete: the results store can be made anew from such records.
 * `diverged` is a result; `failed` only says that it was given up, and a later result stands above it.
 */
const runResultSchema = z.strictObject({
  format: z.literal(FORMAT),
  run: hash,
  spec: runSpecSchema,
  status: z.enum(['done', 'diverged', 'failed']),
  /** Why it diverged or failed. */
  reason: z.string().max(4000).nullable(),
  /** Training tokens at its end. */
  tokens: count,
  /** Tokens trained by the attempt that ended it: fewer when it was resumed. */
  trainedTokens: count,
  observations: z.array(measuredSchema).max(20_000),
  /** Artifact hash of the final checkpoint's manifest, where it is kept. */
  checkpoint: hash.nullable(),
  epochs: z.strictObject({ general: z.number(), domain: z.number().nullable() }).nullable(),
  seconds: z
    .strictObject({
      setup: z.number(),
      training: z.number(),
      evaluation: z.number(),
      checkpoint: z.number(),
    })
    .nullable(),
  environment: z.record(z.string().max(100), z.string().max(1000)),
});
export type RunResultRecord = z.infer<typeof runResultSchema>;

export function encodeRunResult(result: Omit<RunResultRecord, 'format'>): Uint8Array {
  return Buffer.from(`${JSON.stringify({ format: FORMAT, ...result })}\n`);
}

/** Throws a ZodError or SyntaxError on what is not a result. */
export function decodeRunResult(bytes: Uint8Array): RunResultRecord {
  return runResultSchema.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
}
