import { expandRatios } from './expandRatios.ts';
import { type ConfigProblem, configError, problemsOf } from './problems.ts';
import {
  type CheckedConfig,
  configSchema,
  evaluationSchema,
  type ResolvedConfig,
  type Target,
  trainingSchema,
} from './schema.ts';
import { type ConfigTree, isMapping } from './tree.ts';
import type { FurtherRun, ModelSize } from './types.ts';

export interface ConfigResolution {
  config: ResolvedConfig;
  /** What was rounded, and what a reader of the answer should know. */
  notes: string[];
}

/**
 * Third step: checks a tree against the schema, fills every default and works out what depends on other keys.
 * Throws a UserError that lists ALL problems, each with where it stands, what was found and what is allowed.
 */
export function resolveConfig(tree: ConfigTree): ConfigResolution {
  const parsed = configSchema.safeParse(tree.value);
  const problems = parsed.success ? [] : problemsOf(tree, parsed.error.issues);
  problems.push(
    ...scheduleProblems(tree.value),
    ...constraintProblems(tree.value),
    ...precisionProblems(tree.value),
  );
  if (parsed.success) problems.push(...furtherProblems(parsed.data));
  if (!parsed.success || problems.length > 0) throw configError(tree, problems);
  return complete(parsed.data);
}

/** What no single section can see. Asked as soon as the sections concerned are sound, whatever else is wrong. */
function scheduleProblems(value: unknown): ConfigProblem[] {
  if (!isMapping(value)) return [];
  const training = trainingSchema.safeParse(value.training);
  const evaluation = evaluationSchema.safeParse(value.evaluation ?? {});
  const models = configSchema.shape.models.safeParse(value.models);
  if (!training.success || !evaluation.success || !models.success) return [];
  const batchTokens = training.data.batchSequences * models.data.contextLength;
  const cptTokens = roundUp(training.data.cptTokens, batchTokens);
  const { firstTokens } = evaluation.data;
  if (firstTokens !== 'auto' && firstTokens > cptTokens) {
    const sentence = `is ${firstTokens}, but a CPT run ends at ${cptTokens} tokens (training.cptTokens)`;
    return [{ path: ['evaluation', 'firstTokens'], sentence }];
  }
  const first = roundUp(
    firstTokens === 'auto' ? autoFirstTokens(training.data, cptTokens) : firstTokens,
    batchTokens,
  );
  const steps = (cptTokens - first) / batchTokens + 1;
  if (evaluation.data.points <= steps) return [];
  const sentence =
    `is ${evaluation.data.points}, but from ${first} to ${cptTokens} tokens there are only ${steps} steps of ` +
    `${batchTokens} tokens to measure after; ask for fewer points, more training.cptTokens or a smaller batch`;
  return [{ path: ['evaluation', 'points'], sentence }];
}

/** Forms whose loss can be kept from rising with its corpus' share (arXiv 2406.01375 App. E.3, E.4). */
const CONSTRAINABLE = ['L3', 'L6', 'L7'];

function constraintProblems(value: unknown): ConfigProblem[] {
  const law = configSchema.shape.law.safeParse(isMapping(value) ? value.law : undefined);
  if (!law.success || law.data.constraint === 'none' || CONSTRAINABLE.includes(law.data.form)) return [];
  const sentence = `is ${law.data.constraint}, which ${law.data.form} has no form of; only ${CONSTRAINABLE.join(', ')} have`;
  return [{ path: ['law', 'constraint'], sentence }];
}

/** Kept equal to the limit of a run's spec: weight gradients are sums over a step's tokens, and float16 ends at 65,504. */
const MOST_HALF_PRECISION_TOKENS = 32_768;

function precisionProblems(value: unknown): ConfigProblem[] {
  if (!isMapping(value)) return [];
  const training = trainingSchema.safeParse(value.training);
  const run = configSchema.shape.run.safeParse(value.run);
  const models = configSchema.shape.models.safeParse(value.models);
  if (!training.success || training.data.precision !== 'float16') return [];
  const tell = (why: string) => [{ path: ['training', 'precision'], sentence: `is float16, ${why}` }];
  if (run.success && run.data.engine === 'tensorflow')
    return tell('which run.engine tensorflow does not have; use onnx or auto');
  const batchTokens = models.success ? training.data.batchSequences * models.data.contextLength : 0;
  if (batchTokens <= MOST_HALF_PRECISION_TOKENS) return [];
  return tell(
    `which takes steps of at most ${MOST_HALF_PRECISION_TOKENS} tokens, not ${batchTokens}; use float32 or a smaller batch`,
  );
}

