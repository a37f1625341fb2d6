import { join } from 'node:path';
import { canonicalHash } from '../common/canonical.ts';
import { messageOf, UserError } from '../common/errors.ts';
import { findDuplicates } from './duplicates.ts';
import {
  type PreparedIndex,
  preparedIndexPath,
  readPreparedIndex,
  writePreparedIndex,
} from './preparedIndex.ts';
import { shardPath, verifyShard, writeShard } from './shards.ts';
import { type CorpusSource, type DemoGenerators, type OpenedSource, openSource } from './sources.ts';
import { splitDocuments } from './split.ts';
import { openStaging, type StagedDocument, type Staging } from './staging.ts';
import type { PreparedCorpus, ShardInfo, Tokenizer } from './types.ts';

export interface PrepareOptions {
  /** The corpus' name: `general`, or the domain's. */
  name: string;
  source: CorpusSource;
  tokenizer: Tokenizer;
  /** Tokens of its training text that the longest run will read; a note tells when that repeats text. */
  neededTrainTokens?: number | undefined;
  /** Tokens that an evaluation predicts. */
  neededValidationTokens: number;
  /**
   * Leaves out validation documents that are near duplicates of training documents (findDuplicates), counted as
   * `near duplicate`. For sources full of copies, such as published program code.
   */
  dropNearDuplicates?: boolean | undefined;
  /** For sources that leave a choice, see SourceContext. */
  seed: number;
  cacheFolder: string;
  generators: DemoGenerators;
  /** Relative paths of the source start here; the working directory when not given. */
  baseFolder?: string | undefined;
  onProgress?: ((progress: PrepareProgress) => void) | undefined;
}

export interface PrepareProgress {
  corpus: string;
  phase: 'reading' | 'writing';
  documents: number;
  /** UTF-8 bytes of text so far, and in all where that is known. */
  bytes: number;
  expectedBytes: number | null;
}

export interface Prepared {
  corpus: PreparedCorpus;
  /** What a person should know: repeated epochs, caches that had to be made again. */
  notes: string[];
  /** False when everything was made anew. */
  cached: boolean;
}

/** Raised when the same source would be split or tokenised differently. */
const PREPARE_VERSION = 1;
const PROGRESS_DOCUMENTS = 256;

/**
 * Reads, splits and tokenises a corpus into two shards, or finds them below `cacheFolder` from an earlier time:
 * `prepared/<key>.json` is keyed by the content of the source (hashes, no paths or dates), the tokenizer and the
 * wanted validation tokens; `shards/<hash>.tokens` are checked against their hashes in full, once, here.
 * Throws UserError for bad sources and for a corpus too small for its validation set; nothing is left behind then.
 */
export async function prepareCorpus(options: PrepareOptions): Promise<Prepared> {
  const { name, tokenizer, cacheFolder } = options;
  const notes: string[] = [];
  const source = await named(name, () =>
    openSource(options.source, {
      generators: options.generators,
      baseFolder: options.baseFolder ?? process.cwd(),
      seed: options.seed,
    }),
  );
  const key = canonicalHash({
    version: PREPARE_VERSION,
    source: source.identity,
    tokenizer: tokenizer.hash,
    validationTokens: options.neededValidationTokens,
    dropNearDuplicates: options.dropNearDuplicates ?? false,
  });
  let index = findPrepared(cacheFolder, key, name, notes);
  const cached = index !== null;
  if (!index) {
    index = await named(name, () => makeShards(source, options));
    writePreparedIndex(preparedIndexPath(cacheFolder, key), index);
  }
  const { neededTrainTokens = 0 } = options;
  if (neededTrainTokens > index.train.tokens) {
    const epochs = neededTrainTokens / index.train.tokens;
    notes.push(
      `${name}: the longest run reads ${count(neededTrainTokens)} tokens of ${count(index.train.tokens)}: ` +
        `${epochs.toFixed(2)} epochs, so text is repeated`,
    );
  }
  const { description, synthetic } = source;
  return { corpus: { name, description, synthetic, ...index }, notes, cached };
}

