import { z } from 'zod';

const count = z.number().nonnegative();

export const slotSchema = z.object({
  device: z.string(),
  /** Which of the device's seats; null where it has only one. */
  seat: z.number().nullable(),
  deviceClass: z.string(),
  memoryBytes: z.number(),
  doing: z
    .object({
      run: z.string(),
      label: z.string(),
      tokens: count,
      totalTokens: count,
      tokensPerSecond: z.number().nullable(),
    })
    .nullable(),
});

export const workerSchema = z.object({
  id: z.string(),
  host: z.string(),
  pid: z.number(),
  engine: z.string(),
  startedAt: z.string(),
  draining: z.boolean(),
  finishedRuns: count,
  /** Since its last heartbeat. */
  silentMs: z.number(),
  gone: z.boolean(),
  slots: z.array(slotSchema),
  tokensPerSecond: z.number(),
});
export type WorkerRow = z.infer<typeof workerSchema>;

export const runningSweepSchema = z.object({
  sweep: z.string(),
  host: z.string(),
  pid: z.number(),
  startedAt: z.string(),
  paused: z.boolean(),
  priority: z.number(),
  active: count,
  queued: count,
  problems: z.array(z.string()),
});

export const queueStatusSchema = z.discriminatedUnion('state', [
  z.object({
    state: z.literal('none'),
    /** Why there is no queue to look at, and what to do about it. */
    reason: z.string(),
  }),
  z.object({
    state: z.literal('connected'),
    /** `embedded store of process 123`, `redis at host:6379/0`: without credentials. */
    description: z.string(),
    workers: z.array(workerSchema),
    sweeps: z.array(runningSweepSchema),
    queues: z.array(
      z.object({
        base: z.string(),
        deviceClass: z.string(),
        waiting: count,
        active: count,
        delayed: count,
        failed: count,
      }),
    ),
  }),
]);
export type QueueStatus = z.infer<typeof queueStatusSchema>;

/** Tokens per second of every worker, newest last; for the throughput chart. */
export const throughputSchema = z.object({
  /** Milliseconds since 1970. */
  times: z.array(z.number()),
  workers: z.array(z.object({ id: z.string(), host: z.string(), rates: z.array(z.number().nullable()) })),
});
export type Throughput = z.infer<typeof throughputSchema>;

/** What a page may ask of a running sweep or a run. */
export const actionSchema = z.discriminatedUnion('action', [
  z.strictObject({ action: z.literal('pause'), sweep: z.string().min(1).max(64) }),
  z.strictObject({ action: z.literal('resume'), sweep: z.string().min(1).max(64) }),
  z.strictObject({ action: z.literal('retry'), sweep: z.string().min(1).max(64) }),
  z.strictObject({ action: z.literal('cancel-sweep'), sweep: z.string().min(1).max(64) }),
  z.strictObject({
    action: z.literal('priority'),
    sweep: z.string().min(1).max(64),
    priority: z.int().min(0).max(2_097_152),
  }),
  z.strictObject({ action: z.literal('cancel-run'), run: z.string().regex(/^[0-9a-f]{64}$/) }),
]);
export type Action = z.infer<typeof actionSchema>;
export const doneSchema = z.object({ done: z.string() });
