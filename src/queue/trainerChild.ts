import { messageOf, UserError } from '../common/errors.ts';
import type { FromTrainer, ToTrainer } from './trainerProtocol.ts';
import { UnrecoverableJobError } from './types.ts';

export interface TrainerContext<Event> {
  /** Aborts when the pool asks the run to stop after a checkpoint, and on SIGTERM. */
  signal: AbortSignal;
  /** Resolves when the message has left this process: awaiting it keeps a slow reader from filling memory. */
  emit(event: Event): Promise<void>;
}

/** How often a trainer looks whether its parent is still the same process. */
const PARENT_CHECK_MS = 1000;

/**
 * The child's side of a trainer pool: runs one payload at a time. The process ends itself when its parent is gone (the
 * channel closes; where a killed parent leaves it open, its pid changes). Ctrl-C reaches the whole group: the parent
 * decides, so SIGINT is ignored here.
 */
export function serveTrainer<Payload, Event, Result>(
  handler: (payload: Payload, context: TrainerContext<Event>) => Promise<Result>,
): void {
  let current: { id: number; abort: AbortController } | undefined;
  const send = (message: FromTrainer<Event, Result>): Promise<void> =>
    new Promise((done) => {
      if (process.connected) process.send!(message, () => done());
      else done();
    });

  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) process.exit(1);
  }, PARENT_CHECK_MS).unref();
  process.on('disconnect', () => process.exit(1));
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => {
    if (current) current.abort.abort();
    else process.exit(0);
  });
  process.on('message', (message: ToTrainer<Payload>) => {
    if (message.type === 'stop') {
      if (current?.id === message.id) current.abort.abort();
      return;
    }
    const { id, payload } = message;
    const abort = new AbortController();
    current = { id, abort };
    handler(payload, { signal: abort.signal, emit: (event) => send({ type: 'event', id, event }) })
      .then((result): FromTrainer<Event, Result> => ({ type: 'result', id, result }))
      .catch(
        (error: unknown): FromTrainer<Event, Result> => ({
          type: 'failed',
          id,
          message: messageOf(error),
          stack: error instanceof Error ? error.stack : undefined,
          unrecoverable: error instanceof UnrecoverableJobError || error instanceof UserError,
        }),
      )
      .then((answer) => {
        current = undefined;
        return send(answer);
      });
  });
}
