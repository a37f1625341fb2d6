import { setTimeout as delay } from 'node:timers/promises';
import { type Job, UnrecoverableError, WaitingError, Worker } from 'bullmq';
import { messageOf, UserError } from '../common/errors.ts';
import type { Clients } from './clients.ts';
import {
  type BoardJob,
  HandedBack,
  type JobContext,
  JobStopped,
  type Processor,
  UnrecoverableJobError,
} from './types.ts';

export interface ProcessorOptions<Payload> {
  queueName: string;
  prefix: string;
  clients: Clients;
  slots: number;
  lockDurationMs: number;
  stalledIntervalMs: number;
  /** Checks the payload; what it throws fails the job for good. */
  parse(data: unknown): Payload;
  handle(job: BoardJob<Payload>, context: JobContext): Promise<void>;
  /** Whether someone asked to stop this job. */
  isCancelled(id: string): Promise<boolean>;
  log(line: string): void;
}

export interface CancellableProcessor extends Processor {
  /** Stops the job if it runs here. */
  cancel(id: string): void;
}

/** A job that was handed back without a reason to close is not taken again by the same slot for this long. */
const HANDED_BACK_PAUSE_MS = 1000;

/** Takes jobs from the queue, at most `slots` at once, until closed. Locks are renewed while a handler runs. */
export async function startProcessor<Payload>(
  options: ProcessorOptions<Payload>,
): Promise<CancellableProcessor> {
  const { log, slots } = options;
  const running = new Map<string, { controller: AbortController; ended: Promise<void> }>();
  const stop = (id: string, why: JobStopped['why']) => {
    const job = running.get(id);
    if (job && !job.controller.signal.aborted) job.controller.abort(new JobStopped(why));
  };
  let closing: Promise<void> | undefined;

  const worker = new Worker<unknown, void>(
    options.queueName,
    async (job, token) => {
      const id = job.id!;
      const controller = new AbortController();
      let hasEnded = () => {};
      running.set(id, { controller, ended: new Promise((done) => (hasEnded = done)) });
      // An event may be missed, the mark on the job is not: it is read at the start and with every heartbeat.
      const lookForCancel = async () => {
        const cancelled = await options.isCancelled(id).catch(() => false);
        if (cancelled) stop(id, 'cancelled');
      };
      const heartbeat = setInterval(lookForCancel, options.lockDurationMs / 3);
      try {
        await lookForCancel();
        if (closing) stop(id, 'closing');
        if (controller.signal.aborted) throw new HandedBack('stopped before it began');
        const payload = checked(() => options.parse(job.data));
        await options.handle({ id, payload }, { signal: controller.signal, attempt: job.attemptsMade + 1 });
      } catch (error) {
        hasEnded();
        throw await endOf(job, token!, error, controller.signal);
      } finally {
        hasEnded();
        clearInterval(heartbeat);
        running.delete(id);
      }
    },
    {
      connection: { ...options.clients.options, maxRetriesPerRequest: null },
      prefix: options.prefix,
      concurrency: slots,
      lockDuration: options.lockDurationMs,
      stalledInterval: options.stalledIntervalMs,
      maxStalledCount: 3,
    },
  );
  worker.on('error', (error) => log(`the queue's worker: ${error.message}`));
  // Someone else may run the job by now: two trainers must not work on one run.
  worker.on('lockRenewalFailed', (ids) => {
    for (const id of ids) stop(id, 'lost');
  });
  await worker.waitUntilReady();

  /** What BullMQ is told about a job whose handler threw. */
  async function endOf(job: Job, token: string, error: unknown, signal: AbortSignal): Promise<unknown> {
    const why = signal.aborted ? (signal.reason as JobStopped).why : null;
    // Not ours any more: nothing to move.
    if (why === 'lost') return new WaitingError();
    if (why === 'cancelled') {
      job.opts.removeOnFail = true;
      return new UnrecoverableError('cancelled');
    }
    if (error instanceof UnrecoverableJobError) return new UnrecoverableError(error.message);
    if (error instanceof UserError) {
      return new UnrecoverableError(error.nextStep ? `${error.message} (${error.nextStep})` : error.message);
    }
    if (error instanceof HandedBack || why === 'closing') {
      // Unanswered, the job comes back by itself when its lock runs out.
      await job
        .moveToWait(token)
        .catch((problem) => log(`run ${job.id} was not handed back: ${messageOf(problem)}`));
      if (!closing) await delay(HANDED_BACK_PAUSE_MS);
      return new WaitingError();
    }
    return error;
  }

  return {
    cancel: (id) => stop(id, 'cancelled'),
    close: () => {
      closing ??= (async () => {
        const closed = worker.close();
        const handlers = [...running.values()].map((job) => job.ended);
        for (const id of running.keys()) stop(id, 'closing');
        await Promise.all(handlers);
        await options.clients.closeBounded(worker.getBackend(), closed);
      })();
      return closing;
    },
  };
}

function checked<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new UnrecoverableJobError(messageOf(error));
  }
}
