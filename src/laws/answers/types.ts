import type { Interval } from '../types.ts';

/** How far an answer can be given at all. */
export type AnswerStatus = 'recommended' | 'infeasible' | 'not-identified';

/** What every answer says beside its numbers. */
export interface AnswerWords {
  status: AnswerStatus;
  /** One sentence that can be read aloud: what to do, or why nothing can be said. */
  sentence: string;
  /** Why this answer, or why none; a part of a sentence. */
  reason: string;
  warnings: string[];
}

export interface Range {
  low: number;
  high: number;
}

/** A number, and where else the data would let it lie. */
export interface Estimate {
  value: number;
  /** Percentiles over the fits to resampled runs; null without them. */
  interval: Interval | null;
  /** What the fits within 1 % of the best objective say, from the least to the most; null when there is only one. */
  equallyGood: Range | null;
}
