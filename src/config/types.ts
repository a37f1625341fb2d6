/**
 * A config with every default filled and every derived count worked out: plain JSON, saved with the sweep. It is
 * itself a valid config, and resolving it gives the same again.
 */
export interface ResolvedConfig {
  name: string;
  seeds: number[];
  tokenizer: 'bytes' | { file: string };
  corpora: {
    general: { source: CorpusSource };
    /** In the config's order. */
    domains: Record<string, { source: CorpusSource; target: Target }>;
    /** Tokens of each corpus in one evaluation. `auto`: see docs/configuration.md. */
    validationTokens: number | 'auto';
    /** A sweep whose share of duplicated validation documents is above this is refused. */
    maxOverlapShare: number;
    /** Leaves out validation documents that are near duplicates of training documents. */
    dropNearDuplicates: boolean;
  };
  models: {
    contextLength: number;
    sizes: ModelSize[];
    tiedEmbeddings: boolean;
    ropeTheta: number;
    normEpsilon: number;
  };
  training: {
    /** Sequences of an optimiser step, of contextLength tokens each. */
    batchSequences: number;
    /** Of matrix products. */
    precision: 'float32' | 'float16';
    /** Training tokens of a base run and of a CPT run: multiples of a step's tokens. */
    baseTokens: number;
    cptTokens: number;
    baseWarmupTokens: number;
    cptWarmupTokens: number;
    /** rate = referenceLearningRate · (referenceWidth / width)^exponent */
    learningRate: { referenceLearningRate: number; referenceWidth: number; exponent: number };
    /** CPT learning rate / base learning rate. */
    cptLearningRateScale: number;
    /** Whether a CPT run starts from its base run's AdamW moments or from zero. */
    moments: 'reset' | 'keep';
    optimizer: { beta1: number; beta2: number; epsilon: number; weightDecay: number; clipNorm: number };
  };
  /** Domain ratios, ascending. */
  mixture: { ratios: number[] };
  /** CPT runs beside the grid of sizes, ratios and seeds, e.g. those that `npm run plan -- --next` suggests. */
  furtherRuns?: FurtherRun[];
  /** Evaluation points of a CPT run above D = 0, and the first of them in tokens. */
  evaluation: { points: number; firstTokens: number };
  law: {
    form: LawFormName;
    constraint: 'none' | 'published' | 'box';
    huberDelta: number;
    resamples: number;
    intervalLevel: number;
  };
  /** For domains without one of their own; each domain's `target` already has it. */
  target: Target;
  run: {
    engine: 'auto' | 'onnx' | 'tensorflow';
    trainers: number | 'auto';
    /** Runs that a trainer trains at once: `off` for one, `auto` for what suits its device. */
    population: number | 'auto' | 'off';
    checkpointSeconds: number;
    keepCheckpoints: 'base' | 'all';
  };
}

/** Laws of a sweep's own columns; the law module has more. */
export type LawFormName =
  | 'L1'
  | 'L2'
  | 'L3'
  | 'L4'
  | 'L5'
  | 'L6'
  | 'L7'
  | 'chinchilla'
  | 'cross-lingual'
  | 'apple-additive'
  | 'apple-joint';

export type DemoName = 'prose' | 'mathematics' | 'program' | 'statutes' | 'music' | 'chemistry' | 'medical';

/** Where a corpus's documents come from. Paths are as written: relative to the current working directory. */
export type CorpusSource =
  | { jsonl: string[]; field: string; maxBytes?: number }
  | { text: string[]; exclude: string[]; maxFileBytes: number; maxBytes?: number }
  | { demo: DemoName; bytes: number; seed: number; maxBytes?: number };

/** The dial, and what overrides the family's rule for it. */
export interface ModelSize {
  width: number;
  layers?: number;
  heads?: number;
  keyValueHeads?: number;
  feedForwardWidth?: number;
}

/** One CPT run beside the grid. */
export interface FurtherRun {
  domain: string;
  /** The model size of this width; `layers` where several have it. */
  width: number;
  layers?: number;
  domainRatio: number;
  /** Training tokens: a multiple of a step's tokens. */
  tokens: number;
  seed: number;
}

/** The question that the recommendation answers. */
export interface Target {
  /** Non-embedding parameters. */
  modelSize: 'largest' | number;
  /** Tokens of continual pre-training. */
  tokens: number;
  /** Share by which general loss may exceed the base model's, e.g. 0.03. */
  tolerance: number;
}
