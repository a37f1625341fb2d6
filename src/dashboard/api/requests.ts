import { z } from 'zod';

const number = z.coerce.number();
const positive = number.positive();
const name = z.string().min(1).max(64);
const share = number.min(0).max(1);

export const sweepNameSchema = z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/);
export const runIdSchema = z.string().regex(/^[0-9a-f]{64}$/);

/** Paging of every list. */
const paging = {
  offset: number.int().min(0).max(1e7).default(0),
  limit: number.int().min(1).max(1000).default(100),
};

export const runsQuerySchema = z.strictObject({
  ...paging,
  status: z.enum(['planned', 'running', 'done', 'diverged', 'failed']).optional(),
  domain: name.optional(),
  /** A part of its label or the start of its id. */
  search: z.string().max(100).optional(),
  sort: z.enum(['plan', 'label', 'status', 'tokens', 'generalLoss', 'domainLoss']).default('plan'),
  descending: z.stringbool().default(false),
});

export const curvesQuerySchema = z.strictObject({
  domain: name.optional(),
  modelSize: positive.optional(),
  domainRatio: share.optional(),
  seed: number.int().min(0).optional(),
  /** Base runs too. */
  base: z.stringbool().default(false),
  limit: number.int().min(1).max(500).default(200),
});

/** Of every question about a domain's laws. */
const ofDomain = { domain: name };
const fitting = { ...ofDomain, form: name.default('L3') };

export const lawQuerySchema = z.strictObject(fitting);

/** Parameters and tokens; what is left out is the largest measured. */
export const answerQuerySchema = z.strictObject({
  ...fitting,
  modelSize: positive.max(1e15).optional(),
  tokens: positive.max(1e18).optional(),
  tolerance: share.default(0.03),
  toleranceNats: positive.max(100).optional(),
  domainTokens: positive.max(1e18).optional(),
  /** Profile intervals take seconds: only when a slider has come to rest. */
  profile: z.stringbool().default(false),
});
export type AnswerQuery = z.infer<typeof answerQuerySchema>;

export const nextQuerySchema = z.strictObject({
  ...ofDomain,
  runs: number.int().min(1).max(50).default(5),
});

export const formsQuerySchema = z.strictObject({
  ...ofDomain,
  /** Also held-out errors, which take up to minutes. */
  validate: z.stringbool().default(false),
});

export const versionsQuerySchema = z.strictObject(ofDomain);
export const differenceQuerySchema = z.strictObject({
  ...ofDomain,
  from: number.int().positive(),
  to: number.int().positive(),
});

export const compareQuerySchema = z.strictObject({
  /** Names, separated by commas. */
  sweeps: z.string().min(1).max(2000),
  tolerance: share.default(0.03),
  form: name.default('L3'),
});

/** The runs that a person chose among those suggested. */
export const queueNextSchema = z.strictObject({
  domain: name,
  runs: z
    .array(
      z.strictObject({
        modelSize: z.number().positive(),
        domainRatio: z.number().min(0).max(1),
        tokens: z.number().positive(),
      }),
    )
    .min(1)
    .max(50),
});

export const liveQuerySchema = z.strictObject({
  sweep: sweepNameSchema.optional(),
  run: runIdSchema.optional(),
});
