import { describe, expect, it } from 'vitest';
import { domainQuota, openMixtureSampler } from '../../src/corpus/mixture.ts';
import type { SamplerCursor } from '../../src/corpus/types.ts';
import { countingShard, freshFolder } from './corpusFixtures.ts';

const CONTEXT = 8;
const ROW = CONTEXT + 1;
/** General documents have 3 to 30 tokens; the domain's ids begin where the general ones end. */
const generalLengths = Array.from({ length: 40 }, (_, i) => 3 + ((i * 11) % 28));
const generalTokens = generalLengths.reduce((sum, length) => sum + length, 0);
const folder = freshFolder();
const general = () => countingShard(folder, generalLengths);
const domain = () => countingShard(folder, [5, 17, 9, 40, 1, 1, 23], 50_000);

function sampler(domainRatio: number, cursor?: SamplerCursor, seed = 7) {
  return openMixtureSampler({
    general: general(),
    domain: domain(),
    domainRatio,
    contextLength: CONTEXT,
    seed,
    cursor,
  });
}
const rowsOf = (tokens: Int32Array): number[][] =>
  Array.from({ length: tokens.length / ROW }, (_, row) => [...tokens.subarray(row * ROW, (row + 1) * ROW)]);

/** Runs a sampler and tells its rows by corpus, going by the cursors. */
function drawn(domainRatio: number, count: number) {
  const from = sampler(domainRatio);
  const rows: { corpus: 'general' | 'domain'; row: number[] }[] = [];
  for (let i = 0; i < count; i++) {
    const before = JSON.stringify(from.cursor().domain);
    const row = [...from.next(1)];
    rows.push({ corpus: JSON.stringify(from.cursor().domain) === before ? 'general' : 'domain', row });
  }
  from.close();
  return rows;
}

describe('quotas', () => {
  it.each([0, 1 / 3, 0.29, 0.5, 0.67, 0.1, 1])('are exact at every prefix for ratio %d', (ratio) => {
    const rows = drawn(ratio, 300);
    let ofDomain = 0;
    rows.forEach(({ corpus }, i) => {
      if (corpus === 'domain') ofDomain++;
      // Against the ratio in hundredths (or thirds), where whole numbers are exact.
      const exact =
        ratio === 1 / 3 ? Math.floor((i + 1) / 3) : Math.floor(((i + 1) * Math.round(ratio * 100)) / 100);
      expect(ofDomain).toBe(exact);
    });
  });

  it('stay exact far out and for awkward fractions', () => {
    for (const [p, q] of [
      [29, 100],
      [1, 3],
      [2, 3],
      [1, 7],
      [57, 100],
      [7, 10],
      [1, 512],
      [0, 1],
      [1, 1],
      [999, 1000],
    ] as const) {
      for (const times of [1, 3, 1000, 1_000_003, 2 ** 31])
        expect(domainQuota(q * times, p / q)).toBe(p * times);
      for (const rows of [1, 99, 12_345_678])
        expect(domainQuota(rows, p / q)).toBe(Math.floor((rows * p) / q));
    }
  });
});

describe('a corpus as the sampler reads it', () => {
  /** The rows of the first epochs, told apart by the cursor. */
  function epochsOf(count: number): number[][][] {
    const from = sampler(0);
    const epochs: number[][][] = Array.from({ length: count }, () => []);
    for (;;) {
      const { epoch } = from.cursor().general;
      if (epoch === count) return epochs;
      epochs[epoch]!.push([...from.next(1)]);
    }
  }

  it('cuts the shard into rows that share one token, and draws each once an epoch', () => {
    for (const rows of epochsOf(4)) {
      // Token ids are positions here: a row is contextLength + 1 positions one after the other.
      for (const row of rows) expect(row).toEqual(Array.from({ length: ROW }, (_, i) => row[0]! + i));
      const starts = rows.map((row) => row[0]!).sort((a, b) => a - b);
      expect(starts[0]).toBeLessThan(CONTEXT);
      expect(starts).toEqual(starts.map((_, i) => starts[0]! + i * CONTEXT));
      // Nothing that a whole row could be made of is left out.
      expect(starts.at(-1)! + CONTEXT).toBeLessThan(generalTokens);
      expect(starts.at(-1)! + 2 * CONTEXT).toBeGreaterThanOrEqual(generalTokens);
    }
  });

  it('draws them in an order of its own each epoch, far from the order of the text', () => {
    const epochs = epochsOf(4);
    expect(new Set(epochs.map((rows) => rows.map((row) => Math.floor(row[0]! / CONTEXT)).join())).size).toBe(
      4,
    );
    for (const rows of epochs) {
      const neighbours = rows.filter((row, i) => i > 0 && row[0] === rows[i - 1]!.at(-1)).length;
      expect(neighbours).toBeLessThan(rows.length / 10);
    }
  });

  it('moves the cut from epoch to epoch', () => {
    expect(new Set(epochsOf(8).map((rows) => rows[0]![0]! % CONTEXT)).size).toBeGreaterThan(2);
  });

  it('is the same at every ratio: common random numbers', () => {
    const whole = { general: drawn(0, 200), domain: drawn(1, 200) };
    for (const ratio of [1 / 3, 0.5, 0.67]) {
      const mixed = drawn(ratio, 200);
      for (const name of ['general', 'domain'] as const) {
        const rows = mixed.filter(({ corpus }) => corpus === name);
        expect(rows.length).toBeGreaterThan(50);
        expect(rows).toEqual(whole[name].slice(0, rows.length));
      }
    }
  });

  it('depends on the seed', () => {
    const [first, second] = [1, 2].map((seed) => [...sampler(0, undefined, seed).next(20)]);
    expect(first).not.toEqual(second);
    expect([...sampler(0, undefined, 1).next(20)]).toEqual(first);
  });

  it('must have two rows of tokens', () => {
    const open = (length: number) =>
      openMixtureSampler({
        general: countingShard(freshFolder(), [length]),
        domain: null,
        domainRatio: 0,
        contextLength: CONTEXT,
        seed: 1,
      });
    expect(() => open(2 * CONTEXT)).toThrow(/16 tokens: fewer than two rows of 8/);
    // The smallest that will do goes on for ever, whatever the cut.
    for (const row of rowsOf(open(2 * CONTEXT + 1).next(50)))
      expect(row).toEqual(Array.from({ length: ROW }, (_, i) => row[0]! + i));
  });
});

