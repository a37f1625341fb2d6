import { z } from 'zod';
import { canonicalHash } from '../common/canonical.ts';

/**
 * Bumped whenever a change to model, engine, sampler or training can change a loss in its last bit, so that
 * results of different arithmetic never share an id.
 */
export const NUMERICS_VERSION = 3;

/**
 * Tokens of one optimiser step in float16 at most: the weights' gradients are sums over them, which must stay below
 * float16's 65,504 (src/engine/trace/halfPrecision.ts). The config's schema has the same limit.
 */
export const MOST_HALF_PRECISION_TOKENS = 32_768;

const hash = z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 in hex');
/** Whoever reads a spec from a queue must not be made to build what no machine holds. */
const LIMITS = {
  vocabulary: 2_000_000,
  context: 1_048_576,
  width: 65_536,
  layers: 1024,
  feedForward: 524_288,
  batchSequences: 1_048_576,
  tokens: 1e14,
  validationTokens: 1e10,
  evaluations: 10_000,
  parameters: 1e13,
} as const;
/** Least and most of what the engine calculates with in 32 bits. */
const SMALLEST_FLOAT = 1e-30;
const upTo = (most: number) => z.int().positive().max(most);
const setting = (most: number) => z.number().min(SMALLEST_FLOAT).max(most);

const modelSchema = z
  .strictObject({
    vocabularySize: upTo(LIMITS.vocabulary),
    contextLength: z.int().min(2).max(LIMITS.context),
    width: upTo(LIMITS.width).multipleOf(8),
    layers: upTo(LIMITS.layers),
    heads: upTo(LIMITS.width),
    keyValueHeads: upTo(LIMITS.width),
    feedForwardWidth: upTo(LIMITS.feedForward),
    tiedEmbeddings: z.boolean(),
    ropeTheta: z.number().min(1).max(1e12),
    normEpsilon: setting(1),
  })
  .refine(({ width, heads }) => width % (2 * heads) === 0, 'heads must share the width, each an even part')
  .refine(({ heads, keyValueHeads }) => heads % keyValueHeads === 0, 'key-value heads must divide the heads')
  .refine(
    ({ vocabularySize, width, layers, feedForwardWidth }) =>
      2 * vocabularySize * width + layers * width * (4 * width + 3 * feedForwardWidth) <= LIMITS.parameters,
    'a model of this size cannot be meant',
  );

const corpusSchema = z.strictObject({
  /** Name used for its losses: `general`, or the domain's name. */
  name: z.string().regex(/^[a-z0-9][a-z0-9_-]{0,63}$/i, 'a name of letters, digits and dashes'),
  trainShard: hash,
  validationShard: hash,
  /** Tokens predicted per evaluation; a multiple of contextLength. */
  validationTokens: upTo(LIMITS.validationTokens),
});

/**
 * Everything that decides a run's result, and nothing else: its canonical hash is the run's id. Validated again
 * wherever it arrives (a queue job is an outside input).
 */
export const runSpecSchema = z
  .strictObject({
    numericsVersion: z.literal(NUMERICS_VERSION),
    engine: z.enum(['onnx', 'tensorflow']),
    /** Of matrix products; everything else is float32. */
    precision: z.enum(['float32', 'float16']),
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
    batchSequences: upTo(LIMITS.batchSequences),
    /** Training tokens of this run (without its parent's); a multiple of batchSequences · contextLength. */
    tokens: upTo(LIMITS.tokens),
    /** Token counts at which both validation losses are measured, ascending; starts at 0 and ends at `tokens`. */
    evaluationTokens: z
      .array(z.int().nonnegative())
      .min(2)
      .max(LIMITS.evaluations + 1),
    /** Linear warm-up from 0 to learningRate over these tokens, then constant. */
    warmupTokens: z.int().nonnegative(),
    learningRate: setting(1e3),
    /** Whether a cpt run starts from its parent's AdamW moments or from zero. */
    moments: z.enum(['reset', 'keep']),
    optimizer: z.strictObject({
      beta1: z.number().min(0).lt(1),
      beta2: z.number().min(0).lt(1),
      epsilon: setting(1),
      weightDecay: z.number().min(0).max(100),
      clipNorm: setting(1e30),
    }),
  })
  .refine(
    (spec) => (spec.kind === 'cpt') === (spec.parent !== null),
    'a cpt run has a parent, a base run has none',
  )
  .refine(
    (spec) => (spec.kind === 'cpt') === (spec.domain !== null),
    'a cpt run has a domain, a base run has none',
  )
  .refine((spec) => spec.kind === 'cpt' || spec.domainRatio === 0, 'a base run reads no domain text')
  .refine(
    (spec) => spec.general.name === 'general' && spec.domain?.name !== 'general',
    'the general corpus is called general, a domain is not',
  )
  .refine(
    ({ precision, engine }) => precision === 'float32' || engine === 'onnx',
    'only the onnx engine has float16',
  )
  .refine(
    ({ precision, batchSequences, model }) =>
      precision === 'float32' || batchSequences * model.contextLength <= MOST_HALF_PRECISION_TOKENS,
    `float16 takes at most ${MOST_HALF_PRECISION_TOKENS} tokens a step`,
  )
  .refine((spec) => spec.warmupTokens < spec.tokens, 'the warm-up must end before the run does')
  .refine(({ tokens, evaluationTokens, batchSequences, model }) => {
    const step = batchSequences * model.contextLength;
    return (
      tokens % step === 0 &&
      evaluationTokens[0] === 0 &&
      evaluationTokens.at(-1) === tokens &&
      evaluationTokens.every(
        (at, index) => at % step === 0 && (index === 0 || at > evaluationTokens[index - 1]!),
      )
    );
  }, 'tokens and evaluations are whole batches, ascending from 0 to the end')
  .refine(
    ({ general, domain, model }) =>
      [general, domain].every((corpus) => !corpus || corpus.validationTokens % model.contextLength === 0),
    'a validation set is whole windows',
  );

export type RunSpec = z.infer<typeof runSpecSchema>;
export type CorpusSpec = z.infer<typeof corpusSchema>;

/** The run's identity: same id = same result, whoever trains it. */
export function runId(spec: RunSpec): string {
  return canonicalHash(spec);
}
