/** One document of a corpus, before tokenising. `id` is the SHA-256 of its text. */
export interface Document {
  id: string;
  text: string;
}

export type Split = 'train' | 'validation';

export interface Tokenizer {
  /** Identity: equal hashes tokenise every text alike. */
  readonly hash: string;
  /** What a person calls it, e.g. `bytes` or the file's name. */
  readonly name: string;
  readonly vocabularySize: number;
  /** Put after every document. */
  readonly endOfTextId: number;
  encode(text: string): Uint32Array | number[];
}

/** What a token shard's header says; enough to plan a sweep without reading a token. */
export interface ShardInfo {
  /** SHA-256 of the payload (token ids and document ends): the shard's identity, and its file's name. */
  hash: string;
  tokenizerHash: string;
  vocabularySize: number;
  tokens: number;
  documents: number;
  /** UTF-8 bytes of the documents' text (end-of-text marks not counted): for bits per byte. */
  textBytes: number;
}

/** An open token shard. Reads are positioned: the file is never held in memory as a whole. */
export interface Shard {
  readonly info: ShardInfo;
  /** Position one past each document's end-of-text token, in tokens; length = documents. */
  readonly documentEnds: Float64Array;
  /** Copies `count` tokens from `position` into `into` at `at`. Throws when out of range. */
  read(position: number, count: number, into: Int32Array, at: number): void;
  close(): void;
}

/** One corpus, split and tokenised, ready to train on. */
export interface PreparedCorpus {
  name: string;
  /** Where the text came from, in words, e.g. `demo generator "prose", synthetic`. */
  description: string;
  synthetic: boolean;
  train: ShardInfo;
  validation: ShardInfo;
  /** Documents left out, by reason (empty, duplicate, …). */
  dropped: Record<string, number>;
}

/** Share of validation documents that also stand in the training documents. */
export interface OverlapReport {
  validationDocuments: number;
  exactDuplicates: number;
  nearDuplicates: number;
  /** (exact + near) / validation documents. */
  share: number;
}

/** Where a mixture sampler stands: plain JSON, saved in checkpoints. */
export interface SamplerCursor {
  sequences: number;
  general: CorpusCursor;
  domain: CorpusCursor | null;
}

export interface CorpusCursor {
  epoch: number;
  /** Rows of this epoch already drawn. */
  row: number;
}

/** An endless source of training sequences at one mixture ratio. */
export interface MixtureSampler {
  /**
   * The next `sequences` rows of `contextLength + 1` tokens (inputs are the first contextLength of a row, targets
   * the last), row-major. Row k is of the domain corpus exactly when floor((k+1)·r) > floor(k·r).
   */
  next(sequences: number): Int32Array;
  cursor(): SamplerCursor;
  /** Passes over each corpus so far, e.g. 1.25. */
  epochs(): { general: number; domain: number | null };
  close(): void;
}
