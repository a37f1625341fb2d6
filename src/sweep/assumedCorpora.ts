import type { ResolvedConfig } from '../config/schema.ts';
import { bytesTokenizer } from '../corpus/tokenizers.ts';
import type { PreparedCorpus, ShardInfo } from '../corpus/types.ts';
import type { SweepCorpora } from './plan.ts';

/** Rows of the embedding when the tokenizer cannot be read; parameters without embeddings do not depend on it. */
const ASSUMED_VOCABULARY = 32_000;
const NO_HASH = '0'.repeat(64);

export interface AssumedCorpora {
  corpora: SweepCorpora;
  tokenizerHash: string;
  /** What was assumed, as a line to show. */
  assumption: string;
}

/** Stands in for corpora that are not on this machine, so that a dry run can still tell sizes, tokens and FLOPs. */
export function assumeCorpora(config: ResolvedConfig): AssumedCorpora {
  const bytes = config.tokenizer === 'bytes';
  const vocabularySize = bytes ? bytesTokenizer().vocabularySize : ASSUMED_VOCABULARY;
  const shard: ShardInfo = {
    hash: NO_HASH,
    tokenizerHash: NO_HASH,
    vocabularySize,
    tokens: 0,
    documents: 0,
    textBytes: 0,
  };
  const corpus = (name: string): PreparedCorpus => ({
    name,
    description: 'not read',
    synthetic: false,
    train: shard,
    validation: shard,
    dropped: {},
  });
  return {
    corpora: { general: corpus('general'), domains: Object.keys(config.corpora.domains).map(corpus) },
    tokenizerHash: NO_HASH,
    assumption: `planned without reading the corpora${bytes ? '' : `, with a vocabulary of ${vocabularySize.toLocaleString('en-US')}`}: what is done already cannot be told`,
  };
}
