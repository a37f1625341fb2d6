import type { EngineSession } from '../engine/types.ts';
import type { ValidationLoss } from './events.ts';

/** A fixed validation set, cut into batches of the session's evaluation shape. */
export interface ValidationSet {
  /** Each of evaluationSequences · (contextLength + 1) tokens. */
  batches: readonly Int32Array[];
  contextLength: number;
  /** Validation text in UTF-8 bytes per token: nats per token → bits per byte. */
  bytesPerToken: number;
}

/**
 * Loss over the whole set. Sums in float64; the standard error is over sequences, because the tokens of one
 * sequence are not independent.
 */
export async function evaluate(session: EngineSession, set: ValidationSet): Promise<ValidationLoss> {
  const { contextLength } = set;
  let sum = 0;
  let sumOfSquares = 0;
  let sequences = 0;
  const results = await session.callEach(
    'evaluate',
    set.batches.map((tokens) => ({ tokens })),
  );
  for (const { sequenceLoss } of results) {
    for (const total of sequenceLoss!) {
      const mean = total / contextLength;
      sum += mean;
      sumOfSquares += mean * mean;
      sequences++;
    }
  }
  const loss = sum / sequences;
  const variance = Math.max(0, (sumOfSquares - sum * loss) / Math.max(1, sequences - 1));
  return {
    loss,
    standardError: Math.sqrt(variance / sequences),
    bitsPerByte: loss / (Math.LN2 * set.bytesPerToken),
    tokens: sequences * contextLength,
  };
}
