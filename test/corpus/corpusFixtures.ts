import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { UserError } from '../../src/common/errors.ts';
import { makeRandom } from '../../src/common/random.ts';
import { openShard, writeShard } from '../../src/corpus/shards.ts';
import { type CorpusSource, openSource } from '../../src/corpus/sources.ts';
import type { Document, Shard } from '../../src/corpus/types.ts';

export const freshFolder = (): string => mkdtempSync(join(tmpdir(), 'corpus-'));

export function writeText(folder: string, name: string, text: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

export const jsonl = (texts: readonly string[]): string =>
  texts.map((text) => `${JSON.stringify({ text })}\n`).join('');
export const gzipped = (text: string): Buffer => gzipSync(text);

/** Random words, so that no two documents share a window of any length that matters. */
export function randomText(words: number, ...seed: (string | number)[]): string {
  const random = makeRandom('test text', ...seed);
  return Array.from({ length: words }, () => random.integer(36 ** 5).toString(36)).join(' ');
}

export async function readAll(
  source: CorpusSource,
  baseFolder: string,
): Promise<{ documents: Document[]; dropped: string[] }> {
  const opened = await openSource(source, { generators: {}, baseFolder, seed: 1 });
  const dropped: string[] = [];
  const documents: Document[] = [];
  for await (const document of opened.documents((reason) => dropped.push(reason))) documents.push(document);
  return { documents, dropped };
}

/** A shard whose token at position p is p modulo the vocabulary, end-of-text marks included. */
export function countingShard(folder: string, lengths: readonly number[], vocabularySize = 60_000): Shard {
  let position = 0;
  const documents = lengths.map((length) => ({
    tokens: Array.from({ length }, () => position++ % vocabularySize),
    textBytes: length - 1,
  }));
  const { path } = writeShard(folder, { hash: 'd'.repeat(64), vocabularySize }, () => documents);
  return openShard(path);
}

/** The UserError that a promise or a function ends with. */
export async function userErrorOf(work: () => unknown): Promise<UserError> {
  try {
    await work();
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
  throw new Error('no error was thrown');
}
