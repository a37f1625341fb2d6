/** Work for one run, as it travels through the queue: plain JSON, no path, no command, no code. */
export interface BoardJob<Payload> {
  /** The run's id; the queue's job id too, so that a run is never enqueued twice. */
  id: string;
  payload: Payload;
  /** 1 is taken first, at most 2,097,152; jobs without one are taken before all that have one. */
  priority?: number;
}

export interface JobContext {
  /** Aborts when the job is cancelled or the processor is closing. `signal.reason` is a JobStopped that says which. */
  signal: AbortSignal;
  /** 1 on the first try. */
  attempt: number;
}

export type BoardEvent =
  | { type: 'active'; id: string }
  | { type: 'completed'; id: string }
  /** `final`: no further attempt will be made by the queue itself. */
  | { type: 'failed'; id: string; reason: string; final: boolean };

/** Reason of a job's abort signal. `lost`: its lock ran out, and another processor may run it by now. */
export class JobStopped extends Error {
  override readonly name = 'JobStopped';
  readonly why: 'cancelled' | 'closing' | 'lost';

  constructor(why: JobStopped['why']) {
    super(why);
    this.why = why;
  }
}

/** Thrown by a handler when trying again cannot help (a spec that does not validate). */
export class UnrecoverableJobError extends Error {
  override readonly name = 'UnrecoverableJobError';
}

/** Thrown by a handler that stopped early on purpose: the job goes back to waiting, no attempt is consumed. */
export class HandedBack extends Error {
  override readonly name = 'HandedBack';
}

export interface Processor {
  /** Stops taking jobs, aborts the running ones, waits until each handler has ended. */
  close(): Promise<void>;
}

/** Dispatch of runs to whoever processes them. What is true stands in the results store, never here. */
export interface Board<Payload> {
  /** In words, without credentials: `embedded store` or `redis at host:6379/0`. */
  readonly description: string;
  /** Most jobs that may be outstanding at once. */
  windowSize(slots: number): number;
  /** Idempotent: a job that is waiting or active stays as it is; one that stands finished is queued anew. */
  enqueue(jobs: readonly BoardJob<Payload>[]): Promise<void>;
  /** Ids that are waiting, delayed or active now. */
  outstanding(): Promise<string[]>;
  process(options: {
    slots: number;
    handle: (job: BoardJob<Payload>, context: JobContext) => Promise<void>;
  }): Promise<Processor>;
  /**
   * Events are hints: those from before the board was opened are not told. A cancelled job ends as `failed`, final,
   * with the reason `cancelled`. Returns the unsubscriber.
   */
  onEvent(listener: (event: BoardEvent) => void): () => void;
  /** Asks whoever runs the job to stop it, and takes it out of the queue (when it runs: as soon as it has stopped). */
  cancel(id: string): Promise<void>;
  close(): Promise<void>;
}
