/** Messages between a trainer pool and its child processes, as structured clones: NaN and Infinity survive. */

/** `id` numbers the runs of one child, so that a late message of an earlier run is known as such. */
export type ToTrainer<Payload> =
  | { type: 'run'; id: number; payload: Payload }
  /** End the run early, in order: its result says that it was stopped. */
  | { type: 'stop'; id: number };

export type FromTrainer<Event, Result> =
  | { type: 'event'; id: number; event: Event }
  | { type: 'done'; id: number; result: Result }
  /** `unrecoverable`: trying again cannot help. */
  | { type: 'failed'; id: number; message: string; kind: 'unrecoverable' | 'failed' };
