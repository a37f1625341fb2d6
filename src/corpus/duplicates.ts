import { sha256 } from '../common/canonical.ts';
import { keyTable, windowHasher } from './shingles.ts';

/** A document's tokens without its end-of-text mark: the first `length` of `tokens`, which may be used again. */
export interface DocumentTokens {
  tokens: Int32Array;
  length: number;
}

/** A document of the one set that also stands in the other. */
export interface Duplicate {
  /** Its number in the set. */
  document: number;
  kind: 'exact' | 'near';
  /** Share of its windows found; 1 for an exact duplicate. */
  share: number;
}

/** A window is about as long as 13 English words, less what two versions of a text may differ in. */
const WINDOW_BYTES = 50;
const MIN_WINDOW_TOKENS = 8;
/** Of a document's windows: from here on it is a near duplicate. */
const NEAR_DUPLICATE_SHARE = 0.5;

/**
 * Which of `documents` also stand in `others`, ascending. Exact: all tokens equal. Near: at least half of the
 * document's windows of about 50 bytes occur somewhere in `others`, be it in one of them or in several; a fixed
 * quarter of all windows is looked at, chosen by their hash, and a document of fewer than about 100 bytes may have
 * none of these and is then compared exactly only. Time is linear in the tokens of both, memory in those of
 * `documents`. Deterministic. `bytesPerToken` turns the window's bytes into tokens.
 */
export function findDuplicates(
  documents: Iterable<DocumentTokens>,
  others: Iterable<DocumentTokens>,
  tokenizer: { vocabularySize: number; bytesPerToken: number },
): Duplicate[] {
  const windowTokens = Math.max(MIN_WINDOW_TOKENS, Math.round(WINDOW_BYTES / tokenizer.bytesPerToken));
  const hashWindows = windowHasher(windowTokens, tokenizer.vocabularySize);

  const table = keyTable();
  const windowsOf: Int32Array[] = [];
  const wholes = new Map<string, number[]>();
  for (const { tokens, length } of documents) {
    const windows: number[] = [];
    hashWindows(tokens, length, (high, low) => windows.push(table.add(high, low)));
    const key = tokenHash(tokens, length);
    wholes.set(key, [...(wholes.get(key) ?? []), windowsOf.length]);
    windowsOf.push(Int32Array.from(windows));
  }

  const elsewhere = new Uint8Array(table.size());
  const exact = new Set<number>();
  const mark = (high: number, low: number) => {
    const index = table.find(high, low);
    if (index >= 0) elsewhere[index] = 1;
  };
  for (const { tokens, length } of others) {
    hashWindows(tokens, length, mark);
    for (const document of wholes.get(tokenHash(tokens, length)) ?? []) exact.add(document);
  }

  return windowsOf.flatMap((windows, document): Duplicate[] => {
    if (exact.has(document)) return [{ document, kind: 'exact', share: 1 }];
    let hits = 0;
    for (const index of windows) hits += elsewhere[index]!;
    const near = hits > 0 && hits >= NEAR_DUPLICATE_SHARE * windows.length;
    return near ? [{ document, kind: 'near', share: hits / windows.length }] : [];
  });
}

function tokenHash(tokens: Int32Array, length: number): string {
  return sha256(new Uint8Array(tokens.buffer, tokens.byteOffset, length * 4));
}
