import { z } from 'zod';
import {
  anyNumberOf,
  below,
  between,
  choose,
  chooseByKey,
  count,
  distinctList,
  flag,
  oneOf,
  oneOrMore,
  positive,
  section,
  text,
  whole,
  wholeFromZero,
  wordOr,
} from './fields.ts';
import { isMapping } from './tree.ts';
import type { CorpusSource, ModelSize } from './types.ts';

export type * from './types.ts';

/** Kept equal to the model family's own rule: every head size is even, matrix sides fill vector registers. */
const WIDTH_MULTIPLE = 8;

export const DEMO_NAMES = [
  'prose',
  'mathematics',
  'program',
  'statutes',
  'music',
  'chemistry',
  'medical',
] as const;

export const LAW_FORMS = [
  'L1',
  'L2',
  'L3',
  'L4',
  'L5',
  'L6',
  'L7',
  'chinchilla',
  'cross-lingual',
  'apple-additive',
  'apple-joint',
] as const;

/** The nine ratios of the D-CPT paper (arXiv 2406.01375, section 4.1), as shares of domain tokens. */
export const PUBLISHED_RATIOS: readonly number[] = [0, 0.1, 0.2, 0.33, 0.5, 0.67, 0.8, 0.9, 1];

const path = 'a path or glob';
const maxBytes = count.optional();

const sourceSchema = chooseByKey<CorpusSource>('a source', {
  jsonl: section({ jsonl: oneOrMore(path), field: text('the name of a field').default('text'), maxBytes }),
  text: section({
    text: oneOrMore(path),
    exclude: anyNumberOf(path).prefault([]),
    maxFileBytes: count.default(1_000_000),
    maxBytes,
  }),
  demo: section({ demo: oneOf(DEMO_NAMES), bytes: count, seed: wholeFromZero.default(1), maxBytes }),
});

const targetFields = {
  modelSize: wordOr('largest', positive()),
  tokens: wordOr('max', count),
  tolerance: between(0, 1),
};

const nameRule = 'a name of at most 64 lower-case letters, digits and hyphens';
const domainName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,63}$/, { error: () => `${nameRule}, a letter first` })
  .refine((name) => name !== 'general', {
    error: () => 'any other name: general is the corpus that every domain is mixed with',
  });

const corporaSchema = section({
  general: section({ source: sourceSchema }),
  domains: z
    .record(
      domainName,
      section({ source: sourceSchema, target: section(targetFields).partial().optional() }),
      {
        error: () => 'a mapping from a name of your own to { source: … }',
      },
    )
    .superRefine((domains, context) => {
      if (Object.keys(domains).length === 0) {
        context.addIssue({ code: 'custom', message: 'is empty; a sweep needs at least one domain' });
      }
    }),
  validationTokens: wordOr('auto', count).default('auto'),
  maxOverlapShare: between(0, 1).default(0.05),
  dropNearDuplicates: flag().default(false),
});

const widthRule = () => `a width: a whole multiple of ${WIDTH_MULTIPLE}`;
const width = z
  .int({ error: widthRule })
  .min(1, { error: widthRule })
  .multipleOf(WIDTH_MULTIPLE, { error: widthRule });
const explicitSize = section({
  width,
  layers: count.optional(),
  heads: count.optional(),
  keyValueHeads: count.optional(),
  feedForwardWidth: count.optional(),
}).superRefine((size, context) => {
  const { heads, keyValueHeads } = size;
  if (heads === undefined) return;
  const tell = (key: string, message: string) => context.addIssue({ code: 'custom', path: [key], message });
  if (size.width % heads !== 0 || (size.width / heads) % 2 !== 0) {
    tell('heads', `is ${heads}, but width ${size.width} / heads must be an even whole number`);
  }
  if (keyValueHeads !== undefined && heads % keyValueHeads !== 0) {
    tell('keyValueHeads', `is ${keyValueHeads}, which does not divide the ${heads} heads`);
  }
});
const sizeSchema = choose<ModelSize>((value) =>
  isMapping(value)
    ? (explicitSize as z.ZodType<ModelSize>)
    : width.transform((dial): ModelSize => ({ width: dial })),
);

const modelsSchema = section({
  contextLength: whole(2).default(128),
  sizes: distinctList(sizeSchema, 'a list of widths, or of mappings with width, layers, heads, …'),
  tiedEmbeddings: flag().default(true),
  ropeTheta: positive().default(10_000),
  normEpsilon: positive().default(1e-5),
});

