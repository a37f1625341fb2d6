import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../src/common/canonical.ts';
import { type PrepareOptions, prepareCorpus } from '../../src/corpus/prepare.ts';
import { openShard, shardPath } from '../../src/corpus/shards.ts';
import { hashPosition } from '../../src/corpus/split.ts';
import { openStaging } from '../../src/corpus/staging.ts';
import { bytesTokenizer } from '../../src/corpus/tokenizers.ts';
import type { ShardInfo } from '../../src/corpus/types.ts';
import { freshFolder, gzipped, jsonl, randomText, userErrorOf, writeText } from './corpusFixtures.ts';

const tokenizer = bytesTokenizer();
const texts = Array.from({ length: 400 }, (_, i) => randomText(20, 'prepare', i));

/** Options over a fresh folder with a corpus in it. */
function fresh(content = jsonl(texts), overrides: Partial<PrepareOptions> = {}): PrepareOptions {
  const baseFolder = freshFolder();
  writeText(baseFolder, 'some.jsonl', content);
  return {
    name: 'math',
    source: { jsonl: 'some.jsonl' },
    tokenizer,
    neededValidationTokens: 1000,
    seed: 1,
    cacheFolder: join(baseFolder, 'cache'),
    generators: {},
    baseFolder,
    ...overrides,
  };
}

