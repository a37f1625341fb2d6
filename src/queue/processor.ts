import { setTimeout as delay } from 'node:timers/promises';
import { type Job, UnrecoverableError, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { messageOf, UserError } from '../common/errors.ts';
import { clientsOf } from './clients.ts';
import type { QueueConnection } from './connection.ts';
import { isMarkedCancelled, listenToControl } from './control.ts';
import { classQueue, type DeviceClass, PREFIX } from './names.ts';
import { type BoardTiming, TIMING, unrepeated } from './timing.ts';
import {
  type BoardJob,
  HandedBack,
  type JobContext,
  JobStopped,
  type Processor,
  UnrecoverableJobError,
} from './types.ts';

export interface ProcessorOptions<Payload> {
  connection: QueueConnection;
  /** See queueBase. */
  base: string;
  /** Queues to take from, in this order. */
  classes: readonly DeviceClass[];
  /** Room for jobs, of which each takes one, or what `loadOf` says. */
  slots: number;
  /**
   * The part of a slot that a job takes, above 0 and at most 1. A job is taken while there is any room, since its load
   * is not known before; then nothing until there is room again.
   */
  loadOf?(payload: Payload): number;
  /** Owner of the locks: whoever finds that it is gone may give its jobs back. Without a colon. */
  token: string;
  /** Checks the payload; what it throws fails the job for good. */
  parse(data: unknown): Payload;
  /** What it returns (JSON) travels with the event that the job is completed. */
  handle(job: BoardJob<Payload>, context: JobContext<Payload>): Promise<unknown>;
  log(line: string): void;
  timing?: Partial<BoardTiming>;
  /** Called now and then while no job runs and none is there to take: for how long so far. */
  onIdle?(idleMs: number): void;
}

/** How long an idle processor waits on its own class's queue before it looks at the others again, seconds. */
const LOOK_AROUND_S = 1;
const WAIT_S = 5;
const PROBLEM_PAUSE_MS = 1000;
const LEAVE_MS = 2000;
/** Loads are quotients: six sixths fill a slot. */
const LOAD_TOLERANCE = 1e-9;

/**
 * Takes jobs from several queues by order of preference, as long as `slots` has room, until closed. Jobs are fetched by
 * hand, since a BullMQ worker of its own loop would take from one queue only. Locks are renewed while a handler runs.
 */
export async function startProcessor<Payload>(options: ProcessorOptions<Payload>): Promise<Processor> {
  const { base, classes, slots, token, connection } = options;
  const log = unrepeated(options.log);
  const timing = { ...TIMING[connection.kind], ...options.timing };
  const clients = clientsOf(connection, log);
  const client = new Redis({ ...clients.options, maxRetriesPerRequest: 2 });
  client.on('error', (error) => log(`${connection.description}: ${error.message}`));
  const sources = classes.map((deviceClass) => {
    const worker = new Worker<unknown, unknown>(classQueue(base, deviceClass), null, {
      connection: { ...clients.options, maxRetriesPerRequest: null },
      prefix: PREFIX,
      name: token,
      lockDuration: timing.lockDurationMs,
      stalledInterval: timing.stalledIntervalMs,
      maxStalledCount: 3,
      drainDelay: classes.length > 1 ? LOOK_AROUND_S : WAIT_S,
    });
    worker.on('error', (error) => log(`the queue's worker: ${error.message}`));
    return { deviceClass, worker };
  });
  const running = new Map<string, RunningJob>();
  const stop = (id: string, why: JobStopped['why']) => {
    const job = running.get(id);
    if (job && !job.controller.signal.aborted) job.controller.abort(new JobStopped(why));
  };
  const control = await listenToControl({
    base,
    client,
    clients,
    log,
    onEvent: (event) => {
      if (event.eventName === 'cancel') stop(event.jobId, 'cancelled');
    },
  });
  await Promise.all(sources.map(({ worker }) => worker.waitUntilReady()));
  for (const { worker } of sources) await worker.startStalledCheckTimer();

  let closing = false;
  const closed = new AbortController();
  const leaving = new Promise<void>((left) =>
    closed.signal.addEventListener('abort', () => left(), { once: true }),
  );
  let pausedUntilMs = 0;
  let slotFreed = () => {};
  const isFull = (): boolean => {
    const load = [...running.values()].reduce((sum, job) => sum + job.load, 0);
    return load >= slots - LOAD_TOLERANCE;
  };
  /** Before the payload is known to be right: what is wrong with it is told when it runs. */
  const loadOf = (job: Job): number => {
    try {
      return options.loadOf?.(options.parse(job.data)) ?? 1;
    } catch {
      return 1;
    }
  };
  let busyMs = performance.now();

  /** The next job of the first queue that has one; null after a while without. */
  const next = async (): Promise<Taken | null> => {
    for (const source of sources) {
      const job = await source.worker.getNextJob(token, { block: false });
      if (job) return { ...source, job };
    }
    if (running.size > 0) busyMs = performance.now();
    else options.onIdle?.(performance.now() - busyMs);
    const own = sources[0]!;
    const job = await own.worker.getNextJob(token, { block: true });
    return job ? { ...own, job } : null;
  };

  const fetchLoop = async (): Promise<void> => {
    while (!closing) {
      const restMs = pausedUntilMs - performance.now();
      if (restMs > 0) await delay(restMs, undefined, { signal: closed.signal }).catch(() => {});
      else if (isFull()) await new Promise<void>((free) => (slotFreed = free));
      else {
        const taken = await next().catch(async (error) => {
          if (!closing) log(`no job could be taken: ${messageOf(error)}`);
          await delay(PROBLEM_PAUSE_MS, undefined, { signal: closed.signal }).catch(() => {});
          return null;
        });
        if (!taken) continue;
        busyMs = performance.now();
        void runJob(taken);
      }
    }
  };

  const runJob = async ({ job, deviceClass }: Taken): Promise<void> => {
    const id = job.id!;
    const controller = new AbortController();
    let hasEnded = () => {};
    const ended = new Promise<void>((done) => (hasEnded = done));
    running.set(id, { job, load: loadOf(job), controller, ended });
    try {
      await lookForCancel(id, job);
      if (closing) stop(id, 'closing');
      if (controller.signal.aborted) throw new HandedBack('stopped before it began');
      const payload = checked(() => options.parse(job.data));
      const result = await options.handle(
        { id, payload, deviceClass },
        {
          signal: controller.signal,
          attempt: job.attemptsMade + 1,
          tell: (message) =>
            job.updateProgress(message as object).catch((error) => log(`run ${id}: ${messageOf(error)}`)),
          log: (line) =>
            job.log(line).then(
              () => {},
              (error) => log(`run ${id}: ${messageOf(error)}`),
            ),
          update: (changed) => job.updateData(changed),
        },
      );
      await patiently(job.moveToCompleted(result, token, false));
    } catch (error) {
      await end(job, error, controller.signal).catch((problem) => {
        // Unanswered, the job comes back by itself when its lock runs out.
        log(`the end of run ${id} was not told: ${messageOf(problem)}`);
      });
    } finally {
      running.delete(id);
      hasEnded();
      slotFreed();
    }
  };

  /**
   * A Redis that is away for a while must not cost the work of hours: the client sends again when it is back. Only who
   * is leaving does not wait for ever.
   */
  const patiently = async (work: Promise<unknown>): Promise<void> => {
    const over = new AbortController();
    const tooLate = leaving.then(async () => {
      await delay(LEAVE_MS, undefined, { signal: over.signal });
      throw new Error('the queue does not answer');
    });
    tooLate.catch(() => {});
    await Promise.race([work, tooLate]).finally(() => over.abort());
  };

  /** What BullMQ is told about a job whose handler threw. */
  const end = async (job: Job, error: unknown, signal: AbortSignal): Promise<void> => {
    const why = signal.aborted ? (signal.reason as JobStopped).why : null;
    // Not ours any more: nothing to move.
    if (why === 'lost') return;
    const fail = (reason: Error) => patiently(job.moveToFailed(reason, token, false));
    if (why === 'cancelled') {
      job.opts.removeOnFail = true;
      return fail(new UnrecoverableError('cancelled'));
    }
    if (error instanceof UnrecoverableJobError) return fail(new UnrecoverableError(error.message));
    if (error instanceof UserError) {
      const sentence = error.nextStep ? `${error.message} (${error.nextStep})` : error.message;
      return fail(new UnrecoverableError(sentence));
    }
    if (error instanceof HandedBack || why === 'closing') {
      await patiently(job.moveToWait(token));
      const pauseMs = error instanceof HandedBack ? error.pauseMs : 0;
      pausedUntilMs = Math.max(pausedUntilMs, performance.now() + pauseMs);
      return;
    }
    return fail(error instanceof Error ? error : new Error(messageOf(error)));
  };

  /** An event may be missed, the mark on the job is not: it is read at the start and with every heartbeat. */
  const lookForCancel = async (id: string, job: Job): Promise<void> => {
    const key = `${PREFIX}:${job.queueName}:${id}`;
    if (await isMarkedCancelled(client, key).catch(() => false)) stop(id, 'cancelled');
  };
  const heartbeat = setInterval(() => {
    for (const [id, { job }] of running) {
      void lookForCancel(id, job);
      job
        .extendLock(token, timing.lockDurationMs)
        // Someone else may run the job by now: two trainers must not work on one run.
        .then((renewed) => renewed === 1 || stop(id, 'lost'))
        .catch((error) => {
          if (/lock/i.test(messageOf(error))) stop(id, 'lost');
          else log(`the lock of run ${id} was not renewed: ${messageOf(error)}`);
        });
    }
  }, timing.lockDurationMs / 3);
  const loop = fetchLoop();

  let closedWhole: Promise<void> | undefined;
  return {
    close: () => {
      closedWhole ??= (async () => {
        closing = true;
        closed.abort();
        slotFreed();
        for (const id of running.keys()) stop(id, 'closing');
        for (const { worker } of sources) {
          // Ends a wait for a job under way. When the connection is between two attempts there is none.
          await Promise.race([
            worker
              .getBackend()
              .disconnectBlocking(false)
              .catch(() => {}),
            delay(PROBLEM_PAUSE_MS),
          ]);
        }
        await Promise.race([loop, delay(2 * PROBLEM_PAUSE_MS)]);
        // Whatever was fetched at the last moment has begun to run, and stops.
        for (const id of running.keys()) stop(id, 'closing');
        await Promise.all([...running.values()].map((job) => job.ended));
        clearInterval(heartbeat);
        await Promise.all([
          control.close(),
          ...sources.map(({ worker }) => clients.closeBounded(worker.getBackend(), worker.close())),
        ]);
        client.disconnect();
      })();
      return closedWhole;
    },
  };
}

interface RunningJob {
  job: Job;
  /** The part of a slot that it takes. */
  load: number;
  controller: AbortController;
  ended: Promise<void>;
}

interface Taken {
  deviceClass: DeviceClass;
  worker: Worker;
  job: Job;
}

function checked<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new UnrecoverableJobError(messageOf(error));
  }
}
