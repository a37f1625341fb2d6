import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { writeFileAtomic } from '../common/atomicFile.ts';
import { canonicalHash } from '../common/canonical.ts';
import { UserError } from '../common/errors.ts';
import { type DocumentTokens, type Duplicate, findDuplicates } from './duplicates.ts';
import { openShard, shardPath } from './shards.ts';
import type { OverlapReport, PreparedCorpus, Shard, ShardInfo } from './types.ts';
import { bytesPerToken } from './validationWindows.ts';

/** A validation document that also stands in the training documents; its number is that in the validation shard. */
export interface OverlapExample extends Duplicate {
  /** How it begins; empty when no decoder was given. */
  excerpt: string;
}

/** An overlap report with the documents that overlap most, at most five. */
export interface Overlap extends OverlapReport {
  examples: OverlapExample[];
}

/** Raised when the measure changes: cached reports are then made anew. */
const OVERLAP_VERSION = 1;
const MAX_EXAMPLES = 5;
const EXCERPT_TOKENS = 200;
const EXCERPT_CHARACTERS = 80;

/**
 * How many validation documents also stand in the training documents, of the same corpus or of another one; what
 * counts as a duplicate is said at findDuplicates. Both sides must have the same tokenizer (RangeError). `decode`
 * makes the examples readable.
 */
export function measureOverlap(
  validation: Shard,
  train: readonly Shard[],
  decode?: (ids: ArrayLike<number>) => string,
): Overlap {
  for (const shard of train) {
    if (shard.info.tokenizerHash !== validation.info.tokenizerHash) {
      throw new RangeError('overlap of shards with different tokenizers has no meaning');
    }
  }
  const { vocabularySize, documents } = validation.info;
  const others = function* () {
    for (const shard of train) yield* eachDocument(shard);
  };
  const found = findDuplicates(eachDocument(validation), others(), {
    vocabularySize,
    bytesPerToken: bytesPerToken(validation.info),
  });
  const exactDuplicates = found.filter((each) => each.kind === 'exact').length;
  const largest = found.sort((a, b) => b.share - a.share || a.document - b.document).slice(0, MAX_EXAMPLES);
  return {
    validationDocuments: documents,
    exactDuplicates,
    nearDuplicates: found.length - exactDuplicates,
    share: found.length / documents,
    examples: largest.map((each) => ({
      ...each,
      excerpt: decode ? excerpt(validation, each.document, decode) : '',
    })),
  };
}

/** One validation set against one training set, by the names of their corpora. */
export interface OverlapPair {
  validation: string;
  train: string;
  overlap: Overlap;
}

/**
 * Every overlap that could flatter a loss of a sweep: each domain's and the general validation set against the
 * general and that domain's training documents. Reports are kept below `cacheFolder/overlap`, by shard hashes.
 */
export function sweepOverlaps(
  corpora: { general: PreparedCorpus; domains: readonly PreparedCorpus[] },
  cacheFolder: string,
  decode?: (ids: ArrayLike<number>) => string,
): OverlapPair[] {
  const { general, domains } = corpora;
  const pairs = [
    [general, general],
    ...domains.flatMap((domain) => [
      [domain, domain],
      [general, domain],
      [domain, general],
    ]),
  ] as [PreparedCorpus, PreparedCorpus][];
  return pairs.map(([validation, train]) => ({
    validation: validation.name,
    train: train.name,
    overlap: cachedOverlap(validation.validation, train.train, cacheFolder, decode),
  }));
}

/** Throws UserError when more than `maxShare` of a validation set also stands in a training set. */
export function refuseOverlap(pairs: readonly OverlapPair[], maxShare: number): void {
  const worst = pairs
    .filter(({ overlap }) => overlap.share > maxShare)
    .sort((a, b) => b.overlap.share - a.overlap.share)[0];
  if (!worst) return;
  const { overlap, validation, train } = worst;
  const examples = overlap.examples.map(
    ({ document, kind, share, excerpt: text }) =>
      `  document ${document}, ${kind === 'exact' ? 'exact duplicate' : `${percent(share)} of it`}${text ? `: ${JSON.stringify(text)}` : ''}`,
  );
  throw new UserError(
    `${percent(overlap.share)} of the ${validation} validation documents (${overlap.exactDuplicates} exact and ` +
      `${overlap.nearDuplicates} near duplicates of ${overlap.validationDocuments}) also stand in the ${train} training ` +
      `documents; at most ${percent(maxShare)} is allowed, since their loss would measure memory. For example:\n${examples.join('\n')}`,
    'Remove the duplicates from the source (for files: `exclude:`), have near duplicates dropped, or raise the limit knowingly.',
  );
}

const overlapSchema = z.strictObject({
  validationDocuments: z.int().nonnegative(),
  exactDuplicates: z.int().nonnegative(),
  nearDuplicates: z.int().nonnegative(),
  share: z.number().min(0).max(1),
  examples: z.array(
    z.strictObject({
      document: z.int().nonnegative(),
      kind: z.enum(['exact', 'near']),
      share: z.number().min(0).max(1),
      excerpt: z.string(),
    }),
  ),
});

function cachedOverlap(
  validation: ShardInfo,
  train: ShardInfo,
  cacheFolder: string,
  decode?: (ids: ArrayLike<number>) => string,
): Overlap {
  const key = canonicalHash({
    version: OVERLAP_VERSION,
    validation: validation.hash,
    train: train.hash,
    tokenizer: validation.tokenizerHash,
    excerpts: decode !== undefined,
  });
  const path = join(cacheFolder, 'overlap', `${key}.json`);
  const cached = readCached(path);
  if (cached) return cached;
  const opened: Shard[] = [];
  const open = (info: ShardInfo): Shard => {
    const shard = openShard(shardPath(cacheFolder, info.hash));
    opened.push(shard);
    return shard;
  };
  try {
    const overlap = measureOverlap(open(validation), [open(train)], decode);
    writeFileAtomic(path, `${JSON.stringify(overlap)}\n`);
    return overlap;
  } finally {
    for (const shard of opened) shard.close();
  }
}

/** A missing or damaged report is simply measured again. */
function readCached(path: string): Overlap | null {
  try {
    return overlapSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return null;
  }
}

/** A shard's documents without their end-of-text marks. The array is used again for the next document. */
function* eachDocument(shard: Shard): Generator<DocumentTokens> {
  let tokens = new Int32Array(1 << 14);
  let start = 0;
  for (const end of shard.documentEnds) {
    const length = end - 1 - start;
    if (length > tokens.length) tokens = new Int32Array(length * 2);
    shard.read(start, length, tokens, 0);
    yield { tokens, length };
    start = end;
  }
}

function excerpt(shard: Shard, document: number, decode: (ids: ArrayLike<number>) => string): string {
  const start = document === 0 ? 0 : shard.documentEnds[document - 1]!;
  const tokens = new Int32Array(Math.min(EXCERPT_TOKENS, shard.documentEnds[document]! - 1 - start));
  shard.read(start, tokens.length, tokens, 0);
  return decode(tokens).replace(/\s+/g, ' ').trim().slice(0, EXCERPT_CHARACTERS);
}

function percent(share: number): string {
  return `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;
}
