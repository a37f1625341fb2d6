import { startTrainer, type Trainer } from './trainerProcess.ts';
import type { FromTrainer, RunEnd } from './trainerProtocol.ts';
import { HandedBack, UnrecoverableJobError } from './types.ts';

export interface TrainerPool<Payload, Event, Result> {
  /**
   * Runs the payload in a trainer as soon as one is free. Events come in order, one at a time.
   * An abort asks the run to stop, and resolves with whatever it then returns.
   *
   * Rejects with a HandedBack when it is aborted before it began, an UnrecoverableJobError when trying again cannot
   * help, a TrainerDied when the process ended, and with what `onEvent` threw (the run is then stopped).
   */
  run(
    payload: Payload,
    options: {
      signal: AbortSignal;
      onEvent(event: Event): void | Promise<void>;
      /** Told which of the slots runs it. */
      onSlot?(slot: number): void;
    },
  ): Promise<Result>;
  /** Of the trainers that live now. */
  pids(): number[];
  /** Stops what runs, then ends every trainer. */
  close(): Promise<void>;
}

export interface TrainerPoolOptions {
  /** The trainer's file, `.ts` or `.js`; it calls serveTrainer. */
  script: string;
  /** Most trainers at once, each with one run at a time. */
  slots: number;
  /** Added to this process's environment, e.g. thread limits, or the slot's device. */
  environment?(slot: number): Record<string, string>;
  /** Lines that trainers write to stderr and stdout. */
  log(line: string, pid: number): void;
  /** How long a stopped run may take to save itself before its process is ended. */
  stopGraceMs?: number;
  /** From SIGTERM to SIGKILL. */
  terminateGraceMs?: number;
}

const STOP_GRACE_MS = 10_000;
const TERMINATE_GRACE_MS = 5_000;

/** Trainer processes that live across runs: started when first needed, replaced after a crash. */
export function openTrainerPool<Payload, Event, Result>(
  options: TrainerPoolOptions,
): TrainerPool<Payload, Event, Result> {
  const { slots, stopGraceMs = STOP_GRACE_MS, terminateGraceMs = TERMINATE_GRACE_MS } = options;
  type PoolTrainer = Trainer<Payload, FromTrainer<Event, Result>>;
  const trainers = new Map<number, PoolTrainer>();
  /** Also those that were given up and have not ended yet. */
  const living = new Set<PoolTrainer>();
  const freeSlots = Array.from({ length: slots }, (_, slot) => slot);
  const waiting: ((slot: number) => void)[] = [];
  const runs = new Set<Promise<unknown>>();
  const closed = new AbortController();
  let lastId = 0;

  const freeSlot = (signal: AbortSignal): Promise<number> =>
    new Promise((take, reject) => {
      const giveUp = () => {
        const at = waiting.indexOf(taken);
        if (at >= 0) waiting.splice(at, 1);
        reject(new HandedBack('stopped before it began'));
      };
      const taken = (slot: number) => {
        signal.removeEventListener('abort', giveUp);
        take(slot);
      };
      if (signal.aborted) return giveUp();
      const slot = freeSlots.shift();
      if (slot !== undefined) return take(slot);
      signal.addEventListener('abort', giveUp, { once: true });
      waiting.push(taken);
    });

  const release = (slot: number): void => {
    const next = waiting.shift();
    if (next) next(slot);
    else freeSlots.push(slot);
  };

  const trainerOf = (slot: number): PoolTrainer => {
    const present = trainers.get(slot);
    if (present) return present;
    const trainer: PoolTrainer = startTrainer(options.script, options.environment?.(slot) ?? {}, options.log);
    trainers.set(slot, trainer);
    living.add(trainer);
    void trainer.ended.then(() => {
      living.delete(trainer);
      if (trainers.get(slot) === trainer) trainers.delete(slot);
    });
    return trainer;
  };

  /** One run, from its first message to its end, on a trainer that has no other. */
  const runOn = async (
    slot: number,
    payload: Payload,
    signal: AbortSignal,
    onEvent: (event: Event) => void | Promise<void>,
  ): Promise<Result> => {
    const trainer = trainerOf(slot);
    const id = ++lastId;
    const timers: NodeJS.Timeout[] = [];
    let stopped = false;
    const giveUp = () => {
      if (trainers.get(slot) === trainer) trainers.delete(slot);
    };
    const stop = () => {
      if (stopped) return;
      stopped = true;
      trainer.send({ type: 'stop', id });
      const end = (after: number, kill: NodeJS.Signals) =>
        timers.push(
          setTimeout(() => {
            // It ends when its run does, or at once: no further run may be given to it.
            giveUp();
            trainer.kill(kill);
          }, after),
        );
      end(stopGraceMs, 'SIGTERM');
      end(stopGraceMs + terminateGraceMs, 'SIGKILL');
    };

    let problem: { error: unknown } | undefined;
    let told = Promise.resolve();
    const tell = (event: Event) => {
      told = told.then(async () => {
        if (problem) return;
        try {
          await onEvent(event);
        } catch (error) {
          problem = { error };
          stop();
        }
      });
    };

    signal.addEventListener('abort', stop);
    try {
      const end = new Promise<RunEnd<Result>>((done) => {
        trainer.onMessage((message) => {
          if (message.id !== id) return;
          if (message.type === 'event') tell(message.event);
          else done(message);
        });
      });
      trainer.send({ type: 'run', id, payload });
      if (signal.aborted) stop();
      const message = await Promise.race([end, trainer.ended]);
      if (message instanceof Error || message.leaving) giveUp();
      await told;
      if (problem) throw problem.error;
      if (message instanceof Error) throw message;
      if (message.type === 'done') return message.result;
      throw message.kind === 'unrecoverable'
        ? new UnrecoverableJobError(message.message)
        : new Error(message.message);
    } finally {
      signal.removeEventListener('abort', stop);
      for (const timer of timers) clearTimeout(timer);
    }
  };

  return {
    run: (payload, { signal, onEvent, onSlot }) => {
      const either = AbortSignal.any([signal, closed.signal]);
      const run = (async () => {
        const slot = await freeSlot(either);
        try {
          onSlot?.(slot);
          return await runOn(slot, payload, either, onEvent);
        } finally {
          release(slot);
        }
      })();
      runs.add(run);
      const forget = () => runs.delete(run);
      run.then(forget, forget);
      return run;
    },
    pids: () => [...living].map((trainer) => trainer.pid).filter((pid) => pid > 0),
    close: async () => {
      closed.abort();
      await Promise.allSettled(runs);
      await Promise.all([...living].map((trainer) => trainer.close(terminateGraceMs)));
    },
  };
}
