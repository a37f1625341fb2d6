import { describe, expect, it } from 'vitest';
import { documentsOf, MEGABYTE, type Name, names, wordCounts } from './samples.ts';

const samples = Object.fromEntries(
  names.map((name) => [name, documentsOf(name, 1, MEGABYTE).join('')]),
) as Record<Name, string>;

describe('the demo corpora together', () => {
  it('differ in their letters but share words', () => {
    const letterShare = (name: Name) => samples[name].replace(/[^a-zA-Z]/g, '').length / samples[name].length;
    expect(letterShare('prose')).toBeGreaterThan(0.75);
    expect(letterShare('mathematics')).toBeLessThan(0.6);
    const known = new Set(wordCounts([samples.prose]).map(([word]) => word));
    for (const name of names.filter((each) => each !== 'prose')) {
      const words = wordCounts([samples[name]]);
      const total = words.reduce((sum, [, count]) => sum + count, 0);
      const shared = words.filter(([word]) => known.has(word)).reduce((sum, [, count]) => sum + count, 0);
      expect(shared / total).toBeGreaterThan(0.2);
    }
  });

  it('differ in their bytes: every two of them, by 0.03 bits of Jensen-Shannon divergence at least', () => {
    for (const a of names) {
      for (const b of names.filter((name) => name > a)) {
        const [p, q] = [byteShares(samples[a]), byteShares(samples[b])];
        const mixed = p.map((share, i) => (share + q[i]!) / 2);
        expect(entropy(mixed) - (entropy(p) + entropy(q)) / 2, `${a} and ${b}`).toBeGreaterThan(0.03);
      }
    }
  });

  it('differ in how well a byte is foretold by the four before it', () => {
    const bits = names
      .map((name) => ({ name, bits: orderFourBits(samples[name]) }))
      .sort((a, b) => a.bits - b.bits);
    expect(bits.map(({ name }) => name)).toEqual([
      'chemistry',
      'medical',
      'statutes',
      'mathematics',
      'prose',
      'program',
      'music',
    ]);
    bits.slice(1).forEach((each, i) => {
      expect(each.bits - bits[i]!.bits, `${bits[i]!.name} and ${each.name}`).toBeGreaterThan(0.05);
    });
  });
});

function byteShares(text: string): number[] {
  const counts = new Array<number>(128).fill(0);
  for (let i = 0; i < text.length; i++) counts[text.charCodeAt(i)]!++;
  return counts.map((count) => count / text.length);
}

function entropy(shares: readonly number[]): number {
  return -shares.reduce((sum, share) => sum + (share > 0 ? share * Math.log2(share) : 0), 0);
}

/** Bits a byte of later text under counts of earlier text, each order mixed with the shorter one (Witten and Bell 1991). */
function orderFourBits(text: string): number {
  const learned = text.slice(0, 240_000);
  const tested = text.slice(MEGABYTE / 2, MEGABYTE / 2 + 24_000);
  const counts = new Map<string, number>();
  const kinds = new Map<string, number>();
  const totals = new Map<string, number>();
  const add = (map: Map<string, number>, key: string) => map.set(key, (map.get(key) ?? 0) + 1);
  for (let i = 4; i < learned.length; i++) {
    for (let order = 0; order <= 4; order++) {
      const context = learned.slice(i - order, i);
      const event = learned.slice(i - order, i + 1);
      if (!counts.has(event)) add(kinds, context);
      add(counts, event);
      add(totals, context);
    }
  }
  let bits = 0;
  for (let i = 4; i < tested.length; i++) {
    let probability = 1 / 97;
    for (let order = 0; order <= 4; order++) {
      const context = tested.slice(i - order, i);
      const total = totals.get(context);
      if (total === undefined) break;
      const seen = kinds.get(context)!;
      probability = ((counts.get(tested.slice(i - order, i + 1)) ?? 0) + seen * probability) / (total + seen);
    }
    bits -= Math.log2(probability);
  }
  return bits / (tested.length - 4);
}
