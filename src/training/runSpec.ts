import { z } from 'zod';
import { canonicalHash } from '../common/canonical.ts';

/**
 * Bumped whenever a change to model, engine, sampler or training can change a loss in its last bit, so that
 * results of different arithmetic never share an id.
 */
export const NUMERICS_VERSION = 1;

const hash = z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 in hex');
const count = z.int().positive();

const modelSchema = z.strictObject({
  vocabularySize: count,
  contextLength: count,
  width: count,
  layers: count,
  heads: count,
  keyValueHeads: count,
  feedForwardWidth: count,
  tiedEmbeddings: z.boolean(),
  ropeTheta: z.number().positive(),
  normEpsilon: z.number().positive(),
});

const corpusSchema = z.strictObject({
  /** Name used for its losses: `general`, or the domain's name. */
  name: z.string().min(1),
  trainShard: hash,
  validationShard: hash,
  /** Tokens predicted per evaluation; a multiple of contextLength. */
  validationTokens: count,
});

/**
 * Everything that decides a run's result, and nothing else: its canonical hash is the run's id. Validated again
 * wherever it arrives (a queue job is an outside input).
 */
export const runSpecSchema = z
  .strictObject({
    numericsVersion: z.literal(NUMERICS_VERSION),
    engine: z.enum(['onnx', 'tensorflow']),
    /** A base model is pre-trained on the general corpus only; a cpt run continues one on a mixture. */
    kind: z.enum(['base', 'cpt']),
    /** Id of the base run that a cpt run continues. */
    parent: hash.nullable(),
    model: modelSchema,
    tokenizerHash: hash,
    general: corpusSchema,
    /** null in base runs. */
    domain: corpusSchema.nullable(),
    /** Share of domain tokens, 0…1. */
    domainRatio: z.number().min(0).max(1),
    seed: z.int().nonnegative(),
    batchSequences: count,
    /** Training tokens of this run (without its parent's); a multiple of batchSequences · contextLength. */
    tokens: count,
    /** Token counts at which both validation losses are measured, ascending; starts at 0 and ends at `tokens`. */
    evaluationTokens: z.array(z.int().nonnegative()).min(2),
    /** Linear warm-up from 0 to learningRate over these tokens, then constant. */
    warmupTokens: z.int().nonnegative(),
    learningRate: z.number().positive(),
    /** Whether a cpt run starts from its parent's AdamW moments or from zero. */
    moments: z.enum(['reset', 'keep']),
    optimizer: z.strictObject({
      beta1: z.number().min(0).lt(1),
      beta2: z.number().min(0).lt(1),
      epsilon: z.number().positive(),
      weightDecay: z.number().nonnegative(),
      clipNorm: z.number().positive(),
    }),
  })
  .refine(
    (spec) => (spec.kind === 'cpt') === (spec.parent !== null),
    'a cpt run has a parent, a base run has none',
  )
  .refine(
    (spec) => (spec.kind === 'cpt') === (spec.domain !== null),
    'a cpt run has a domain, a base run has none',
  );

export type RunSpec = z.infer<typeof runSpecSchema>;
export type CorpusSpec = z.infer<typeof corpusSchema>;

/** The run's identity: same id = same result, whoever trains it. */
export function runId(spec: RunSpec): string {
  return canonicalHash(spec);
}
