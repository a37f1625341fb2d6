import type { DeviceClass } from './names.ts';

/** Work for one run, as it travels through the queue: plain JSON, no path, no command, no code. */
export interface BoardJob<Payload> {
  /** The run's id; the queue's job id too, so that a run is never enqueued twice. */
  id: string;
  payload: Payload;
  /** The smallest class of device that can do it. Default `cpu`. */
  deviceClass?: DeviceClass;
  /** 1 is taken first, at most 2,097,152; jobs without one are taken before all that have one. */
  priority?: number;
}

export interface JobContext<Payload> {
  /** Aborts when the job is cancelled or the processor is closing. `signal.reason` is a JobStopped that says which. */
  signal: AbortSignal;
  /** 1 on the first try. */
  attempt: number;
  /** Tells whoever listens how the job stands: small JSON. A hint, it may be lost; never throws. */
  tell(message: unknown): Promise<void>;
  /** Adds a line to the job's log, for people; kept as long as the job stands in the queue. Never throws. */
  log(line: string): Promise<void>;
  /** Changes what the job carries, for whoever takes it next. */
  update(payload: Payload): Promise<void>;
}

export type BoardEvent =
  | { type: 'active'; id: string }
  /** What the handler told; not validated. */
  | { type: 'told'; id: string; message: unknown }
  /** `result`: what the handler returned; not validated. */
  | { type: 'completed'; id: string; result: unknown }
  /** `final`: no further attempt will be made by the queue itself. */
  | { type: 'failed'; id: string; reason: string; final: boolean }
  /** The orders for the sweep `id` have changed. */
  | { type: 'orders'; id: string };

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
  /** How long this processor takes no further job, so that another may, milliseconds. */
  readonly pauseMs: number;

  constructor(message: string, pauseMs = 1000) {
    super(message);
    this.pauseMs = pauseMs;
  }
}

export interface Processor {
  /** Stops taking jobs, aborts the running ones, waits until each handler has ended. */
  close(): Promise<void>;
}

/** A job that is waiting, delayed or active. */
export interface OutstandingJob {
  id: string;
  deviceClass: DeviceClass;
  /** False: whoever takes it next may be another. */
  active: boolean;
}

/** Dispatch of runs to whoever processes them. What is true stands in the results store, never here. */
export interface Board<Payload> {
  /** In words, without credentials: `embedded store` or `redis at host:6379/0`. */
  readonly description: string;
  /** Most jobs that may be outstanding at once. */
  windowSize(slots: number): number;
  /** Idempotent: a job that is waiting or active stays as it is; one that stands finished is queued anew. */
  enqueue(jobs: readonly BoardJob<Payload>[]): Promise<void>;
  outstanding(): Promise<OutstandingJob[]>;
  /** Takes jobs that no one works on out of the queue; those that run stay. */
  withdraw(jobs: readonly OutstandingJob[]): Promise<void>;
  /**
   * Events are hints: those from before the board was opened are not told. A cancelled job ends as `failed`, final,
   * with the reason `cancelled`. Returns the unsubscriber.
   */
  onEvent(listener: (event: BoardEvent) => void): () => void;
  /** Asks whoever runs the job to stop it, and takes it out of the queue (when it runs: as soon as it has stopped). */
  cancel(id: string): Promise<void>;
  /** Tells every board that the orders for a sweep have changed. */
  order(sweep: string): Promise<void>;
  /** Gives back at once what workers hold that `isGone`, by the token of their locks. Returns the ids. */
  reclaim(isGone: (token: string) => boolean): Promise<string[]>;
  close(): Promise<void>;
}
