import { describe, expect, it } from 'vitest';
import { bytesPerToken, validationBatches, wholeBatches } from '../../src/corpus/validationWindows.ts';
import { countingShard, freshFolder, userErrorOf } from './corpusFixtures.ts';

const shard = countingShard(freshFolder(), [10, 5, 30]);
const shape = { contextLength: 4, sequences: 3 };

describe('validation windows', () => {
  it('predicts each of the first tokens exactly once, in rows that share one token', () => {
    const batches = validationBatches(shard, { ...shape, tokens: 24 });
    expect(batches.map((batch) => [...batch])).toEqual([
      [0, 1, 2, 3, 4, 4, 5, 6, 7, 8, 8, 9, 10, 11, 12],
      [12, 13, 14, 15, 16, 16, 17, 18, 19, 20, 20, 21, 22, 23, 24],
    ]);
  });

  it('wants whole batches, and says which number is one', () => {
    expect(wholeBatches(25, shape)).toBe(36);
    expect(wholeBatches(24, shape)).toBe(24);
    expect(() => validationBatches(shard, { ...shape, tokens: 25 })).toThrow(
      /25 validation tokens are not .*; 36 are/,
    );
    expect(() => validationBatches(shard, { ...shape, tokens: 0 })).toThrow(RangeError);
  });

  it('uses a shard to its last token, and no further', async () => {
    const one = { contextLength: 44, sequences: 1 };
    expect(validationBatches(shard, { ...one, tokens: 44 })[0]!.at(-1)).toBe(44);
    const error = await userErrorOf(() =>
      validationBatches(shard, { contextLength: 45, sequences: 1, tokens: 45 }),
    );
    expect(error.message).toBe('the validation set has 45 tokens; 46 are needed');
  });

  it('counts end-of-text marks as tokens in the bytes per token', () => {
    expect(bytesPerToken(shard.info)).toBe(42 / 45);
  });
});
