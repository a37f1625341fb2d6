import { Queue, QueueEvents, type QueueEventsListener, QueueEventsProducer } from 'bullmq';
import { Redis } from 'ioredis';
import { messageOf } from '../common/errors.ts';
import { clientsOf } from './clients.ts';
import { openQueueConnection, type QueueConnection } from './connection.ts';
import { type CancellableProcessor, startProcessor } from './processor.ts';
import type { Board, BoardEvent } from './types.ts';

/** Durations that differ between one machine and many, or in tests. */
export interface BoardTiming {
  /** A job whose lock was not renewed for this long belongs to nobody. */
  lockDurationMs: number;
  /** How often such jobs are looked for. */
  stalledIntervalMs: number;
  /** Wait before the second attempt; doubles for each further one. */
  backoffMs: number;
}

const TIMING: Record<QueueConnection['kind'], BoardTiming> = {
  embedded: { lockDurationMs: 15_000, stalledIntervalMs: 5_000, backoffMs: 500 },
  redis: { lockDurationMs: 60_000, stalledIntervalMs: 30_000, backoffMs: 2_000 },
};
const ATTEMPTS = 3;
/** All keys begin with this, so that a shared Redis shows whose they are. */
const PREFIX = 'mixture-law';
/** The embedded store's operations cost time in proportion to what it holds. */
const EMBEDDED_WINDOW = 64;
/**
 * What is kept for people to look at, and of events for readers that lag. On the embedded store 10,000 events
 * (BullMQ's own choice) instead of 256 made 600 empty jobs take twice as long.
 */
const KEPT: Record<QueueConnection['kind'], { events: number; completed: number; failed: number }> = {
  embedded: { events: 256, completed: 50, failed: 200 },
  redis: { events: 10_000, completed: 1000, failed: 1000 },
};
const REPEATED_ERROR_MS = 10_000;

export interface BoardOptions<Payload> {
  /** Closed by the caller, after the board. Without one the board opens and closes its own. */
  connection?: QueueConnection;
  /** For the board's own connection: a Redis, or without it the embedded store. */
  redisUrl?: string;
  /** Without a colon. Boards of one name on one Redis share their jobs. */
  queueName: string;
  /** Checks a payload at the processor: what it throws fails the job for good. */
  parse(data: unknown): Payload;
  log(line: string): void;
  timing?: Partial<BoardTiming>;
}

interface BoardEvents extends QueueEventsListener {
  /** Whoever runs the job is asked to stop it. */
  cancel: (event: { jobId: string }, id: string) => void;
  /** The job was cancelled before it ran. */
  cancelled: (event: { jobId: string }, id: string) => void;
}

/** Marks an existing job as cancelled; never makes a job. */
const MARK_CANCELLED = `
  if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
  redis.call('HSET', KEYS[1], 'cancelled', '1')
  return 1`;

/**
 * Opens a board: BullMQ, on a Redis or on the embedded store, with the same code. Throws a UserError when the Redis
 * cannot be used.
 */
