import type { Interval } from '../types.ts';

/** How far an answer can be given at all. */
export type AnswerStatus = 'recommended' | 'infeasible' | 'not-identified';

/** What every answer says beside its numbers. */
export interface AnswerWords {
  status: AnswerStatus;
  /** One sentence that can be read aloud. */
  sentence: string;
  warnings: string[];
}

/** A number with the interval that resampled fits give it; null without them. */
export interface Estimate {
  value: number;
  interval: Interval | null;
}
