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
 * exceeds that of k). Each corpus is one endless stream of its own, epoch after epoch: the shard is cut into rows of
 * contextLength + 1 tokens, one apart from the next by contextLength, and the rows are drawn without replacement in an
 * order shuffled by (seed, corpus role, epoch). Neighbours in the text are thus far apart in training (a batch of
 * one document after the other makes losses wander together, see DECISIONS.md), and the k-th general row is the same
 * whatever the ratio (common random numbers). The cut moves from epoch to epoch, so that no token is always at a row's
 * start; the tokens before it and the incomplete row at the end are left out of that epoch.
 */
export function openMixtureSampler(options: MixtureOptions): MixtureSampler {
  const { general, domain, domainRatio, contextLength, seed, cursor } = options;
  if (!(domainRatio >= 0 && domainRatio <= 1))
    throw new RangeError(`domainRatio ${domainRatio} is outside 0…1`);
  if (!domain && domainRatio > 0) throw new RangeError('a mixture with a domain ratio needs a domain corpus');
  const generalStream = openStream(general, contextLength, seed, 'general', cursor?.general ?? START);
  const domainStream = domain && openStream(domain, contextLength, seed, 'domain', cursor?.domain ?? START);
  const rowTokens = contextLength + 1;
  let sequences = cursor?.sequences ?? 0;
  return {
    next: (count) => {
      const rows = new Int32Array(count * rowTokens);
      for (let row = 0; row < count; row++) {
        const ofDomain = domainQuota(sequences + 1, domainRatio) > domainQuota(sequences, domainRatio);
        const stream = ofDomain ? domainStream! : generalStream;
        stream.read(rows, row * rowTokens);
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
  /** Writes the next row, contextLength + 1 tokens, into `rows` at `at`. */
  read(rows: Int32Array, at: number): void;
  cursor(): CorpusCursor;
  epochs(): number;
}

const START: CorpusCursor = { epoch: 0, row: 0 };

interface Epoch {
  number: number;
  /** Where the first row of the cut starts, in tokens. */
  cut: number;
  /** Rows of the cut in the order of drawing. */
  order: Uint32Array;
}

/** A cursor always points at a row that exists: never at an epoch's end. */
function openStream(
  shard: Shard,
  contextLength: number,
  seed: number,
  role: 'general' | 'domain',
  from: CorpusCursor,
): TokenStream {
  const { tokens, hash } = shard.info;
  if (tokens < 2 * contextLength + 1) {
    throw new RangeError(`the ${role} shard has ${tokens} tokens: fewer than two rows of ${contextLength}`);
  }
  const openEpoch = (number: number): Epoch => {
    const random = makeRandom('row order', seed, role, number);
    const cut = random.integer(contextLength);
    const rows = Math.floor((tokens - 1 - cut) / contextLength);
    return { number, cut, order: random.shuffle(Uint32Array.from({ length: rows }, (_, i) => i)) };
  };
  const valid = Number.isInteger(from.epoch) && from.epoch >= 0;
  let epoch = openEpoch(valid ? from.epoch : 0);
  let { row } = from;
  if (!valid || !(Number.isInteger(row) && row >= 0 && row < epoch.order.length)) {
    throw new RangeError(`cursor ${JSON.stringify(from)} is outside the ${role} shard ${hash}`);
  }
  return {
    read: (rows, at) => {
      shard.read(epoch.cut + epoch.order[row]! * contextLength, contextLength + 1, rows, at);
      row++;
      if (row === epoch.order.length) {
        epoch = openEpoch(epoch.number + 1);
        row = 0;
      }
    },
    cursor: () => ({ epoch: epoch.number, row }),
    epochs: () => epoch.number + row / epoch.order.length,
  };
}
