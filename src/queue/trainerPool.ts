import { startTrainer, type Trainer } from './trainerProcess.ts';
import type { FromTrainer, RunEnd } from './trainerProtocol.ts';
import { trainerSeats } from './trainerSeats.ts';
import { HandedBack, UnrecoverableJobError } from './types.ts';

export interface TrainerPool<Payload, Event, Result> {
  /**
   * Runs the payload in a trainer as soon as one has room: first come, first served. Events come in order, one at a
   * time. An abort asks the run to stop, and resolves with whatever it then returns.
   *
   * Rejects with a HandedBack when it is aborted before it began, an UnrecoverableJobError when trying again cannot
   * help, a TrainerDied when the process ended, and with what `onEvent` threw (the run is then stopped). Where several
   * slots share a process they share its fate: one that dies fails all of its runs with a TrainerDied. A run that does
   * not stop in time has its process ended, which asks the neighbours to stop as well: those that manage to in
   * `terminateGraceMs` resolve as if they had been aborted, the others fail with a TrainerDied. Either way they go on
   * from their checkpoints when they are run again.
   */
  run(payload: Payload, options: RunOptions<Event>): Promise<Result>;
  /** Of the trainers that live now. */
  pids(): number[];
  /** Stops what runs, then ends every trainer. */
  close(): Promise<void>;
}

export interface RunOptions<Event> {
  signal: AbortSignal;
  onEvent(event: Event): void | Promise<void>;
  /** Told which of the slots runs it. */
  onSlot?(slot: number): void;
  /**
   * The part of its trainer's device that it needs, above 0 and at most 1: runs share a trainer as long as these leave
   * room. Default: one seat's, 1 / slots of the trainer.
   */
  share?: number;
}

export interface TrainerPoolOptions {
  /** The trainer's file, `.ts` or `.js`; it calls serveTrainer. */
  script: string;
  /** Most runs at once. */
  slots: number;
  /** Which of the trainers (any number names one) runs what is on a slot. Default: each slot has its own. */
  trainerOf?(slot: number): number;
  /**
   * Added to this process's environment, e.g. thread limits, or the slot's device. Slots that share a trainer have
   * the same: it is asked for the one whose run comes first.
   */
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
  const { stopGraceMs = STOP_GRACE_MS, terminateGraceMs = TERMINATE_GRACE_MS } = options;
  const trainerOf = options.trainerOf ?? ((slot: number) => slot);
  type PoolTrainer = Trainer<Payload, FromTrainer<Event, Result>>;
  const seats = trainerSeats(options.slots, trainerOf);
  /** Those that take runs. */
  const trainers = new Map<number, PoolTrainer>();
  /** Also those that were given up and have not ended yet. */
  const living = new Set<PoolTrainer>();
  const runs = new Set<Promise<unknown>>();
  const closed = new AbortController();
  let lastId = 0;

  const processFor = (slot: number): PoolTrainer => {
    const present = trainers.get(trainerOf(slot));
    if (present?.isOpen()) return present;
    const trainer: PoolTrainer = startTrainer(options.script, options.environment?.(slot) ?? {}, options.log);
    trainers.set(trainerOf(slot), trainer);
    living.add(trainer);
    void trainer.ended.then(() => {
      living.delete(trainer);
      giveUp(slot, trainer);
    });
    return trainer;
  };

  /** No further run goes to it: it ends with those that it has, or at once. */
  const giveUp = (slot: number, trainer: PoolTrainer): void => {
    if (trainers.get(trainerOf(slot)) === trainer) trainers.delete(trainerOf(slot));
  };

  /** One run, from its first message to its end. */
  const runOn = async (
    slot: number,
    trainer: PoolTrainer,
    payload: Payload,
    { signal, onEvent }: RunOptions<Event>,
  ): Promise<RunEnd<Result> | 'refused'> => {
    const id = ++lastId;
    let graceOver: NodeJS.Timeout | undefined;
    const stop = () => {
      if (graceOver) return;
      trainer.send({ type: 'stop', id });
      graceOver = setTimeout(() => {
        giveUp(slot, trainer);
        trainer.terminate(terminateGraceMs);
      }, stopGraceMs);
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
    let forget = () => {};
    try {
      const end = new Promise<RunEnd<Result> | 'refused'>((done) => {
        forget = trainer.onMessage(id, (message) => {
          if (message.type === 'event') tell(message.event);
          else done(message.type === 'refused' ? 'refused' : message);
        });
      });
      trainer.send({ type: 'run', id, payload });
      if (signal.aborted) stop();
      const message = await Promise.race([end, trainer.ended]);
      if (message === 'refused' || message instanceof Error || message.leaving) giveUp(slot, trainer);
      await told;
      if (problem) throw problem.error;
      if (message instanceof Error) throw message;
      return message;
    } finally {
      forget();
      signal.removeEventListener('abort', stop);
      clearTimeout(graceOver);
    }
  };

  return {
    run: (payload, given) => {
      const signal = AbortSignal.any([given.signal, closed.signal]);
      const run = (async () => {
        const slot = await seats.take(given.share ?? null, signal);
        try {
          given.onSlot?.(slot);
          for (;;) {
            const end = await runOn(slot, processFor(slot), payload, { ...given, signal });
            // Its trainer was told to leave before the pool knew: it never began there.
            if (end === 'refused') {
              if (signal.aborted) throw new HandedBack('stopped before it began');
              continue;
            }
            if (end.type === 'done') return end.result;
            throw end.kind === 'unrecoverable'
              ? new UnrecoverableJobError(end.message)
              : new Error(end.message);
          }
        } finally {
          seats.release(slot);
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
