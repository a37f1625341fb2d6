import { messageOf, UserError } from '../common/errors.ts';
import type { FromTrainer, RunEnd, ToTrainer } from './trainerProtocol.ts';
import { UnrecoverableJobError } from './types.ts';

export interface TrainerContext<Event> {
  /** Aborts when the run is to end early: save and return. */
  signal: AbortSignal;
  /** Resolves when the event has left this process: awaiting it keeps a fast producer from filling the memory. */
  emit(event: Event): Promise<void>;
}

const PARENT_CHECK_MS = 500;

/**
 * Makes this process a trainer of the pool that started it: runs what it is given, several at once where the pool gives
 * it several, until the pool lets go of it. It ends itself when its parent is gone, since nobody would store what it
 * measures. SIGTERM stops all that runs in order, the process ends with the last of it, and what is given to it
 * meanwhile is refused; with nothing to stop, or at a second SIGTERM, it ends at once with 143. Ctrl-C, which reaches
 * the whole process group, is left to the parent. Throws a UserError when no pool started this process.
 */
export function serveTrainer<Payload, Event, Result>(
  handler: (payload: Payload, context: TrainerContext<Event>) => Promise<Result>,
): void {
  if (!process.send) {
    throw new UserError('a trainer is started by a sweep or a worker, not by hand', 'npm run sweep <config>');
  }
  /** Until its end has left this process: the last of them takes the process along. */
  const running = new Map<number, AbortController>();
  let leaving = false;

  const send = (message: FromTrainer<Event, Result>): Promise<void> =>
    new Promise((sent) => {
      process.send!(message, undefined, undefined, (error) => {
        if (error) process.exit(1);
        sent();
      });
    });

  const run = async (id: number, payload: Payload): Promise<void> => {
    if (leaving) return send({ type: 'refused', id });
    const controller = new AbortController();
    running.set(id, controller);
    let end: RunEnd<Result>;
    try {
      const result = await handler(payload, {
        signal: controller.signal,
        emit: (event) => send({ type: 'event', id, event }),
      });
      end = { type: 'done', id, leaving, result };
    } catch (error) {
      end = { type: 'failed', id, leaving, ...describe(error) };
    }
    await send(end);
    running.delete(id);
    if (leaving && running.size === 0) process.exit(0);
  };

  process.on('message', (message: ToTrainer<Payload>) => {
    if (message.type === 'run') void run(message.id, message.payload);
    else running.get(message.id)?.abort();
  });
  // Both: a parent's death closes the channel, unless another process holds its other end.
  process.on('disconnect', () => process.exit(0));
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) process.exit(1);
  }, PARENT_CHECK_MS).unref();
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => {
    if (running.size === 0 || leaving) process.exit(143);
    leaving = true;
    for (const controller of running.values()) controller.abort();
  });
}

function describe(error: unknown): { message: string; kind: 'unrecoverable' | 'failed' } {
  if (error instanceof UserError) {
    const message = error.nextStep ? `${error.message} (${error.nextStep})` : error.message;
    return { message, kind: 'unrecoverable' };
  }
  return {
    message: messageOf(error),
    kind: error instanceof UnrecoverableJobError ? 'unrecoverable' : 'failed',
  };
}
