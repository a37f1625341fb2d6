import { type ChildProcess, fork } from 'node:child_process';
import { createInterface } from 'node:readline';
import { type FromTrainer, type ToTrainer, TrainerDied } from './trainerProtocol.ts';
import { HandedBack, UnrecoverableJobError } from './types.ts';

export interface TrainerPoolOptions {
  /** The trainer's script, .ts or .js; it calls serveTrainer. */
  script: string;
  /** Trainers side by side. */
  slots: number;
  /** Added to this process's environment. */
  environment?: (slot: number) => Record<string, string>;
  /** Lines that trainers write to standard error. */
  log(line: string, pid: number): void;
  /** How long a stopped run may take for its checkpoint before SIGTERM, and then again before SIGKILL. */
  stopGraceMs?: number;
}

export interface TrainerPool<Payload, Event, Result> {
  /**
   * Waits for a free trainer and runs a payload on it. An abort asks the trainer to stop after a checkpoint, and its
   * result is returned as usual. Rejects with TrainerDied when the process ends, UnrecoverableJobError when trying again
   * cannot help, HandedBack when the abort came before a trainer was free, and with whatever `onEvent` throws.
   */
  run(payload: Payload, options: { signal: AbortSignal; onEvent(event: Event): void }): Promise<Result>;
  /** Process ids of the living trainers. */
  pids(): number[];
  /** Ends all trainers. */
  close(): Promise<void>;
}

const DEFAULT_STOP_GRACE_MS = 10_000;
const STDERR_LINES_KEPT = 8;

interface Trainer {
  process: ChildProcess;
  lastLines: string[];
  ended: Promise<void>;
}

/**
 * Trainer processes, one per slot, started when first needed, kept from run to run (they keep their compiled graphs)
 * and replaced when they die. Tensor code never runs in this process: whatever happens there, locks are renewed here.
 */
export function openTrainerPool<Payload, Event, Result>(
  options: TrainerPoolOptions,
): TrainerPool<Payload, Event, Result> {
  const { slots, stopGraceMs = DEFAULT_STOP_GRACE_MS } = options;
  const trainers = new Array<Trainer | undefined>(slots).fill(undefined);
  const free = Array.from({ length: slots }, (_, slot) => slot);
  const waiting: (() => void)[] = [];
  let nextId = 1;
  let closed = false;

  return {
    pids: () => trainers.flatMap((trainer) => trainer?.process.pid ?? []),
    run: async (payload, { signal, onEvent }) => {
      while (free.length === 0 && !signal.aborted && !closed) {
        await new Promise<void>((done) => {
          waiting.push(done);
          signal.addEventListener('abort', () => done(), { once: true });
        });
      }
      if (signal.aborted || closed) throw new HandedBack('stopped before a trainer was free');
      const slot = free.shift()!;
      try {
        return await runOn(slot, payload, signal, onEvent);
      } finally {
        free.unshift(slot);
        waiting.shift()?.();
      }
    },
    close: async () => {
      closed = true;
      for (const wake of waiting.splice(0)) wake();
      await Promise.all(trainers.map((trainer) => trainer && endTrainer(trainer)));
    },
  };

  function runOn(slot: number, payload: Payload, signal: AbortSignal, onEvent: (event: Event) => void): Promise<Result> {
    const trainer = (trainers[slot] ??= startTrainer(slot));
    const child = trainer.process;
    const id = nextId++;
    return new Promise<Result>((resolve, reject) => {
      const timers: NodeJS.Timeout[] = [];
      let eventError: unknown;
      const stop = () => {
        send(child, { type: 'stop', id });
        timers.push(setTimeout(() => child.kill('SIGTERM'), stopGraceMs));
        timers.push(setTimeout(() => child.kill('SIGKILL'), 2 * stopGraceMs));
      };
      const onMessage = (message: FromTrainer<Event, Result>) => {
        if (message.id !== id) return;
        if (message.type === 'event') {
          if (eventError !== undefined) return;
          try {
            onEvent(message.event);
          } catch (error) {
            eventError = error;
            stop();
          }
        } else if (eventError !== undefined) finish(() => reject(eventError));
        else if (message.type === 'result') finish(() => resolve(message.result));
        else if (message.unrecoverable) finish(() => reject(new UnrecoverableJobError(message.message)));
        else {
          const error = new Error(message.message);
          if (message.stack !== undefined) error.stack = message.stack;
          finish(() => reject(error));
        }
      };
      const onExit = (code: number | null, killedBy: NodeJS.Signals | null) =>
        finish(() => reject(eventError ?? new TrainerDied(epitaph(trainer, code, killedBy))));
      const finish = (settle: () => void) => {
        for (const timer of timers) clearTimeout(timer);
        signal.removeEventListener('abort', stop);
        child.off('message', onMessage);
        child.off('exit', onExit);
        settle();
      };
      child.on('message', onMessage);
      child.on('exit', onExit);
      signal.addEventListener('abort', stop, { once: true });
      send(child, { type: 'run', id, payload });
    });
  }

  function startTrainer(slot: number): Trainer {
    const child = fork(options.script, {
      execArgv: options.script.endsWith('.ts') ? ['--import', import.meta.resolve('tsx')] : [],
      env: { ...process.env, ...options.environment?.(slot) },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      serialization: 'advanced',
    });
    const lastLines: string[] = [];
    createInterface({ input: child.stderr! }).on('line', (line) => {
      lastLines.push(line);
      if (lastLines.length > STDERR_LINES_KEPT) lastLines.shift();
      options.log(line, child.pid ?? 0);
    });
    const ended = new Promise<void>((done) => {
      child.once('exit', () => {
        if (trainers[slot]?.process === child) trainers[slot] = undefined;
        done();
      });
      child.once('error', (error) => {
        lastLines.push(error.message);
        if (child.pid === undefined) child.emit('exit', null, null);
      });
    });
    return { process: child, lastLines, ended };
  }

  async function endTrainer(trainer: Trainer): Promise<void> {
    trainer.process.kill('SIGTERM');
    const timer = setTimeout(() => trainer.process.kill('SIGKILL'), stopGraceMs);
    await trainer.ended;
    clearTimeout(timer);
  }

  function send(child: ChildProcess, message: ToTrainer<Payload>): void {
    // A failed send is a dead or dying child: its exit event tells the rest.
    if (child.connected) child.send(message, () => {});
  }
}

function epitaph({ process: child, lastLines }: Trainer, code: number | null, killedBy: NodeJS.Signals | null): string {
  const how =
    killedBy === 'SIGKILL'
      ? 'was killed (SIGKILL: out of memory, or by hand)'
      : killedBy
        ? `was ended by ${killedBy}`
        : code === null
          ? 'could not be started'
          : `ended with code ${code}`;
  const last = lastLines.length > 0 ? `; it said last: ${lastLines.join(' | ')}` : '';
  return `trainer ${child.pid ?? ''} ${how}${last}`;
}
