/** What goes between a trainer pool and its child processes, over Node's IPC channel (structured clones: NaN survives). */
export type ToTrainer<Payload> = { type: 'run'; id: number; payload: Payload } | { type: 'stop'; id: number };

export type FromTrainer<Event, Result> =
  | { type: 'event'; id: number; event: Event }
  | { type: 'result'; id: number; result: Result }
  /** `unrecoverable`: trying again cannot help. */
  | { type: 'failed'; id: number; message: string; stack: string | undefined; unrecoverable: boolean };

/** A trainer process ended while it had work. Worth another try: it goes on from the last checkpoint. */
export class TrainerDied extends Error {
  override readonly name = 'TrainerDied';
}
