import { randomBytes } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readdirSync, readSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { bytesPerTokenFor, type TokenArray, tokenArray } from './shardFormat.ts';
import type { TokenisedDocument } from './shards.ts';

/** A document whose tokens wait in the staging file. */
export interface StagedDocument {
  /** SHA-256 of the text. */
  id: string;
  tokens: number;
  textBytes: number;
  /** First token, counted from the file's start. */
  position: number;
}

/**
 * A temporary file of token ids: which side of the split a document falls on is known only when all have been
 * tokenised, and a corpus may be larger than the memory.
 */
export interface Staging {
  readonly documents: readonly StagedDocument[];
  add(id: string, tokens: ArrayLike<number>, endOfTextId: number, textBytes: number): void;
  /** The documents' tokens, in the order asked for. */
  read(documents: readonly StagedDocument[]): Generator<TokenisedDocument>;
  /** Closes and deletes the file. */
  remove(): void;
}

const BUFFER_BYTES = 1 << 20;
const ABANDONED_AFTER_MS = 24 * 3600 * 1000;

export function openStaging(folder: string, vocabularySize: number): Staging {
  mkdirSync(folder, { recursive: true });
  removeAbandoned(folder);
  const path = join(folder, `${process.pid}.${randomBytes(4).toString('hex')}.tmp`);
  const handle = openSync(path, 'wx+');
  const bytesPerToken = bytesPerTokenFor(vocabularySize);
  const buffer = tokenArray(bytesPerToken, BUFFER_BYTES / bytesPerToken);
  const documents: StagedDocument[] = [];
  let filled = 0;
  let total = 0;

  const flush = () => {
    const bytes = new Uint8Array(buffer.buffer, 0, filled * bytesPerToken);
    for (let done = 0; done < bytes.length; ) done += writeSync(handle, bytes, done);
    filled = 0;
  };
  const push = (id: number) => {
    buffer[filled++] = id;
    if (filled === buffer.length) flush();
  };
  const readTokens = (document: StagedDocument): TokenArray => {
    const tokens = tokenArray(bytesPerToken, document.tokens);
    const bytes = new Uint8Array(tokens.buffer);
    for (let done = 0; done < bytes.length; ) {
      const count = readSync(
        handle,
        bytes,
        done,
        bytes.length - done,
        document.position * bytesPerToken + done,
      );
      if (count === 0) throw new Error(`staging file ${path} became shorter while it was used`);
      done += count;
    }
    return tokens;
  };
  return {
    documents,
    add: (id, tokens, endOfTextId, textBytes) => {
      documents.push({ id, tokens: tokens.length + 1, textBytes, position: total });
      for (let i = 0; i < tokens.length; i++) push(tokens[i]!);
      push(endOfTextId);
      total += tokens.length + 1;
    },
    *read(wanted) {
      flush();
      for (const document of wanted) yield { tokens: readTokens(document), textBytes: document.textBytes };
    },
    remove: () => {
      closeSync(handle);
      rmSync(path, { force: true });
    },
  };
}

/** Files of processes that were killed. Another process may be using the folder, so only old ones are taken. */
function removeAbandoned(folder: string): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats && Date.now() - stats.mtimeMs > ABANDONED_AFTER_MS) rmSync(path, { force: true });
  }
}
