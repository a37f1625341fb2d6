import { describe, expect, it } from 'vitest';
import { sha256 } from '../../src/common/canonical.ts';
import { hashPosition, splitDocuments } from '../../src/corpus/split.ts';

const documents = Array.from({ length: 4000 }, (_, i) => ({ id: sha256(`document ${i}`), tokens: 100 }));

describe('splitDocuments', () => {
  it('places hashes uniformly', () => {
    expect(hashPosition('0'.repeat(64))).toBe(0);
    expect(hashPosition(`8${'0'.repeat(63)}`)).toBe(0.5);
    expect(hashPosition('f'.repeat(64))).toBeLessThan(1);
  });

  it('takes the smallest share that yields enough, every document once, validation in hash order', () => {
    const small = splitDocuments(documents, 1)!;
    expect(small.validationShare).toBe(1 / 64);
    expect(small.validation.length).toBeGreaterThan(35);
    expect(small.validation.length).toBeLessThan(95);
    expect(new Set([...small.train, ...small.validation]).size).toBe(4000);
    expect(small.validation.map(({ id }) => id)).toEqual(small.validation.map(({ id }) => id).sort());
    expect(small.train).toEqual(documents.filter((document) => small.train.includes(document)));
    const large = splitDocuments(documents, 20_000)!;
    expect(large.validationShare).toBe(1 / 16);
    expect(large.validation.length * 100).toBeGreaterThanOrEqual(20_000);
    expect(large.validation.slice(0, small.validation.length)).toEqual(small.validation);
  });

  it('goes by the texts alone: order and other documents change nothing', () => {
    const { validation, validationShare } = splitDocuments(documents, 1)!;
    const half = splitDocuments([...documents].reverse().slice(0, 2000), 1)!;
    expect(half.validationShare).toBe(validationShare);
    for (const document of half.validation) expect(validation).toContain(document);
    for (const document of half.train) expect(validation).not.toContain(document);
  });

  it('leaves out what it is told to, and takes more for it', () => {
    const { train, validation, leftOut, validationShare } = splitDocuments(
      documents,
      5000,
      (below) => new Set(below.slice(0, 30)),
    )!;
    expect(validationShare).toBe(1 / 32);
    expect(leftOut).toHaveLength(30);
    expect(train.length + validation.length).toBe(3970);
    for (const document of leftOut) expect(validation).not.toContain(document);
  });

  it('gives up when half of the documents are too few', () => {
    expect(splitDocuments(documents, 250_000)).toBeNull();
    expect(splitDocuments(documents.slice(0, 1), 1)).toBeNull();
    expect(splitDocuments([], 1)).toBeNull();
  });
});
