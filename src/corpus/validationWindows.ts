import { UserError } from '../common/errors.ts';
import type { Shard, ShardInfo } from './types.ts';

export interface ValidationWindowOptions {
  contextLength: number;
  /** Tokens predicted; a whole number of batches, see wholeBatches. */
  tokens: number;
  /** Rows of one batch. */
  sequences: number;
}

/** `tokens` rounded up to whole evaluation batches of `sequences` rows. */
export function wholeBatches(tokens: number, options: { contextLength: number; sequences: number }): number {
  const batch = options.sequences * options.contextLength;
  return Math.ceil(tokens / batch) * batch;
}

/**
 * A shard's first `tokens` + 1 tokens as batches of rows [sequences · (contextLength + 1)], row-major. Row k starts
 * at k · contextLength: neighbours share one token, so that each of tokens 1 … `tokens` is a target exactly once.
 * Throws RangeError when `tokens` is not a whole number of batches, UserError when the shard is too small.
 */
export function validationBatches(shard: Shard, options: ValidationWindowOptions): Int32Array[] {
  const { contextLength, tokens, sequences } = options;
  if (!(tokens > 0) || tokens !== wholeBatches(tokens, options)) {
    throw new RangeError(
      `${tokens} validation tokens are not a whole number of batches of ${sequences} rows of ${contextLength}; ` +
        `${wholeBatches(Math.max(1, tokens), options)} are`,
    );
  }
  if (shard.info.tokens < tokens + 1) {
    throw new UserError(
      `the validation set has ${shard.info.tokens} tokens; ${tokens + 1} are needed`,
      'Lower the validation tokens, or give the corpus more text.',
    );
  }
  const rowTokens = contextLength + 1;
  return Array.from({ length: tokens / (sequences * contextLength) }, (_, batch) => {
    const rows = new Int32Array(sequences * rowTokens);
    for (let row = 0; row < sequences; row++) {
      shard.read((batch * sequences + row) * contextLength, rowTokens, rows, row * rowTokens);
    }
    return rows;
  });
}

/** UTF-8 bytes of text per token, end-of-text marks counted as tokens: bits per byte = nats per token / (ln 2 · this). */
export function bytesPerToken(info: Pick<ShardInfo, 'textBytes' | 'tokens'>): number {
  return info.textBytes / info.tokens;
}
