import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { measureOverlap, refuseOverlap, sweepOverlaps } from '../../src/corpus/overlap.ts';
import { openShard, writeShard } from '../../src/corpus/shards.ts';
import { bytesTokenizer } from '../../src/corpus/tokenizers.ts';
import type { PreparedCorpus, Shard } from '../../src/corpus/types.ts';
import { freshFolder, randomText, userErrorOf } from './corpusFixtures.ts';

const tokenizer = bytesTokenizer();
const written = (folder: string, texts: readonly string[]) =>
  writeShard(folder, tokenizer, () =>
    texts.map((text) => ({
      tokens: [...tokenizer.encode(text), tokenizer.endOfTextId],
      textBytes: Buffer.byteLength(text),
    })),
  );
const shardOf = (texts: readonly string[]): Shard => openShard(written(freshFolder(), texts).path);

const unrelated = (count: number, name: string) =>
  Array.from({ length: count }, (_, i) => randomText(150, name, i));

describe('measureOverlap', () => {
  it('finds nothing between unrelated documents', () => {
    const report = measureOverlap(shardOf(unrelated(40, 'validation')), [shardOf(unrelated(200, 'train'))]);
    expect(report).toEqual({
      validationDocuments: 40,
      exactDuplicates: 0,
      nearDuplicates: 0,
      share: 0,
      examples: [],
    });
  });

  it('counts planted exact and near duplicates, over several training sets, and shows the worst', () => {
    const validation = unrelated(40, 'validation');
    const edited = validation[3]!
      .split(' ')
      .map((word, i) => (i % 40 === 20 ? 'changed' : word))
      .join(' ');
    const quoted = `${randomText(400, 'before')} ${validation[7]} ${randomText(400, 'after')}`;
    const first = [...unrelated(100, 'train'), validation[5]!, edited];
    const second = [...unrelated(100, 'more'), quoted, validation[5]!];
    const report = measureOverlap(shardOf(validation), [shardOf(first), shardOf(second)], tokenizer.decode);
    expect(report).toMatchObject({
      validationDocuments: 40,
      exactDuplicates: 1,
      nearDuplicates: 2,
      share: 3 / 40,
    });
    expect(report.examples.map(({ document, kind }) => [document, kind])).toEqual([
      [5, 'exact'],
      [7, 'near'],
      [3, 'near'],
    ]);
    expect(report.examples[1]!.excerpt).toBe(validation[7]!.slice(0, 80));
  });

  it('draws the line at half of a document', () => {
    const [document] = unrelated(1, 'halves');
    const part = (share: number) =>
      `${document!.slice(0, share * document!.length)} ${randomText(100, 'tail', share)}`;
    expect(measureOverlap(shardOf([document!]), [shardOf([part(0.75)])]).nearDuplicates).toBe(1);
    expect(measureOverlap(shardOf([document!]), [shardOf([part(0.3)])]).nearDuplicates).toBe(0);
    const share = measureOverlap(shardOf([document!]), [shardOf([part(0.8)])]).examples[0]!.share;
    expect(share).toBeGreaterThan(0.65);
    expect(share).toBeLessThan(0.9);
  });

  it('compares short documents exactly', () => {
    const report = measureOverlap(shardOf(['tiny', 'other', 'tiny too']), [shardOf(['tiny', 'tiny to'])]);
    expect(report).toMatchObject({ exactDuplicates: 1, nearDuplicates: 0 });
  });

  it('refuses shards of different tokenizers', () => {
    const { path } = writeShard(freshFolder(), { hash: 'e'.repeat(64), vocabularySize: 264 }, () => [
      { tokens: [1], textBytes: 1 },
    ]);
    expect(() => measureOverlap(shardOf(['a']), [openShard(path)])).toThrow(RangeError);
  });

  it('takes seconds for tens of megabytes', () => {
    // 4 MB here, so that the test stays short; the time is linear.
    const texts = Array.from({ length: 400 }, (_, i) => randomText(1800, 'large', i));
    const began = performance.now();
    const report = measureOverlap(shardOf(texts.slice(0, 40)), [shardOf(texts)]);
    expect(report.exactDuplicates).toBe(40);
    expect(performance.now() - began).toBeLessThan(5000);
  });
});

describe('the overlaps of a sweep', () => {
  const corpus = (folder: string, name: string, train: string[], validation: string[]): PreparedCorpus => ({
    name,
    description: name,
    synthetic: false,
    train: written(folder, train).info,
    validation: written(folder, validation).info,
    dropped: {},
  });

  it('covers both validation sets against both training sets, once measured and then remembered', async () => {
    const folder = freshFolder();
    const shared = randomText(120, 'shared');
    const general = corpus(folder, 'general', [...unrelated(20, 'gt'), shared], unrelated(10, 'gv'));
    const domain = corpus(folder, 'math', unrelated(20, 'mt'), [...unrelated(9, 'mv'), shared]);
    const pairs = sweepOverlaps({ general, domains: [domain] }, folder, tokenizer.decode);
    expect(pairs.map(({ validation, train, overlap }) => [validation, train, overlap.share])).toEqual([
      ['general', 'general', 0],
      ['math', 'math', 0],
      ['general', 'math', 0],
      ['math', 'general', 0.1],
    ]);
    const kept = join(folder, 'overlap');
    expect(readdirSync(kept)).toHaveLength(4);
    for (const name of readdirSync(kept)) {
      const path = join(kept, name);
      const report = JSON.parse(readFileSync(path, 'utf8'));
      // One report altered to see that it is what is given back, one spoilt to see that it is measured again.
      if (report.share === 0.1) writeFileSync(path, JSON.stringify({ ...report, share: 0.2 }));
      else writeFileSync(path, '{"share":');
    }
    const again = sweepOverlaps({ general, domains: [domain] }, folder, tokenizer.decode);
    expect(again.map(({ overlap }) => overlap.share)).toEqual([0, 0, 0, 0.2]);

    expect(() => refuseOverlap(pairs, 0.1)).not.toThrow();
    const error = await userErrorOf(() => refuseOverlap(pairs, 0.05));
    expect(error.message).toContain(
      '10 % of the math validation documents (1 exact and 0 near duplicates of 10) also stand in the general training documents; at most 5.0 % is allowed',
    );
    expect(error.message).toContain(`document 9, exact duplicate: ${JSON.stringify(shared.slice(0, 80))}`);
    expect(error.nextStep).toMatch(/Remove the duplicates/);
  });
});