/** What an earlier preparation left, when all of it is still sound. */
function findPrepared(cacheFolder: string, key: string, name: string, notes: string[]): PreparedIndex | null {
  const { index, problem } = readPreparedIndex(preparedIndexPath(cacheFolder, key));
  if (problem) notes.push(`${name}: ${problem}; prepared again`);
  if (!index) return null;
  for (const shard of [index.train, index.validation]) {
    try {
      const found = verifyShard(shardPath(cacheFolder, shard.hash));
      if (!sameShard(found, shard))
        throw new Error(`token shard ${shard.hash} is not the one that was prepared`);
    } catch (error) {
      notes.push(`${name}: ${messageOf(error)}; prepared again`);
      return null;
    }
  }
  return index;
}

async function makeShards(source: OpenedSource, options: PrepareOptions): Promise<PreparedIndex> {
  const { tokenizer, cacheFolder, name, onProgress } = options;
  const dropped: Record<string, number> = {};
  const drop = (reason: string) => {
    dropped[reason] = (dropped[reason] ?? 0) + 1;
  };
  const staging = openStaging(join(cacheFolder, 'staging'), tokenizer.vocabularySize);
  try {
    const seen = new Set<string>();
    let bytes = 0;
    const progress = (phase: PrepareProgress['phase']) =>
      onProgress?.({ corpus: name, phase, documents: seen.size, bytes, expectedBytes: source.expectedBytes });
    for await (const document of source.documents(drop)) {
      if (seen.has(document.id)) {
        drop('duplicate');
        continue;
      }
      seen.add(document.id);
      const textBytes = Buffer.byteLength(document.text);
      staging.add(document.id, tokenizer.encode(document.text), tokenizer.endOfTextId, textBytes);
      bytes += textBytes;
      if (seen.size % PROGRESS_DOCUMENTS === 0) progress('reading');
    }
    // The last row's targets end one token further than its inputs.
    const split = splitDocuments(
      staging.documents,
      options.neededValidationTokens + 1,
      options.dropNearDuplicates
        ? (validation, train) => nearDuplicates(staging, validation, train, tokenizer.vocabularySize)
        : undefined,
    );
    if (!split) throw tooSmall(source, staging.documents, options.neededValidationTokens);
    for (const _ of split.leftOut) drop('near duplicate');
    progress('writing');
    const write = (documents: readonly StagedDocument[]) =>
      writeShard(cacheFolder, tokenizer, () => staging.read(documents)).info;
    return { train: write(split.train), validation: write(split.validation), dropped };
  } finally {
    staging.remove();
  }
}

function nearDuplicates(
  staging: Staging,
  validation: readonly StagedDocument[],
  train: readonly StagedDocument[],
  vocabularySize: number,
): Set<StagedDocument> {
  const tokensOf = function* (documents: readonly StagedDocument[]) {
    for (const { tokens } of staging.read(documents))
      yield { tokens: Int32Array.from(tokens), length: tokens.length - 1 };
  };
  const sum = (member: 'tokens' | 'textBytes') =>
    validation.reduce((total, document) => total + document[member], 0);
  const bytesPerToken = sum('textBytes') / sum('tokens');
  const found = findDuplicates(tokensOf(validation), tokensOf(train), { vocabularySize, bytesPerToken });
  return new Set(found.map(({ document }) => validation[document]!));
}

function tooSmall(source: OpenedSource, documents: readonly StagedDocument[], wanted: number): UserError {
  const tokens = documents.reduce((sum, document) => sum + document.tokens, 0);
  return new UserError(
    `${source.description} is too small: ${count(documents.length)} documents with ${count(tokens)} tokens, and ` +
      `${count(wanted)} validation tokens are wanted of at most half of the documents`,
    'Give it more text, or lower the validation tokens.',
  );
}

/** Runs a step; its UserError says which corpus it is about. */
async function named<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof UserError) throw new UserError(`corpus ${name}: ${error.message}`, error.nextStep);
    throw error;
  }
}

function sameShard(a: ShardInfo, b: ShardInfo): boolean {
  return canonicalHash(a) === canonicalHash(b);
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}