export async function openBoard<Payload>(options: BoardOptions<Payload>): Promise<Board<Payload>> {
  const { queueName } = options;
  const log = unrepeated(options.log);
  const connection = options.connection ?? (await openQueueConnection(options));
  const timing = { ...TIMING[connection.kind], ...options.timing };
  const clients = clientsOf(connection, log);
  // Two retries, then an error: whoever asked tries again later, and knows that it does.
  const client = new Redis({ ...clients.options, maxRetriesPerRequest: 2 });
  client.on('error', (error) => log(`${connection.description}: ${error.message}`));
  const kept = KEPT[connection.kind];
  const queue = new Queue(queueName, {
    connection: client,
    prefix: PREFIX,
    streams: { events: { maxLen: kept.events } },
  });
  const producer = new QueueEventsProducer(queueName, { connection: client, prefix: PREFIX });
  const onError = (error: Error) => log(`the queue: ${error.message}`);
  queue.on('error', onError);
  producer.on('error', onError);
  const jobKey = (id: string) => queue.toKey(id);

  // From the last event there is: none of those to come is missed, whenever the first read reaches the server.
  const last = await client.xrevrange(queue.toKey('events'), '+', '-', 'COUNT', 1);
  const events = new QueueEvents(queueName, {
    connection: { ...clients.options, maxRetriesPerRequest: null },
    prefix: PREFIX,
    lastEventId: last[0]?.[0] ?? '0-0',
  });
  events.on('error', (error) => log(`the queue's events: ${error.message}`));

  const listeners = new Set<(event: BoardEvent) => void>();
  const tell = (event: BoardEvent) => {
    for (const listener of listeners) {
      try {
        listener(event);
      } catch (error) {
        log(`a listener failed on ${event.type} of run ${event.id}: ${messageOf(error)}`);
      }
    }
  };
  const processors = new Set<CancellableProcessor>();
  events.on('active', ({ jobId }) => tell({ type: 'active', id: jobId }));
  events.on('completed', ({ jobId }) => tell({ type: 'completed', id: jobId }));
  events.on('failed', ({ jobId, failedReason }) =>
    tell({ type: 'failed', id: jobId, reason: failedReason, final: true }),
  );
  // Jobs are only ever delayed between two attempts.
  events.on('delayed', async ({ jobId }) => {
    const reason = await client.hget(jobKey(jobId), 'failedReason').catch(() => null);
    tell({ type: 'failed', id: jobId, reason: reason ?? 'unknown', final: false });
  });
  events.on<BoardEvents, 'cancelled'>('cancelled', ({ jobId }) =>
    tell({ type: 'failed', id: jobId, reason: 'cancelled', final: true }),
  );
  events.on<BoardEvents, 'cancel'>('cancel', ({ jobId }) => {
    for (const processor of processors) processor.cancel(jobId);
  });
  await Promise.all([queue.waitUntilReady(), events.waitUntilReady()]);

  let closing: Promise<void> | undefined;
  return {
    description: connection.description,
    windowSize: (slots) => (connection.kind === 'embedded' ? EMBEDDED_WINDOW : 2 * slots + 256),

    enqueue: async (jobs) => {
      // BullMQ ignores an id that stands in completed or failed. A job that runs is locked: it is never removed.
      await Promise.all(
        jobs.map(async ({ id }) => {
          const state = await queue.getJobState(id);
          if (state === 'completed' || state === 'failed') await queue.remove(id);
        }),
      );
      await queue.addBulk(
        jobs.map(({ id, payload, priority }) => ({
          name: 'run',
          data: payload,
          opts: {
            jobId: id,
            attempts: ATTEMPTS,
            backoff: { type: 'exponential', delay: timing.backoffMs },
            removeOnComplete: { count: kept.completed },
            removeOnFail: { count: kept.failed },
            stackTraceLimit: 3,
            ...(priority !== undefined && { priority }),
          },
        })),
      );
    },

    outstanding: () => queue.getRanges(['active', 'waiting', 'prioritized', 'delayed'], 0, -1),

    process: async ({ slots, handle }) => {
      const processor = await startProcessor({
        queueName,
        prefix: PREFIX,
        clients: clientsOf(connection, log),
        slots,
        lockDurationMs: timing.lockDurationMs,
        stalledIntervalMs: timing.stalledIntervalMs,
        parse: options.parse,
        handle,
        isCancelled: async (id) => (await client.hget(jobKey(id), 'cancelled')) === '1',
        log,
      });
      processors.add(processor);
      return {
        close: async () => {
          await processor.close();
          processors.delete(processor);
        },
      };
    },

    onEvent: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },

    cancel: async (id) => {
      // The mark first: a processor that takes the job after the event went by still sees it.
      if ((await client.eval(MARK_CANCELLED, 1, jobKey(id))) !== 1) return;
      const state = await queue.getJobState(id);
      if (state === 'completed' || state === 'failed') return;
      await producer.publishEvent({ eventName: 'cancel', jobId: id });
      // 0: it is locked, and ends where it runs.
      if ((await queue.remove(id)) === 1) await producer.publishEvent({ eventName: 'cancelled', jobId: id });
    },

    close: () => {
      closing ??= (async () => {
        await Promise.all([...processors].map((processor) => processor.close()));
        listeners.clear();
        await clients.closeBounded(events.getBackend(), events.close());
        await producer.close();
        await queue.close();
        client.disconnect();
        if (!options.connection) await connection.close();
      })();
      return closing;
    },
  };
}

/** A connection that is down says so on every attempt, from every client: one line in a while is enough. */
function unrepeated(log: (line: string) => void): (line: string) => void {
  const saidAt = new Map<string, number>();
  return (line) => {
    const now = Date.now();
    if (now - (saidAt.get(line) ?? Number.NEGATIVE_INFINITY) < REPEATED_ERROR_MS) return;
    saidAt.set(line, now);
    log(line);
  };
}
