import { copyFileSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openShard, shardPath, verifyShard, writeShard } from '../../src/corpus/shards.ts';
import { freshFolder, userErrorOf } from './corpusFixtures.ts';

const tokenizer = { hash: 'ab'.repeat(32), vocabularySize: 264 };
const documents = [
  { tokens: [1, 2, 3, 256], textBytes: 3 },
  { tokens: Uint32Array.of(263, 0, 256), textBytes: 2 },
  { tokens: [256], textBytes: 1 },
];
const NEXT_STEP = 'Delete the file and run again: it is made anew from the source.';

describe('a shard', () => {
  it('gives back what was written: facts, document ends, tokens from anywhere', () => {
    const folder = freshFolder();
    const { path, info } = writeShard(folder, tokenizer, () => documents);
    expect(path).toBe(shardPath(folder, info.hash));
    expect(info).toMatchObject({
      tokenizerHash: tokenizer.hash,
      vocabularySize: 264,
      tokens: 8,
      documents: 3,
      textBytes: 6,
    });
    const shard = openShard(path);
    expect(shard.info).toEqual(info);
    expect([...shard.documentEnds]).toEqual([4, 7, 8]);
    const into = new Int32Array(9).fill(-1);
    shard.read(2, 5, into, 3);
    expect([...into]).toEqual([-1, -1, -1, 3, 256, 263, 0, 256, -1]);
    shard.close();
    shard.close();
    expect(verifyShard(path)).toEqual(info);
  });

  it('reads spans larger than its buffer, and holds wide ids', () => {
    const folder = freshFolder();
    const tokens = Array.from({ length: 100_003 }, (_, i) => (i * 7919) % 150_000);
    const { path, info } = writeShard(folder, { ...tokenizer, vocabularySize: 150_000 }, () => [
      { tokens, textBytes: 5 },
    ]);
    const shard = openShard(path);
    const into = new Int32Array(100_002);
    shard.read(1, 100_002, into, 0);
    expect([...into]).toEqual(tokens.slice(1));
    expect(readFileSync(path).length).toBe(128 + Math.ceil((100_003 * 4) / 8) * 8 + 8);
    shard.close();
    expect(verifyShard(path)).toEqual(info);
  });

  it('is identified by its content: tokens and document ends', () => {
    const hashOf = (from: typeof documents) => writeShard(freshFolder(), tokenizer, () => from).info.hash;
    expect(hashOf(documents)).toBe(hashOf([...documents]));
    expect(hashOf([{ tokens: [1, 2, 3, 256, 263, 0, 256], textBytes: 5 }, documents[2]!])).not.toBe(
      hashOf(documents),
    );
    expect(hashOf([documents[1]!, documents[0]!, documents[2]!])).not.toBe(hashOf(documents));
  });

  it('refuses reads outside of it and ids outside the vocabulary', () => {
    const folder = freshFolder();
    const shard = openShard(writeShard(folder, tokenizer, () => documents).path);
    const into = new Int32Array(4);
    expect(() => shard.read(6, 3, into, 0)).toThrow(RangeError);
    expect(() => shard.read(-1, 1, into, 0)).toThrow(RangeError);
    expect(() => shard.read(0, 4, into, 1)).toThrow(RangeError);
    shard.close();
    expect(() => writeShard(folder, tokenizer, () => [{ tokens: [264], textBytes: 1 }])).toThrow(
      /264 is outside the vocabulary/,
    );
    expect(() => writeShard(folder, tokenizer, () => [{ tokens: [Number.NaN], textBytes: 1 }])).toThrow(
      RangeError,
    );
  });

  it('leaves nothing behind when its documents fail on the way', () => {
    const folder = freshFolder();
    let calls = 0;
    const failing = function* () {
      yield documents[0]!;
      if (++calls === 2) throw new Error('the disk is gone');
    };
    expect(() => writeShard(folder, tokenizer, failing)).toThrow('the disk is gone');
    expect(readdirSync(join(folder, 'shards'))).toEqual([]);
  });
});

describe('a damaged shard file', () => {
  /** A sound shard of the same name in a folder of its own, to be spoilt. */
  function spoilt(spoil: (bytes: Buffer) => Buffer): string {
    const { path } = writeShard(freshFolder(), tokenizer, () => documents);
    writeFileSync(path, spoil(readFileSync(path)));
    return path;
  }
  const flip = (at: number) => (bytes: Buffer) => {
    bytes[at]! ^= 1;
    return bytes;
  };
  const openings: [string, (bytes: Buffer) => Buffer, RegExp][] = [
    [
      'cut within its tokens',
      (bytes) => bytes.subarray(0, 140),
      /is truncated: 140 bytes where its header says 168$/,
    ],
    ['cut within its header', (bytes) => bytes.subarray(0, 100), /is too short for a header$/],
    ['empty', () => Buffer.alloc(0), /is too short for a header$/],
    [
      'with more at its end',
      (bytes) => Buffer.concat([bytes, Buffer.alloc(8)]),
      /has bytes after its end: 176 bytes where/,
    ],
    ['of another kind', () => Buffer.alloc(400, 'x'), /is not a token shard$/],
    [
      'of a later version',
      (bytes) => Buffer.concat([bytes.subarray(0, 8), Buffer.from([9, 0, 0, 0]), bytes.subarray(12)]),
      /has format version 9; this program reads version 1$/,
    ],
    ['with a changed count', flip(16), /has a damaged header$/],
    ['with a changed tokenizer hash', flip(50), /has a damaged header$/],
    ['with a changed document end', flip(150), /is corrupt: its document/],
  ];
  it.each(openings)('%s is refused when opened and when verified', async (_, spoil, message) => {
    const path = spoilt(spoil);
    for (const open of [openShard, verifyShard]) {
      const error = await userErrorOf(() => open(path));
      expect(error.message).toMatch(
        message === openings.at(-1)![2] && open === verifyShard ? /is corrupt: its content/ : message,
      );
      expect(error.message).toContain(path);
      expect(error.nextStep).toBe(NEXT_STEP);
    }
  });

  it('with one changed token is found by verifying', async () => {
    const path = spoilt(flip(130));
    const error = await userErrorOf(() => verifyShard(path));
    expect(error.message).toMatch(/is corrupt: its content does not have the hash in its header$/);
    expect(error.nextStep).toBe(NEXT_STEP);
  });

  it('under another name, or missing, is refused', async () => {
    const { path } = writeShard(freshFolder(), tokenizer, () => documents);
    const other = join(dirname(path), `${'0'.repeat(64)}.tokens`);
    expect((await userErrorOf(() => openShard(other))).message).toMatch(/does not exist$/);
    copyFileSync(path, other);
    expect((await userErrorOf(() => verifyShard(other))).message).toMatch(/not the one it is named after$/);
    const folder = shardPath(freshFolder(), 'f'.repeat(64));
    mkdirSync(folder, { recursive: true });
    expect((await userErrorOf(() => openShard(folder))).message).toMatch(/is not a file$/);
  });

  it('that becomes shorter while open is noticed', async () => {
    const { path } = writeShard(freshFolder(), tokenizer, () => documents);
    const shard = openShard(path);
    truncateSync(path, 132);
    const error = await userErrorOf(() => shard.read(0, 8, new Int32Array(8), 0));
    expect(error.message).toMatch(/became shorter after it was opened$/);
    shard.close();
  });
});
