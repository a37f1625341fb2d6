import { setTimeout as delay } from 'node:timers/promises';
import { ArtifactError } from './types.ts';

export interface Patience {
  tries: number;
  /** Twice as long after each further try. */
  firstPauseMs: number;
  /** No byte either way for so long: the connection is dead, whatever it says. */
  stallMs: number;
}

/** 12 seconds of pauses in all: a coordinator that is started again is back by then. */
export const PATIENCE: Readonly<Patience> = { tries: 7, firstPauseMs: 200, stallMs: 60_000 };

/**
 * Calls `work` until it reaches what it wants, with longer and longer pauses. `progress`, a number that grows, makes the
 * count of tries begin anew: a long way over a bad line is gone in many steps.
 */
export async function patiently<T>(
  work: () => Promise<T>,
  { tries, firstPauseMs }: Readonly<Pick<Patience, 'tries' | 'firstPauseMs'>>,
  progress: () => number = () => 0,
): Promise<T> {
  let reached = progress();
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ArtifactError) || error.problem !== 'unreachable') throw error;
      const now = progress();
      if (now > reached) attempt = 1;
      reached = Math.max(reached, now);
      if (attempt >= tries) throw error;
      await delay(firstPauseMs * 2 ** (attempt - 1));
    }
  }
}
