import type { PreparedCorpus } from './types.ts';
import { bytesPerToken } from './validationWindows.ts';

/** One line a corpus for a table of what a sweep trains on; numbers unformatted. */
export interface CorpusFacts {
  corpus: string;
  source: string;
  synthetic: 'yes' | 'no';
  trainDocuments: number;
  trainTokens: number;
  trainTextBytes: number;
  validationDocuments: number;
  validationTokens: number;
  bytesPerToken: number;
  /** E.g. `3 duplicate, 1 empty`; `none`. */
  dropped: string;
}

export function corpusFacts(corpora: readonly PreparedCorpus[]): CorpusFacts[] {
  return corpora.map(({ name, description, synthetic, train, validation, dropped }) => ({
    corpus: name,
    source: description,
    synthetic: synthetic ? 'yes' : 'no',
    trainDocuments: train.documents,
    trainTokens: train.tokens,
    trainTextBytes: train.textBytes,
    validationDocuments: validation.documents,
    validationTokens: validation.tokens,
    bytesPerToken: bytesPerToken(train),
    dropped:
      Object.keys(dropped)
        .sort()
        .map((reason) => `${dropped[reason]} ${reason}`)
        .join(', ') || 'none',
  }));
}
