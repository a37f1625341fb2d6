import { makeRandom } from '../common/random.ts';
import type { CorpusCursor, MixtureSampler, SamplerCursor, Shard } from './types.ts';

export interface MixtureOptions {
  general: Shard;
  /** null in base runs; domainRatio is then 0. */
  domain: Shard | null;
  domainRatio: number;
  contextLength: number;
  seed: number;
  /** Where to go on; the beginning when not given. */
  cursor?: SamplerCursor | undefined;
}

/**
 * Domain rows among the first `rows` at a ratio: floor(rows · ratio), where a product that misses a whole number by
 * no more than rounding counts as that number (0.29 · 100 is 28.999999999999996 in float64). The guard is relative,
 * 2⁻⁵⁰ against the 2⁻⁵² that storing the ratio and multiplying can lose, so every ratio p/q has its exact quota
 * while rows · q < 2⁵⁰.
 */
export function domainQuota(rows: number, ratio: number): number {
  return Math.floor(rows * ratio + rows * 2 ** -50);
}

/**
 * Rows of two corpora in exact proportion (error diffusion: row k is of the domain when the quota of k + 1 rows
 * exceeds that of k). Each corpus is one endless stream of its own: epoch after epoch, documents in an order shuffled
 * by (seed, corpus role, epoch), joined end to end. A row is the stream's next contextLength + 1 tokens, and the
 * next row of that corpus starts at this row's last token, so every token of an epoch is a target exactly once, and
 * the k-th general row is the same whatever the ratio (common random numbers).
 */
export function openMixtureSampler(options: MixtureOptions): MixtureSampler {
  const { general, domain, domainRatio, contextLength, seed, cursor } = options;
  if (!(domainRatio >= 0 && domainRatio <= 1))
    throw new RangeError(`domainRatio ${domainRatio} is outside 0…1`);
  if (!domain && domainRatio > 0) throw new RangeError('a mixture with a domain ratio needs a domain corpus');
  const generalStream = openStream(general, `${seed}`, 'general', cursor?.general ?? START);
  const domainStream = domain && openStream(domain, `${seed}`, 'domain', cursor?.domain ?? START);
  const rowTokens = contextLength + 1;
  let sequences = cursor?.sequences ?? 0;
  return {
    next: (count) => {
      const rows = new Int32Array(count * rowTokens);
      for (let row = 0; row < count; row++) {
        const ofDomain = domainQuota(sequences + 1, domainRatio) > domainQuota(sequences, domainRatio);
        const stream = ofDomain ? domainStream! : generalStream;
        stream.read(rows, row * rowTokens, contextLength);
        sequences++;
      }
      return rows;
    },
    cursor: () => ({
      sequences,
      general: generalStream.cursor(),
      domain: domainStream ? domainStream.cursor() : null,
    }),
    epochs: () => ({ general: generalStream.epochs(), domain: domainStream ? domainStream.epochs() : null }),
    close: () => {
      general.close();
      domain?.close();
    },
  };
}

interface TokenStream {
  /** Writes `targets` + 1 tokens into `rows` at `at` and moves on by `targets`. */
  read(rows: Int32Array, at: number, targets: number): void;
  cursor(): CorpusCursor;
  epochs(): number;
}

const START: CorpusCursor = { epoch: 0, document: 0, offset: 0 };

/** A cursor always points at a token that exists: never at a document's or an epoch's end. */
function openStream(shard: Shard, seed: string, role: 'general' | 'domain', from: CorpusCursor): TokenStream {
  const { documentEnds } = shard;
  const documents = documentEnds.length;
  if (documents === 0) throw new RangeError(`the ${role} shard has no documents`);
  const startOf = (document: number) => (document === 0 ? 0 : documentEnds[document - 1]!);
  const lengthOf = (document: number) => documentEnds[document]! - startOf(document);

  let shuffled = { epoch: -1, order: new Uint32Array(0) };
  const orderOf = (epoch: number): Uint32Array => {
    if (shuffled.epoch !== epoch) {
      const order = makeRandom('document order', seed, role, epoch).shuffle(
        Uint32Array.from({ length: documents }, (_, i) => i),
      );
      shuffled = { epoch, order };
    }
    return shuffled.order;
  };

  let { epoch, document, offset } = from;
  const inRange = Number.isInteger(epoch) && epoch >= 0 && document >= 0 && document < documents;
  if (!inRange || !(offset >= 0 && offset < lengthOf(orderOf(epoch)[document]!))) {
    throw new RangeError(`cursor ${JSON.stringify(from)} is outside the ${role} shard ${shard.info.hash}`);
  }
  // Tokens of this epoch already behind the cursor.
  let passed = offset;
  for (let i = 0; i < document; i++) passed += lengthOf(orderOf(epoch)[i]!);

  const advance = (count: number) => {
    offset += count;
    passed += count;
    if (offset < lengthOf(orderOf(epoch)[document]!)) return;
    offset = 0;
    document++;
    if (document < documents) return;
    document = 0;
    passed = 0;
    epoch++;
  };
  return {
    read: (rows, at, targets) => {
      for (let done = 0; done < targets; ) {
        const current = orderOf(epoch)[document]!;
        const count = Math.min(targets - done, lengthOf(current) - offset);
        shard.read(startOf(current) + offset, count, rows, at + done);
        advance(count);
        done += count;
      }
      // The last target is the next row's first input: read, not passed.
      shard.read(startOf(orderOf(epoch)[document]!) + offset, 1, rows, at + targets);
    },
    cursor: () => ({ epoch, document, offset }),
    epochs: () => epoch + passed / shard.info.tokens,
  };
}