export const trainingSchema = section({
  batchSequences: count.default(8),
  precision: oneOf(['auto', 'float32', 'float16']).default('auto'),
  baseTokens: count,
  cptTokens: count,
  warmupShare: below(0, 1).default(0.05),
  baseWarmupTokens: wordOr('auto', wholeFromZero).default('auto'),
  cptWarmupTokens: wordOr('auto', wholeFromZero).default('auto'),
  learningRate: section({
    referenceLearningRate: positive().default(2e-3),
    referenceWidth: count.default(64),
    exponent: between(0, 2).default(0.5),
  }).prefault({}),
  cptLearningRateScale: positive().default(1),
  moments: oneOf(['reset', 'keep']).default('reset'),
  optimizer: section({
    beta1: below(0, 1).default(0.9),
    beta2: below(0, 1).default(0.95),
    epsilon: positive().default(1e-8),
    weightDecay: between(0, 10).default(0.1),
    clipNorm: positive().default(1),
  }).prefault({}),
}).superRefine((training, context) => {
  const pairs = [
    ['baseWarmupTokens', 'baseTokens'],
    ['cptWarmupTokens', 'cptTokens'],
  ] as const;
  for (const [warmup, total] of pairs) {
    const tokens = training[warmup];
    if (tokens === 'auto' || tokens < training[total]) continue;
    context.addIssue({
      code: 'custom',
      path: [warmup],
      message: `is ${tokens}, but ${total} is ${training[total]}; the warm-up must end before the run does`,
    });
  }
});

/** Above this many, neighbouring ratios of a sample could not be told apart in four decimals. */
const MAX_RATIOS = 1000;
type MixtureInput =
  | { ratios: number[] }
  | { sample: 'grid'; count: number }
  | { sample: 'sobol'; count: number; seed: number };
const listedRatios = section({
  ratios: distinctList(between(0, 1), 'a list of domain ratios from 0 to 1')
    .default([...PUBLISHED_RATIOS])
    .superRefine((ratios, context) => {
      if (ratios.some((ratio) => ratio > 0)) return;
      context.addIssue({ code: 'custom', message: 'has no ratio above 0, so no domain would be trained on' });
    }),
});
const gridSample = section({ sample: oneOf(['grid', 'sobol']), count: whole(2, MAX_RATIOS) });
const sobolSample = section({
  sample: oneOf(['grid', 'sobol']),
  count: whole(3, MAX_RATIOS),
  seed: wholeFromZero.default(1),
});
const byExample = chooseByKey<MixtureInput>('a mixture', {
  ratios: listedRatios as never,
  sample: gridSample as never,
});
const mixtureSchema = choose<MixtureInput>((value) => {
  if (!isMapping(value)) return byExample;
  if (Object.keys(value).length === 0) return listedRatios;
  return value.sample === 'sobol' && !('ratios' in value) ? (sobolSample as never) : byExample;
});

export const evaluationSchema = section({
  points: whole(2, 10_000).default(13),
  firstTokens: wordOr('auto', count).default('auto'),
});

const furtherRunSchema = section({
  domain: text('the name of a domain'),
  width,
  layers: count.optional(),
  domainRatio: between(0, 1),
  tokens: count,
  seed: wholeFromZero.default(1),
});

/** The config as a person writes it; its parsed output has defaults where nothing depends on other keys. */
export const configSchema = section({
  name: text(nameRule, /^[a-z0-9][a-z0-9-]{0,63}$/),
  seeds: distinctList(wholeFromZero, 'a list of whole numbers, at least 0').default([1]),
  tokenizer: choose<'bytes' | { file: string }>((value) =>
    isMapping(value)
      ? section({ file: text('the path of a tokenizer.json') })
      : z.literal('bytes', { error: () => 'bytes, or { file: path of a tokenizer.json }' }),
  ).prefault('bytes'),
  corpora: corporaSchema,
  models: modelsSchema,
  training: trainingSchema,
  mixture: mixtureSchema.prefault({}),
  evaluation: evaluationSchema.prefault({}),
  furtherRuns: distinctList(
    furtherRunSchema,
    'a list of mappings with domain, width, domainRatio, tokens, seed',
  ).optional(),
  law: section({
    form: oneOf(LAW_FORMS).default('L3'),
    constraint: oneOf(['none', 'published', 'box']).default('none'),
    huberDelta: positive().default(1e-3),
    resamples: whole(0, 100_000).default(200),
    intervalLevel: between(0.5, 0.999).default(0.9),
  }).prefault({}),
  target: section({
    modelSize: targetFields.modelSize.default('largest'),
    tokens: targetFields.tokens.default('max'),
    tolerance: targetFields.tolerance.default(0.03),
  }).prefault({}),
  run: section({
    engine: oneOf(['auto', 'onnx', 'tensorflow']).default('auto'),
    trainers: wordOr('auto', whole(1, 1024)).default('auto'),
    population: wordOr(['auto', 'off'], whole(1, 64)).default('auto'),
    checkpointSeconds: positive().default(20),
    keepCheckpoints: oneOf(['base', 'all']).default('base'),
  }).prefault({}),
});

export type CheckedConfig = z.output<typeof configSchema>;
