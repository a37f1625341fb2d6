import { evaluationSchedule } from '../config/evaluationSchedule.ts';
import { isSizeOf } from '../config/resolveConfig.ts';
import type { ResolvedConfig } from '../config/schema.ts';
import type { PreparedCorpus } from '../corpus/types.ts';
import type { EngineName } from '../engine/types.ts';
import { countParameters, flopsPerToken, learningRateForWidth, modelFromWidth } from '../model/family.ts';
import type { ModelSpec } from '../model/types.ts';
import type { SweepRunRecord } from '../store/types.ts';
import { type CorpusSpec, NUMERICS_VERSION, type RunSpec, runId } from '../training/runSpec.ts';
import { evaluationSequences } from '../training/schedule.ts';

export interface PlannedRun {
  id: string;
  spec: RunSpec;
  label: SweepRunRecord;
  /** Training floating-point operations, forward and backward, evaluation not counted. */
  flops: number;
}

export interface SweepCorpora {
  general: PreparedCorpus;
  /** In the config's order. */
  domains: PreparedCorpus[];
}

/** The smallest validation set worth fitting a law to, tokens. */
const MIN_VALIDATION_TOKENS = 32_768;

/**
 * Tokens of one validation set. `auto` is the largest for which evaluation takes at most a third of a CPT run's
 * time, and at least 32,768: with a forward pass at a third of a training step's cost (2N against 6N operations a
 * token), two sets of V tokens at P points cost 2·V·P/3 trained tokens, so V = 3·tokens/(4·P).
 * Rounded up to whole evaluation batches.
 */
export function validationTokens(config: ResolvedConfig): number {
  const { contextLength } = config.models;
  const batch = evaluationSequences(contextLength) * contextLength;
  const points = cptEvaluations(config).length;
  const affordable = Math.floor((3 * config.training.cptTokens) / (4 * points) / batch) * batch;
  const wanted =
    config.corpora.validationTokens === 'auto'
      ? Math.max(MIN_VALIDATION_TOKENS, affordable)
      : config.corpora.validationTokens;
  return Math.ceil(wanted / batch) * batch;
}

/** The models of a sweep, in the config's order. */
export function sweepModels(config: ResolvedConfig, vocabularySize: number): ModelSpec[] {
  const { sizes, ropeTheta, normEpsilon, ...shared } = config.models;
  return sizes.map(({ width, ...given }) => ({
    ...modelFromWidth(width, { ...shared, ...given, vocabularySize }),
    ropeTheta,
    normEpsilon,
  }));
}

/**
 * Every run that the config asks for, parents before children: a base model per size and seed, and from each a CPT
 * run per domain and ratio, and the further runs. Equal specs have equal ids, so a run that another sweep has trained is not trained again.
 */
export function planRuns(
  config: ResolvedConfig,
  corpora: SweepCorpora,
  engine: EngineName,
  tokenizerHash: string,
): PlannedRun[] {
  const { training } = config;
  const setTokens = validationTokens(config);
  const corpusSpec = (corpus: PreparedCorpus): CorpusSpec => ({
    name: corpus.name,
    trainShard: corpus.train.hash,
    validationShard: corpus.validation.hash,
    validationTokens: setTokens,
  });
  const runs: PlannedRun[] = [];
  const planned = new Set<string>();
  for (const [index, model] of sweepModels(config, corpora.general.train.vocabularySize).entries()) {
    const further = (config.furtherRuns ?? []).filter((run) => isSizeOf(run, config.models.sizes[index]!));
    const seeds = [...new Set([...config.seeds, ...further.map(({ seed }) => seed)])];
    const parameters = countParameters(model);
    const baseRate = learningRateForWidth(model.width, training.learningRate);
    for (const seed of seeds) {
      const shared = {
        numericsVersion: NUMERICS_VERSION,
        engine,
        precision: training.precision,
        model,
        tokenizerHash,
        general: corpusSpec(corpora.general),
        seed,
        batchSequences: training.batchSequences,
        optimizer: training.optimizer,
      } as const;
      const add = (spec: RunSpec, domain: string | null): string => {
        const id = runId(spec);
        // A further run may be one of the grid.
        if (planned.has(id)) return id;
        planned.add(id);
        const name = `${sizeName(parameters.nonEmbedding)} ${
          domain === null ? 'base' : `${domain} r=${spec.domainRatio}`
        }${spec.kind === 'cpt' && spec.tokens !== training.cptTokens ? ` D=${sizeName(spec.tokens)}` : ''}${
          seeds.length > 1 ? ` s${seed}` : ''
        }`;
        runs.push({
          id,
          spec,
          label: {
            run: id,
            kind: spec.kind,
            domain,
            domainRatio: spec.domainRatio,
            seed,
            modelSize: parameters.nonEmbedding,
            totalParameters: parameters.total,
            label: name,
          },
          flops: spec.tokens * flopsPerToken(model),
        });
        return id;
      };
      const parent = add(
        {
          ...shared,
          kind: 'base',
          parent: null,
          domain: null,
          domainRatio: 0,
          tokens: training.baseTokens,
          evaluationTokens: baseEvaluations(config),
          warmupTokens: training.baseWarmupTokens,
          learningRate: baseRate,
          moments: 'reset',
        },
        null,
      );
      const addCpt = (domain: PreparedCorpus, domainRatio: number, tokens: number) =>
        add(
          {
            ...shared,
            kind: 'cpt',
            parent,
            domain: corpusSpec(domain),
            domainRatio,
            tokens,
            evaluationTokens: cptEvaluations(config, tokens),
            warmupTokens: training.cptWarmupTokens,
            learningRate: baseRate * training.cptLearningRateScale,
            moments: training.moments,
          },
          domain.name,
        );
      for (const domain of corpora.domains) {
        const ratios = config.seeds.includes(seed) ? config.mixture.ratios : [];
        for (const domainRatio of ratios) addCpt(domain, domainRatio, training.cptTokens);
        for (const run of further) {
          if (run.seed === seed && run.domain === domain.name) addCpt(domain, run.domainRatio, run.tokens);
        }
      }
    }
  }
  return runs;
}

/** D = 0 and exponentially spaced token counts up to the run's end: for a shorter run those of a whole one before its own end. */
export function cptEvaluations(config: ResolvedConfig, tokens = config.training.cptTokens): number[] {
  const { training, evaluation, models } = config;
  const points = evaluationSchedule({
    tokens: training.cptTokens,
    points: evaluation.points,
    batchTokens: training.batchSequences * models.contextLength,
    firstTokens: evaluation.firstTokens,
  });
  return tokens === training.cptTokens ? points : [...points.filter((point) => point < tokens), tokens];
}

/** A base model's losses are only looked at to see that it learned: its start, some points, its end. */
function baseEvaluations(config: ResolvedConfig): number[] {
  const { training, models } = config;
  return evaluationSchedule({
    tokens: training.baseTokens,
    points: 6,
    batchTokens: training.batchSequences * models.contextLength,
    firstTokens: Math.round(training.baseTokens / 32),
  });
}

function sizeName(parameters: number): string {
  if (parameters >= 1e9) return `${(parameters / 1e9).toPrecision(3)}B`;
  if (parameters >= 1e6) return `${(parameters / 1e6).toPrecision(3)}M`;
  return `${(parameters / 1e3).toPrecision(3)}k`;
}
