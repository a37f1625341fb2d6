import { type Job, Queue, UnrecoverableError, WaitingError, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { messageOf } from '../common/errors.ts';
import { clientsOf } from '../queue/clients.ts';
import type { QueueConnection } from '../queue/connection.ts';
import { PREFIX } from '../queue/names.ts';
import { type BoardTiming, TIMING, unrepeated } from '../queue/timing.ts';
import type { CronSchedule } from './cron.ts';
import type { NightEnd } from './nightProcess.ts';

export interface ScheduleOptions {
  /** Closed by the caller, after the schedule. */
  connection: QueueConnection;
  /** 32 hex digits: instances of one identity share their nights, each of which is run by one of them. */
  identity: string;
  cron: CronSchedule;
  /** Runs the night that was due at `due`, and ends it when the signal asks for it. */
  night(signal: AbortSignal, due: Date): Promise<NightEnd>;
  /** Told how each night that this instance ran has ended; `stopped` ones go to another instance. */
  onEnd?(end: NightEnd): void | Promise<void>;
  log(line: string): void;
  timing?: Partial<Pick<BoardTiming, 'lockDurationMs' | 'stalledIntervalMs'>>;
}

export interface Schedule {
  /** Ends the night under way and gives it back, and leaves the schedule as it is. */
  close(): Promise<void>;
}

const SCHEDULER = 'nightly';
/** Nights that are kept for people to look at. */
const KEPT_NIGHTS = 30;
/**
 * A night whose instance was killed is taken over this often. BullMQ itself would do so for ever: its own limit does not
 * hold for jobs of a scheduler.
 */
const MOST_TAKEOVERS = 1;

const queueName = (identity: string): string => `refit-${identity.slice(0, 8)}`;

/** Puts the schedule into the queue, if it is not there yet, and runs the nights that this instance gets. */
export async function openSchedule(options: ScheduleOptions): Promise<Schedule> {
  const { connection, identity, cron } = options;
  const log = unrepeated(options.log);
  const timing = { ...TIMING[connection.kind], ...options.timing };
  const clients = clientsOf(connection, log);
  await withQueue(options, (queue) => ensureScheduled(queue, cron, log));

  let closing = false;
  const running = new Map<string, { controller: AbortController; ended: Promise<unknown> }>();
  const endOf = async (job: Job, signal: AbortSignal): Promise<NightEnd> => {
    const killed = job.stalledCounter;
    if (killed <= MOST_TAKEOVERS) return options.night(signal, dueTime(job));
    return { kind: 'failed', reason: `the instances that ran it were killed ${killed} times` };
  };
  const runJob = async (job: Job, token: string): Promise<string> => {
    const controller = new AbortController();
    if (closing) controller.abort('closing');
    const ended = endOf(job, controller.signal);
    running.set(job.id!, { controller, ended });
    const end = await ended.finally(() => running.delete(job.id!));
    await options.onEnd?.(end);
    if (end.kind === 'done') return 'done';
    if (end.kind === 'failed') throw new UnrecoverableError(end.reason);
    // Another instance has it already where the lock is lost.
    if (controller.signal.reason !== 'lost') {
      await job
        .moveToWait(token)
        .catch((error) => log(`the night comes back when its lock runs out: ${messageOf(error)}`));
    }
    throw new WaitingError();
  };
  const worker = new Worker<unknown, string>(queueName(identity), (job, token) => runJob(job, token!), {
    connection: { ...clients.options, maxRetriesPerRequest: null },
    prefix: PREFIX,
    concurrency: 1,
    lockDuration: timing.lockDurationMs,
    stalledInterval: timing.stalledIntervalMs,
    maxStalledCount: MOST_TAKEOVERS,
  });
  worker.on('error', (error) => log(`the schedule: ${error.message}`));
  worker.on('lockRenewalFailed', (ids: string[]) => {
    for (const id of ids) running.get(id)?.controller.abort('lost');
  });
  await worker.waitUntilReady();

  let closed: Promise<void> | undefined;
  return {
    close: () => {
      closed ??= (async () => {
        closing = true;
        // Takes no further night, and does not wait for this one's end.
        await worker.pause(true);
        for (const { controller } of running.values()) controller.abort('closing');
        await Promise.allSettled([...running.values()].map(({ ended }) => ended));
        await clients.closeBounded(worker.getBackend(), worker.close());
      })();
      return closed;
    },
  };
}

const nightId = (dueMs: number): string => `repeat:${SCHEDULER}:${dueMs}`;

const dueTime = ({ id }: Job): Date => new Date(Number(id!.slice(nightId(0).length - 1)));

/** Takes the schedule out of the queue; a night under way is run to its end. False when there was none. */
export function removeSchedule(
  options: Pick<ScheduleOptions, 'connection' | 'identity' | 'log'>,
): Promise<boolean> {
  return withQueue(options, (queue) => queue.removeJobScheduler(SCHEDULER));
}

/**
 * The schedule of an earlier start or of another instance stays untouched where it is the same: to put it anew would
 * drop a night that is due and not yet taken.
 */
async function ensureScheduled(queue: Queue, cron: CronSchedule, log: (line: string) => void): Promise<void> {
  const { pattern, timeZone: tz } = cron;
  const present = await queue.getJobScheduler(SCHEDULER);
  if (present?.pattern === pattern && present.tz === tz && present.next != null) {
    const state = await queue.getJobState(nightId(present.next));
    if (['delayed', 'waiting', 'prioritized', 'active'].includes(state)) return;
  } else if (present) {
    log(`the schedule was "${present.pattern}" ${present.tz ?? ''} and is replaced`);
  }
  await queue.upsertJobScheduler(
    SCHEDULER,
    { pattern, tz },
    {
      name: 'refit',
      opts: {
        attempts: 1,
        removeOnComplete: { count: KEPT_NIGHTS },
        removeOnFail: { count: KEPT_NIGHTS },
        stackTraceLimit: 0,
      },
    },
  );
}

async function withQueue<Result>(
  { connection, identity, log }: Pick<ScheduleOptions, 'connection' | 'identity' | 'log'>,
  use: (queue: Queue) => Promise<Result>,
): Promise<Result> {
  const client = new Redis({ ...clientsOf(connection, log).options, maxRetriesPerRequest: 2 });
  client.on('error', (error) => log(`${connection.description}: ${error.message}`));
  const queue = new Queue(queueName(identity), { connection: client, prefix: PREFIX });
  queue.on('error', (error) => log(`the schedule: ${messageOf(error)}`));
  try {
    return await use(queue);
  } finally {
    await queue.close();
    client.disconnect();
  }
}
