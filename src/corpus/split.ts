/** What the split needs to know of a document. */
export interface SplitDocument {
  /** SHA-256 of its text, in hex. */
  id: string;
  tokens: number;
}

export interface DocumentSplit<T extends SplitDocument> {
  /** In the order given. */
  train: T[];
  /** In the order of their hashes, so that any first part of it is a random sample of the corpus. */
  validation: T[];
  /** Left out of both, as `leaveOut` said. */
  leftOut: T[];
  /** The share of hash space that is validation. */
  validationShare: number;
}

/** The validation share is the first of these that yields enough: 1/64, 1/32, … 1/2. */
const SMALLEST_SHARE = 1 / 64;
const LARGEST_SHARE = 1 / 2;

/** A document's place in [0, 1): the first 52 bits of its hash, uniform over texts. */
export function hashPosition(id: string): number {
  return Number.parseInt(id.slice(0, 13), 16) / 2 ** 52;
}

/**
 * Splits by hash of the text alone: no seed, no order, so a text falls on the same side in every corpus that holds
 * it. Validation are the documents below a share of hash space; the share doubles from 1/64 until they have
 * `validationTokens` tokens, so that a somewhat larger evaluation leaves the training text as it was, and a larger
 * validation set contains the smaller. `leaveOut` may name validation documents to drop, seeing the training ones.
 * Returns null when even half of the documents do not have that many tokens, or nothing would be left to train on.
 * Ids must differ.
 */
export function splitDocuments<T extends SplitDocument>(
  documents: readonly T[],
  validationTokens: number,
  leaveOut: (validation: readonly T[], train: readonly T[]) => ReadonlySet<T> = () => new Set(),
): DocumentSplit<T> | null {
  const tokensOf = (some: readonly T[]) => some.reduce((sum, document) => sum + document.tokens, 0);
  for (let share = SMALLEST_SHARE; share <= LARGEST_SHARE; share *= 2) {
    const below = documents.filter((document) => hashPosition(document.id) < share);
    if (below.length === 0 || tokensOf(below) < validationTokens) continue;
    const train = documents.filter((document) => hashPosition(document.id) >= share);
    if (train.length === 0) return null;
    const unwanted = leaveOut(below, train);
    const validation = below.filter((document) => !unwanted.has(document));
    if (validation.length === 0 || tokensOf(validation) < validationTokens) continue;
    validation.sort((a, b) => (a.id < b.id ? -1 : 1));
    return { train, validation, leftOut: [...unwanted], validationShare: share };
  }
  return null;
}
