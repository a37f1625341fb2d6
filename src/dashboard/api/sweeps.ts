import { z } from 'zod';

const count = z.number().nonnegative();

export const runStatusSchema = z.enum(['planned', 'running', 'done', 'diverged', 'failed']);
export type RunStatus = z.infer<typeof runStatusSchema>;

export const runCountsSchema = z.object({
  total: count,
  planned: count,
  running: count,
  done: count,
  diverged: count,
  failed: count,
});

/** The newest version of a domain's laws, as the registry keeps it. */
export const keptAnswerSchema = z.object({
  domain: z.string(),
  version: z.number(),
  /** ISO 8601, UTC. */
  createdAt: z.string(),
  status: z.enum(['recommended', 'infeasible', 'not-identified']),
  domainRatio: z.number().nullable(),
  interval: z.object({ low: z.number(), high: z.number(), level: z.number() }).nullable(),
  /** Parameters and tokens. */
  modelSize: z.number(),
  tokens: z.number(),
  tolerance: z.number(),
});
export type KeptAnswer = z.infer<typeof keptAnswerSchema>;

/** One line of the list of sweeps. */
export const sweepSummarySchema = z.object({
  sweep: z.string(),
  createdAt: z.string(),
  /** `running`, `paused`: a coordinator is at work; `complete`: every run has its result; else `incomplete`. */
  state: z.enum(['running', 'paused', 'incomplete', 'complete']),
  domains: z.array(z.string()),
  runs: runCountsSchema,
  /** Training tokens of all runs: measured so far, and planned. */
  tokens: z.object({ trained: count, planned: count }),
  /** null while there is no rate to tell it from. */
  secondsLeft: z.number().nullable(),
  /** Runs of it that are being trained, on how many workers. */
  trainers: count,
  workers: count,
  /** What it has cost so far: seconds of training over all attempts (of runs that shared a device, each its own), and FLOP. */
  cost: z.object({ trainerSeconds: count, flops: count }),
  /** Why runs cannot be placed with any live worker. */
  problems: z.array(z.string()),
  /** The last answer of each domain that has one. */
  answers: z.array(keptAnswerSchema),
});
export type SweepSummary = z.infer<typeof sweepSummarySchema>;

/** One run as a cell of the grid and a row of the table. */
export const runRowSchema = z.object({
  run: z.string(),
  label: z.string(),
  kind: z.enum(['base', 'cpt']),
  /** null in base runs. */
  domain: z.string().nullable(),
  domainRatio: z.number(),
  seed: z.number(),
  modelSize: z.number(),
  status: runStatusSchema,
  tokens: count,
  totalTokens: count,
  /** The last that was measured, nats per token. */
  generalLoss: z.number().nullable(),
  domainLoss: z.number().nullable(),
  /** Why it failed or diverged. */
  reason: z.string().nullable(),
});
export type RunRow = z.infer<typeof runRowSchema>;

export const sweepDetailSchema = sweepSummarySchema.extend({
  /** Non-embedding parameters, domain ratios and seeds that occur, ascending. */
  modelSizes: z.array(z.number()),
  ratios: z.array(z.number()),
  seeds: z.array(z.number()),
  /** What the config asks to be answered, per domain; parameters (null: the largest measured), tokens. */
  targets: z.record(
    z.string(),
    z.object({ modelSize: z.number().nullable(), tokens: z.number(), tolerance: z.number() }),
  ),
  lawForm: z.string(),
  /** The resolved config. */
  configYaml: z.string(),
  observations: count,
  runRows: z.array(runRowSchema),
});
export type SweepDetail = z.infer<typeof sweepDetailSchema>;

/** The loss curve of one run, columns of equal length, by tokens. */
export const curveSchema = z.object({
  run: z.string(),
  label: z.string(),
  kind: z.enum(['base', 'cpt']),
  domain: z.string().nullable(),
  modelSize: z.number(),
  domainRatio: z.number(),
  seed: z.number(),
  tokens: z.array(z.number()),
  generalLoss: z.array(z.number()),
  domainLoss: z.array(z.number().nullable()),
  generalBitsPerByte: z.array(z.number()),
  domainBitsPerByte: z.array(z.number().nullable()),
});
export type Curve = z.infer<typeof curveSchema>;

export const curvesSchema = z.object({
  curves: z.array(curveSchema),
  /** Curves that match and were left out, because there are too many to draw. */
  omitted: count,
});
export type Curves = z.infer<typeof curvesSchema>;

export const pageSchema = <Item extends z.ZodType>(item: Item) =>
  z.object({ items: z.array(item), total: count, offset: count });

/** Everything about one run. */
export const runDetailSchema = runRowSchema.extend({
  parent: z.string().nullable(),
  /** Sweeps that ask for it. */
  sweeps: z.array(z.string()),
  spec: z.unknown(),
  environment: z.record(z.string(), z.string()),
  seconds: z
    .object({ setup: z.number(), training: z.number(), evaluation: z.number(), checkpoint: z.number() })
    .nullable(),
  /** Passes over each corpus. */
  epochs: z.object({ general: z.number().nullable(), domain: z.number().nullable() }),
  curve: curveSchema,
});
export type RunDetail = z.infer<typeof runDetailSchema>;

/** What the run's workers told of it while it was in the queue, oldest first. */
export const runLogSchema = z.object({
  lines: z.array(z.string()),
  /** Why there are none: it has left the queue, or no queue is running. */
  note: z.string().nullable(),
});
export type RunLog = z.infer<typeof runLogSchema>;
