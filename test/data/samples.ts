import { demoGenerators } from '../../data/demoGenerators.ts';

export type Name = keyof typeof demoGenerators;
export const names = Object.keys(demoGenerators) as Name[];

export const MEGABYTE = 1_000_000;

/** The first documents of a seed, of that many bytes at least. */
export function documentsOf(name: Name, seed: number, bytes: number): string[] {
  const documents: string[] = [];
  let left = bytes;
  for (const text of demoGenerators[name].generate(seed)) {
    documents.push(text);
    left -= text.length;
    if (left <= 0) return documents;
  }
  throw new Error('a generator ended');
}

/** Words of three letters or more, by falling count. */
export function wordCounts(texts: readonly string[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const word of texts.join('\n').match(/[a-z]{3,}/g)!) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]);
}
