/** Messages between a trainer pool and its child processes, as structured clones: NaN and Infinity survive. */

/**
 * `id` numbers the runs of a pool: several may be under way in one trainer, and a late message of an earlier one is
 * known as such. `leaving`: the trainer was told to end itself (SIGTERM) and takes no further run.
 */
export type ToTrainer<Payload> =
  | { type: 'run'; id: number; payload: Payload }
  /** End this run early, in order: its result says that it was stopped. */
  | { type: 'stop'; id: number };

export type FromTrainer<Event, Result> =
  | { type: 'event'; id: number; event: Event }
  | RunEnd<Result>
  /** It came while the trainer was leaving, and was not begun. */
  | { type: 'refused'; id: number };

export type RunEnd<Result> =
  | { type: 'done'; id: number; leaving: boolean; result: Result }
  /** `unrecoverable`: trying again cannot help. */
  | { type: 'failed'; id: number; leaving: boolean; message: string; kind: 'unrecoverable' | 'failed' };
