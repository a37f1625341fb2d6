import type { ResolvedConfig } from '../config/schema.ts';
import { refuseOverlap, sweepOverlaps } from '../corpus/overlap.ts';
import { type PrepareProgress, prepareCorpus } from '../corpus/prepare.ts';
import type { DemoGenerators, CorpusSource as OpenableSource } from '../corpus/sources.ts';
import { loadTokenizer, type TextTokenizer } from '../corpus/tokenizers.ts';
import type { CorpusFacts } from '../report/types.ts';
import { type SweepCorpora, validationTokens } from './plan.ts';

export interface PrepareSweepOptions {
  config: ResolvedConfig;
  cacheFolder: string;
  generators: DemoGenerators;
  onProgress(progress: PrepareProgress): void;
  note(line: string): void;
}

export interface PreparedSweep {
  corpora: SweepCorpora;
  tokenizer: TextTokenizer;
  facts: CorpusFacts[];
}

/**
 * Text → token shards for every corpus of a config, with the duplicates between training and validation documents
 * counted before a token is trained on. Throws a UserError for unusable sources and for too much overlap.
 */
export async function prepareSweep(options: PrepareSweepOptions): Promise<PreparedSweep> {
  const { config, cacheFolder, note } = options;
  const tokenizer = loadTokenizer(config.tokenizer);
  const neededValidationTokens = validationTokens(config);
  const prepare = async (
    name: string,
    source: ResolvedConfig['corpora']['general']['source'],
    tokens: number,
  ) => {
    const { corpus, notes } = await prepareCorpus({
      name,
      source: openable(source),
      tokenizer,
      neededTrainTokens: tokens,
      neededValidationTokens,
      seed: config.seeds[0]!,
      cacheFolder,
      generators: options.generators,
      dropNearDuplicates: config.corpora.dropNearDuplicates,
      onProgress: options.onProgress,
    });
    for (const line of notes) note(line);
    return corpus;
  };
  const { baseTokens, cptTokens } = config.training;
  const { ratios } = config.mixture;
  // A CPT run reads general text on from where its base model stopped.
  const generalTokens = baseTokens + Math.ceil(cptTokens * (1 - Math.min(...ratios)));
  const general = await prepare('general', config.corpora.general.source, generalTokens);
  const domains = [];
  for (const [name, { source }] of Object.entries(config.corpora.domains)) {
    domains.push(await prepare(name, source, Math.ceil(cptTokens * Math.max(...ratios))));
  }
  const corpora = { general, domains };
  const overlaps = sweepOverlaps(corpora, cacheFolder, tokenizer.decode);
  refuseOverlap(overlaps, config.corpora.maxOverlapShare);
  const facts = [general, ...domains].map((corpus) => ({
    name: corpus.name,
    description: corpus.description,
    synthetic: corpus.synthetic,
    trainTokens: corpus.train.tokens,
    trainDocuments: corpus.train.documents,
    trainShard: corpus.train.hash,
    validationShard: corpus.validation.hash,
    validationTokens: neededValidationTokens,
    overlapShare: Math.max(
      ...overlaps.filter(({ validation }) => validation === corpus.name).map(({ overlap }) => overlap.share),
    ),
  }));
  return { corpora, tokenizer, facts };
}

/** The config's source in the reader's terms: `null` (no limit) is an absent field there. */
function openable(source: ResolvedConfig['corpora']['general']['source']): OpenableSource {
  const { maxBytes, ...rest } = source;
  return (maxBytes === null ? rest : { ...rest, maxBytes }) as OpenableSource;
}