describe('cursors', () => {
  it.each([0, 0.3, 1])('go on bit-identically from anywhere at ratio %d', (ratio) => {
    const whole = rowsOf(sampler(ratio).next(150));
    for (const stop of [0, 1, 2, 37, 74, 75, 149]) {
      const before = sampler(ratio);
      for (let row = 0; row < stop; row++) before.next(1);
      const saved = JSON.parse(JSON.stringify(before.cursor())) as SamplerCursor;
      const after = sampler(ratio, saved);
      expect(after.cursor()).toEqual(before.cursor());
      expect(after.epochs()).toEqual(before.epochs());
      expect(rowsOf(after.next(150 - stop))).toEqual(whole.slice(stop));
    }
  });

  it('gives the same rows in whatever batches they are asked for', () => {
    const batched = sampler(0.4);
    const rows = [7, 1, 16, 26].flatMap((count) => rowsOf(batched.next(count)));
    expect(rows).toEqual(rowsOf(sampler(0.4).next(50)));
  });

  it('starts at zero, counts sequences, and tells the passes over each corpus', () => {
    const from = sampler(0.5);
    expect(from.cursor()).toEqual({
      sequences: 0,
      general: { epoch: 0, row: 0 },
      domain: { epoch: 0, row: 0 },
    });
    from.next(24);
    expect(from.cursor().sequences).toBe(24);
    expect(from.cursor().general).toEqual({ epoch: 0, row: 12 });
    const rowsAnEpoch = 12 / from.epochs().general;
    expect(rowsAnEpoch).toBeGreaterThan((generalTokens - 1) / CONTEXT - 2);
    expect(rowsAnEpoch).toBeLessThanOrEqual((generalTokens - 1) / CONTEXT);
    // 96 domain tokens make 11 rows at any cut: the twelfth is the second epoch's first.
    expect(from.cursor().domain).toEqual({ epoch: 1, row: 1 });
    expect(from.epochs().domain).toBeCloseTo(1 + 1 / 11, 12);
  });

  it('has no domain in a base run, whose general cursor a CPT run goes on from', () => {
    const base = openMixtureSampler({
      general: general(),
      domain: null,
      domainRatio: 0,
      contextLength: CONTEXT,
      seed: 7,
    });
    base.next(20);
    expect(base.cursor().domain).toBeNull();
    expect(base.epochs().domain).toBeNull();
    const continued = sampler(0.5, {
      sequences: 0,
      general: base.cursor().general,
      domain: { epoch: 0, row: 0 },
    });
    const rows = rowsOf(continued.next(4));
    const all = rowsOf(sampler(0).next(22));
    expect([rows[0], rows[2]]).toEqual(all.slice(20));
    expect([rows[1], rows[3]]).toEqual(rowsOf(sampler(1).next(2)));
  });

  it('refuses a cursor of another shard and a ratio without a domain', () => {
    const at = (epoch: number, row: number): SamplerCursor => ({
      sequences: 1,
      general: { epoch, row },
      domain: null,
    });
    expect(() => sampler(0, at(0, 10_000))).toThrow(RangeError);
    expect(() => sampler(0, at(0, -1))).toThrow(RangeError);
    expect(() => sampler(0, at(-1, 0))).toThrow(RangeError);
    expect(() => sampler(0, at(0, 1.5))).toThrow(RangeError);
    expect(() => sampler(1.1)).toThrow(RangeError);
    expect(() =>
      openMixtureSampler({ general: general(), domain: null, domainRatio: 0.5, contextLength: 4, seed: 1 }),
    ).toThrow(RangeError);
  });
});
