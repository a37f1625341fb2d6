import { Job, Queue, QueueEvents } from 'bullmq';
import { Redis } from 'ioredis';
import { messageOf } from '../common/errors.ts';
import { clientsOf } from './clients.ts';
import type { QueueConnection } from './connection.ts';
import { listenToControl, markCancelled, openControlSender } from './control.ts';
import { classQueue, DEVICE_CLASSES, type DeviceClass, PREFIX } from './names.ts';
import { type BoardTiming, TIMING, unrepeated } from './timing.ts';
import type { Board, BoardEvent, OutstandingJob } from './types.ts';

const ATTEMPTS = 3;
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
/** Lines of a run's log. */
const KEPT_LOG_LINES = 1000;
/**
 * A job waits for its next attempt until a time of day, by the clock of the machine where it failed. Where that clock
 * was wrong, or was set since, this could be hours: what has waited so long is due whatever the clocks say.
 */
const LONGEST_BACKOFFS = 8;

export interface BoardOptions {
  /** Closed by the caller, after the board. */
  connection: QueueConnection;
  /** See queueBase. Boards of one base on one Redis share their jobs. */
  base: string;
  /** The classes that jobs may have. */
  classes?: readonly DeviceClass[];
  log(line: string): void;
  timing?: Partial<BoardTiming>;
}