/** Further runs name a domain and a model size of the config, and go on beyond the warm-up. */
function furtherProblems({ furtherRuns = [], corpora, models, training }: CheckedConfig): ConfigProblem[] {
  const warmup =
    training.cptWarmupTokens === 'auto'
      ? Math.round(training.warmupShare * training.cptTokens)
      : training.cptWarmupTokens;
  return furtherRuns.flatMap(({ domain, width, layers, tokens }, index): ConfigProblem[] => {
    const tell = (key: string, sentence: string) => ({ path: ['furtherRuns', index, key], sentence });
    const problems: ConfigProblem[] = [];
    const domains = Object.keys(corpora.domains);
    if (!domains.includes(domain)) {
      problems.push(tell('domain', `is ${domain}, which is not one of ${domains.join(', ')}`));
    }
    const sizes = models.sizes.filter((size) =>
      isSizeOf({ width, ...(layers !== undefined && { layers }) }, size),
    );
    if (sizes.length !== 1) {
      const widths = models.sizes.map((size) => size.width).join(', ');
      problems.push(
        tell(
          'width',
          sizes.length === 0
            ? `is ${width}, which none of models.sizes has (${widths})`
            : `is ${width}, which ${sizes.length} of models.sizes have; give its layers too`,
        ),
      );
    }
    if (tokens <= warmup) {
      problems.push(tell('tokens', `is ${tokens}, but the warm-up of a CPT run takes ${warmup} tokens`));
    }
    return problems;
  });
}

/** Whether a further run's width, and layers where it has them, mean this model size. */
export function isSizeOf(run: Pick<FurtherRun, 'width' | 'layers'>, size: ModelSize): boolean {
  return run.width === size.width && (run.layers === undefined || run.layers === size.layers);
}

function complete(checked: CheckedConfig): ConfigResolution {
  const notes: string[] = [];
  const { furtherRuns, ...rest } = checked;
  const { models, training, evaluation } = rest;
  const batchTokens = training.batchSequences * models.contextLength;
  const wholeSteps = (name: string, tokens: number): number => {
    const rounded = roundUp(tokens, batchTokens);
    if (rounded !== tokens) {
      notes.push(
        `${name}: ${tokens} tokens are rounded up to ${rounded}, whole steps of ${batchTokens} tokens`,
      );
    }
    return rounded;
  };
  const baseTokens = wholeSteps('training.baseTokens', training.baseTokens);
  const cptTokens = wholeSteps('training.cptTokens', training.cptTokens);
  const firstTokens =
    evaluation.firstTokens === 'auto'
      ? roundUp(autoFirstTokens(training, cptTokens), batchTokens)
      : wholeSteps('evaluation.firstTokens', evaluation.firstTokens);
  const { warmupShare, learningRate, cptLearningRateScale, moments, optimizer } = training;
  const warmup = (asked: number | 'auto', tokens: number): number =>
    asked === 'auto' ? Math.round(warmupShare * tokens) : asked;

  const target: Target = { ...checked.target, tokens: orMax(checked.target.tokens, cptTokens) };
  const domains = Object.entries(checked.corpora.domains).map(([name, domain]) => {
    const own = domain.target ?? {};
    const merged: Target = {
      modelSize: own.modelSize ?? target.modelSize,
      tokens: own.tokens === undefined ? target.tokens : orMax(own.tokens, cptTokens),
      tolerance: own.tolerance ?? target.tolerance,
    };
    if (merged.tokens > cptTokens) {
      const times = (merged.tokens / cptTokens).toPrecision(3);
      notes.push(
        `${name}: the target of ${merged.tokens} tokens is ${times} times what any run trains; the answer extrapolates`,
      );
    }
    return [name, { source: domain.source, target: merged }] as const;
  });

  const config: ResolvedConfig = {
    ...rest,
    corpora: { ...checked.corpora, domains: Object.fromEntries(domains) },
    training: {
      batchSequences: training.batchSequences,
      // Not before a GPU has shown that it pays: docs/performance.md, Precision.
      precision: training.precision === 'auto' ? 'float32' : training.precision,
      baseTokens,
      cptTokens,
      baseWarmupTokens: warmup(training.baseWarmupTokens, baseTokens),
      cptWarmupTokens: warmup(training.cptWarmupTokens, cptTokens),
      learningRate,
      cptLearningRateScale,
      moments,
      optimizer,
    },
    mixture: { ratios: expandRatios(checked.mixture) },
    ...(furtherRuns && {
      furtherRuns: furtherRuns.map(({ layers, ...run }, index) => ({
        ...run,
        ...(layers !== undefined && { layers }),
        tokens: wholeSteps(`furtherRuns.${index}.tokens`, run.tokens),
      })),
    }),
    evaluation: { points: evaluation.points, firstTokens },
    target,
  };
  return { config, notes };
}

function orMax(tokens: number | 'max', cptTokens: number): number {
  return tokens === 'max' ? cptTokens : tokens;
}

function roundUp(tokens: number, batchTokens: number): number {
  return Math.ceil(tokens / batchTokens) * batchTokens;
}

/**
 * The first evaluation point when none is asked for: a 32nd of the run, so that D spans a factor of 32, but not
 * before the warm-up's end, since losses under a rising learning rate follow no law in D.
 */
function autoFirstTokens(training: CheckedConfig['training'], cptTokens: number): number {
  const { cptWarmupTokens, warmupShare } = training;
  const warmup = cptWarmupTokens === 'auto' ? Math.round(warmupShare * cptTokens) : cptWarmupTokens;
  return Math.max(1, warmup, cptTokens / 32);
}