/** Every file below the cache folder, so that nothing half-written can hide. */
function cacheFiles({ cacheFolder }: PrepareOptions): string[] {
  if (!existsSync(cacheFolder)) return [];
  return readdirSync(cacheFolder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

function textsOf(cacheFolder: string, info: ShardInfo): string[] {
  const shard = openShard(shardPath(cacheFolder, info.hash));
  const ends = [...shard.documentEnds];
  const found = ends.map((end, i) => {
    const start = ends[i - 1] ?? 0;
    const tokens = new Int32Array(end - start);
    shard.read(start, tokens.length, tokens, 0);
    expect(tokens.at(-1)).toBe(tokenizer.endOfTextId);
    return tokenizer.decode(tokens.subarray(0, -1));
  });
  shard.close();
  return found;
}

describe('prepareCorpus', () => {
  it('puts every document on one side by its hash, drops duplicates and empty ones, and counts what it has', async () => {
    const options = fresh(jsonl([...texts, texts[3]!, ' ', texts[3]!, texts[9]!]));
    const { corpus, notes, cached } = await prepareCorpus(options);
    expect({ notes, cached }).toEqual({ notes: [], cached: false });
    expect(corpus).toMatchObject({
      name: 'math',
      description: 'some.jsonl',
      synthetic: false,
      dropped: { duplicate: 3, empty: 1 },
    });
    const train = textsOf(options.cacheFolder, corpus.train);
    const validation = textsOf(options.cacheFolder, corpus.validation);
    expect([...train, ...validation].sort()).toEqual([...texts].sort());
    const position = (text: string) => hashPosition(sha256(text));
    expect(Math.max(...validation.map(position))).toBeLessThan(Math.min(...train.map(position)));
    expect(validation.map(position)).toEqual(validation.map(position).sort((a, b) => a - b));
    expect(train).toEqual(texts.filter((text) => train.includes(text)));
    expect(corpus.validation.tokens).toBeGreaterThanOrEqual(1001);
    for (const [info, side] of [
      [corpus.train, train],
      [corpus.validation, validation],
    ] as const) {
      const textBytes = side.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
      expect(info).toMatchObject({
        documents: side.length,
        textBytes,
        tokens: textBytes + side.length,
        tokenizerHash: tokenizer.hash,
      });
    }
    expect(
      cacheFiles(options)
        .sort()
        .map((path) => path.split('/').at(-2)),
    ).toEqual(['prepared', 'shards', 'shards']);
  });

  it('finds what it made before, wherever the source lies now, and writes nothing then', async () => {
    const options = fresh();
    const first = await prepareCorpus(options);
    const before = cacheFiles(options).map((path) => [path, statSync(path).mtimeMs]);
    mkdirSync(join(options.baseFolder!, 'moved'));
    renameSync(join(options.baseFolder!, 'some.jsonl'), join(options.baseFolder!, 'moved/other.jsonl'));
    const second = await prepareCorpus({ ...options, name: 'renamed', source: { jsonl: 'moved/*.jsonl' } });
    expect(second.cached).toBe(true);
    expect(second.corpus).toEqual({ ...first.corpus, name: 'renamed', description: 'moved/*.jsonl' });
    expect(cacheFiles(options).map((path) => [path, statSync(path).mtimeMs])).toEqual(before);
  });

  it('prepares anew when the content, the tokenizer, the field or the validation set changes', async () => {
    const options = fresh();
    await prepareCorpus(options);
    const cachedWith = async (overrides: Partial<PrepareOptions>) =>
      (await prepareCorpus({ ...options, ...overrides })).cached;
    expect(await cachedWith({ neededTrainTokens: 5, seed: 2 })).toBe(true);
    expect(await cachedWith({ neededValidationTokens: 1001 })).toBe(false);
    expect(await cachedWith({ dropNearDuplicates: true })).toBe(false);
    expect(await cachedWith({ tokenizer: { ...tokenizer, hash: 'f'.repeat(64) } })).toBe(false);
    expect(await cachedWith({ source: { jsonl: 'some.jsonl', maxBytes: 30_000 } })).toBe(false);
    writeText(options.baseFolder!, 'some.jsonl', jsonl(texts.slice(1)));
    expect(await cachedWith({})).toBe(false);
  });

  const spoilings: [string, (paths: { train: string; index: string }) => void, RegExp][] = [
    ['a missing shard', ({ train }) => rmSync(train), /does not exist; prepared again$/],
    [
      'a changed byte',
      ({ train }) => {
        const bytes = readFileSync(train);
        bytes[500]! ^= 1;
        writeFileSync(train, bytes);
      },
      /is corrupt: .*; prepared again$/,
    ],
    [
      'a truncated shard',
      ({ train }) => writeFileSync(train, readFileSync(train).subarray(0, 900)),
      /is truncated: .*; prepared again$/,
    ],
    [
      'an index that is not JSON',
      ({ index }) => writeFileSync(index, '{"train":'),
      /cannot be used .*; prepared again$/,
    ],
    [
      'an index with another count',
      ({ index }) =>
        writeFileSync(index, readFileSync(index, 'utf8').replace(/"tokens": (\d)/, '"tokens": 1$1')),
      /is not the one that was prepared; prepared again$/,
    ],
  ];
  it.each(spoilings)('repairs %s with a note', async (_, spoil, note) => {
    const options = fresh();
    const first = await prepareCorpus(options);
    const index = cacheFiles(options).find((path) => path.includes('prepared'))!;
    spoil({ train: shardPath(options.cacheFolder, first.corpus.train.hash), index });
    const second = await prepareCorpus(options);
    expect(second).toMatchObject({
      cached: false,
      corpus: first.corpus,
      notes: [expect.stringMatching(note)],
    });
    expect(await prepareCorpus(options)).toMatchObject({ cached: true, notes: [], corpus: first.corpus });
  });

  it('says how often a run repeats a source that is too small for it', async () => {
    const options = fresh();
    const { corpus } = await prepareCorpus(options);
    const needing = async (neededTrainTokens: number) =>
      (await prepareCorpus({ ...options, neededTrainTokens })).notes;
    expect(await needing(corpus.train.tokens)).toEqual([]);
    expect(await needing(corpus.train.tokens * 2.5)).toEqual([
      expect.stringMatching(/^math: the longest run reads .*: 2\.50 epochs, so text is repeated$/),
    ]);
  });

  it('refuses a source too small for its validation set, leaving nothing behind', async () => {
    const options = fresh(jsonl(texts), { neededValidationTokens: 40_000 });
    const error = await userErrorOf(() => prepareCorpus(options));
    expect(error.message).toMatch(
      /^corpus math: some\.jsonl is too small: 400 documents with [\d,]+ tokens, and 40,000 validation tokens are wanted/,
    );
    expect(error.nextStep).toBe('Give it more text, or lower the validation tokens.');
    expect(cacheFiles(options)).toEqual([]);
  });

  it('leaves nothing behind when the source breaks off', async () => {
    const packed = gzipped(jsonl(texts));
    for (const [name, content] of [
      ['bad.jsonl', `${jsonl(texts)}{"text":\n`],
      ['short.jsonl.gz', packed.subarray(0, packed.length - 300)],
    ] as const) {
      const options = fresh();
      writeText(options.baseFolder!, name, content);
      const error = await userErrorOf(() => prepareCorpus({ ...options, source: { jsonl: name } }));
      expect(error.message).toMatch(
        /^corpus math: (bad\.jsonl, line 401: not JSON|short\.jsonl\.gz: the gzip file is truncated)/,
      );
      expect(cacheFiles(options)).toEqual([]);
    }
  });

  it('leaves near duplicates out of the validation set when asked, and says how many', async () => {
    // Every document twice, the second time with another end: most of validation also stands in training.
    const originals = texts.map((text, i) => `${text} ${randomText(10, 'more', i)}`);
    const copies = originals.map((text, i) => `${text} ${randomText(3, 'copy', i)}`);
    const options = fresh(jsonl([...originals, ...copies]));
    const plain = await prepareCorpus(options);
    const { corpus } = await prepareCorpus({ ...options, dropNearDuplicates: true });
    expect(plain.corpus.dropped).toEqual({});
    expect(corpus.dropped['near duplicate']).toBeGreaterThan(0);
    const train = new Set(textsOf(options.cacheFolder, corpus.train));
    for (const text of textsOf(options.cacheFolder, corpus.validation)) {
      const i = originals.findIndex((original) => text.startsWith(original));
      expect(train.has(originals[i]!) || train.has(copies[i]!)).toBe(false);
    }
    expect(corpus.train.documents + corpus.validation.documents + corpus.dropped['near duplicate']!).toBe(
      800,
    );
  });

  it('tells its progress', async () => {
    const told: string[] = [];
    const options = fresh(jsonl(texts), {
      onProgress: ({ corpus, phase, documents }) => told.push(`${corpus} ${phase} ${documents}`),
    });
    await prepareCorpus(options);
    expect(told).toEqual(['math reading 256', 'math writing 400']);
  });
});

describe('the staging file', () => {
  it('sweeps away what a killed process left, but not what another one may be using', () => {
    const folder = freshFolder();
    const [old, recent] = ['1.aa.tmp', '2.bb.tmp'].map((name) => writeText(folder, name, 'tokens'));
    const twoDaysAgo = new Date(Date.now() - 48 * 3600 * 1000);
    utimesSync(old!, twoDaysAgo, twoDaysAgo);
    const staging = openStaging(folder, 264);
    expect(existsSync(old!)).toBe(false);
    expect(existsSync(recent!)).toBe(true);
    staging.remove();
    expect(readdirSync(folder)).toEqual(['2.bb.tmp']);
  });

  it('gives back documents longer than its buffer, in any order', () => {
    const staging = openStaging(freshFolder(), 264);
    const long = Array.from({ length: 700_001 }, (_, i) => i % 256);
    staging.add('a', long, 256, 5);
    staging.add('b', [1, 2], 256, 2);
    const [a, b] = staging.documents;
    const read = [...staging.read([b!, a!])];
    expect(read.map(({ tokens, textBytes }) => [tokens.length, textBytes])).toEqual([
      [3, 2],
      [700_002, 5],
    ]);
    expect(Array.from(read[0]!.tokens)).toEqual([1, 2, 256]);
    expect(Array.from(read[1]!.tokens).slice(-3)).toEqual([...long.slice(-2), 256]);
    staging.remove();
  });
});