/** Opens a board: BullMQ, on a Redis or on the embedded store, with the same code; one queue per device class. */
export async function openBoard<Payload>(options: BoardOptions): Promise<Board<Payload>> {
  const { base, connection, classes = DEVICE_CLASSES } = options;
  const log = unrepeated(options.log);
  const timing = { ...TIMING[connection.kind], ...options.timing };
  const clients = clientsOf(connection, log);
  // Bounded: whoever asked tries again later, and knows that it does.
  const client = new Redis({ ...clients.options, maxRetriesPerRequest: 2 });
  client.on('error', (error) => log(`${connection.description}: ${error.message}`));
  const kept = KEPT[connection.kind];
  const control = openControlSender({ base, client, log });

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
  const queues = await Promise.all(
    classes.map(async (deviceClass) => {
      const queue = new Queue(classQueue(base, deviceClass), {
        connection: client,
        prefix: PREFIX,
        streams: { events: { maxLen: kept.events } },
      });
      queue.on('error', (error) => log(`the queue: ${error.message}`));
      const events = await openEvents(queue);
      return { deviceClass, queue, events };
    }),
  );
  const queueOf = (deviceClass: DeviceClass = classes[0]!): Queue => {
    const found = queues.find((each) => each.deviceClass === deviceClass);
    if (!found) throw new Error(`this board has no queue for ${deviceClass}`);
    return found.queue;
  };

  async function openEvents(queue: Queue): Promise<QueueEvents> {
    // From the last event there is: none of those to come is missed, whenever the first read reaches the server.
    const last = await client.xrevrange(queue.toKey('events'), '+', '-', 'COUNT', 1);
    const events = new QueueEvents(queue.name, {
      connection: { ...clients.options, maxRetriesPerRequest: null },
      prefix: PREFIX,
      lastEventId: last[0]?.[0] ?? '0-0',
    });
    events.on('error', (error) => log(`the queue's events: ${error.message}`));
    events.on('active', ({ jobId }) => tell({ type: 'active', id: jobId }));
    events.on('progress', ({ jobId, data }) => tell({ type: 'told', id: jobId, message: data }));
    events.on('completed', ({ jobId, returnvalue }) =>
      tell({ type: 'completed', id: jobId, result: returnvalue }),
    );
    events.on('failed', ({ jobId, failedReason }) =>
      tell({ type: 'failed', id: jobId, reason: failedReason, final: true }),
    );
    // Jobs are only ever delayed between two attempts.
    events.on('delayed', async ({ jobId }) => {
      const reason = await client.hget(queue.toKey(jobId), 'failedReason').catch(() => null);
      tell({ type: 'failed', id: jobId, reason: reason ?? 'unknown', final: false });
    });
    await events.waitUntilReady();
    return events;
  }
  const orders = await listenToControl({
    base,
    client,
    clients,
    log,
    onEvent: (event) => {
      if (event.eventName === 'orders') tell({ type: 'orders', id: event.sweep });
      if (event.eventName === 'cancelled')
        tell({ type: 'failed', id: event.jobId, reason: 'cancelled', final: true });
    },
  });
  await Promise.all(queues.map(({ queue }) => queue.waitUntilReady()));

  const delayedSinceMs = new Map<string, number>();
  /** Sends on its way what has been waiting for its next attempt for longer than any backoff lasts. */
  const promoteOverdue = async (queue: Queue, delayedIds: readonly string[]): Promise<void> => {
    const now = performance.now();
    for (const id of delayedIds) {
      const since = delayedSinceMs.get(id) ?? now;
      delayedSinceMs.set(id, since);
      if (now - since < LONGEST_BACKOFFS * timing.backoffMs) continue;
      delayedSinceMs.delete(id);
      log(`run ${id} is tried again now: a clock was set, or is wrong on one of the machines`);
      const job = await Job.fromId(queue, id);
      await job?.promote().catch((error) => log(`run ${id}: ${messageOf(error)}`));
    }
  };

  let closing: Promise<void> | undefined;
  return {
    description: connection.description,
    windowSize: (slots) => (connection.kind === 'embedded' ? EMBEDDED_WINDOW : 2 * slots + 256),

    enqueue: async (jobs) => {
      const byQueue = new Map<Queue, typeof jobs>();
      for (const job of jobs) {
        const queue = queueOf(job.deviceClass);
        byQueue.set(queue, [...(byQueue.get(queue) ?? []), job]);
      }
      for (const [queue, some] of byQueue) {
        // BullMQ ignores an id that stands in completed or failed. A job that runs is locked: it is never removed.
        await Promise.all(
          some.map(async ({ id }) => {
            const state = await queue.getJobState(id);
            if (state === 'completed' || state === 'failed') await queue.remove(id);
          }),
        );
        await queue.addBulk(
          some.map(({ id, payload, priority }) => ({
            name: 'run',
            data: payload,
            opts: {
              jobId: id,
              attempts: ATTEMPTS,
              backoff: { type: 'exponential', delay: timing.backoffMs },
              removeOnComplete: { count: kept.completed },
              removeOnFail: { count: kept.failed },
              stackTraceLimit: 3,
              keepLogs: KEPT_LOG_LINES,
              ...(priority !== undefined && { priority }),
            },
          })),
        );
      }
    },

    outstanding: async () => {
      const found: OutstandingJob[] = [];
      const delayedNow = new Set<string>();
      for (const { deviceClass, queue } of queues) {
        const [active, waiting, delayed] = await Promise.all([
          queue.getRanges(['active'], 0, -1),
          queue.getRanges(['waiting', 'prioritized'], 0, -1),
          queue.getRanges(['delayed'], 0, -1),
        ]);
        for (const id of active) found.push({ id, deviceClass, active: true });
        for (const id of [...waiting, ...delayed]) found.push({ id, deviceClass, active: false });
        for (const id of delayed) delayedNow.add(id);
        await promoteOverdue(queue, delayed);
      }
      for (const id of delayedSinceMs.keys()) if (!delayedNow.has(id)) delayedSinceMs.delete(id);
      return found;
    },

    withdraw: async (jobs) => {
      // 0: it is locked, and stays.
      await Promise.all(jobs.map(({ id, deviceClass }) => queueOf(deviceClass).remove(id)));
    },

    onEvent: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },

    cancel: async (id) => {
      for (const { queue } of queues) {
        // The mark first: a processor that takes the job after the event went by still sees it.
        if (!(await markCancelled(client, queue.toKey(id)))) continue;
        const state = await queue.getJobState(id);
        if (state === 'completed' || state === 'failed') continue;
        await control.send({ eventName: 'cancel', jobId: id });
        // 0: it is locked, and ends where it runs.
        if ((await queue.remove(id)) === 1) await control.send({ eventName: 'cancelled', jobId: id });
      }
    },

    order: (sweep) => control.send({ eventName: 'orders', sweep }),

    reclaim: async (isGone) => {
      const taken: string[] = [];
      for (const { queue } of queues) {
        for (const id of await queue.getRanges(['active'], 0, -1)) {
          const token = await client.get(`${queue.toKey(id)}:lock`);
          if (token === null || !isGone(token)) continue;
          // With the lock of the one that is gone, as it would have done itself: no attempt is consumed.
          const job = await Job.fromId(queue, id);
          await job
            ?.moveToWait(token)
            .then(() => taken.push(id))
            .catch((error) => log(`run ${id} was not taken back: ${messageOf(error)}`));
        }
      }
      return taken;
    },

    close: () => {
      closing ??= (async () => {
        listeners.clear();
        await Promise.all(
          queues.map(({ events }) => clients.closeBounded(events.getBackend(), events.close())),
        );
        await orders.close();
        await control.close();
        await Promise.all(queues.map(({ queue }) => queue.close()));
        client.disconnect();
      })();
      return closing;
    },
  };
}
