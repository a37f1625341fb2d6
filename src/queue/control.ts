import { QueueEvents, type QueueEventsListener, QueueEventsProducer } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Clients } from './clients.ts';
import { PREFIX } from './names.ts';

/** What operators and coordinators tell to all who listen: hints, which nobody may rely on alone. */
export type ControlEvent =
  /** Whoever runs this job is asked to stop it. */
  | { eventName: 'cancel'; jobId: string }
  /** The job was cancelled before anybody ran it. */
  | { eventName: 'cancelled'; jobId: string }
  /** The orders for a sweep have changed, see orders.ts. */
  | { eventName: 'orders'; sweep: string };

interface ControlEvents extends QueueEventsListener {
  cancel: (event: { jobId: string }, id: string) => void;
  cancelled: (event: { jobId: string }, id: string) => void;
  orders: (event: { sweep: string }, id: string) => void;
}

/**
 * A stream of its own beside the queues': a fleet's workers then read a handful of orders, not the progress of every
 * run of everybody else.
 */
const stream = (base: string) => `${base}-control`;

export interface ControlListener {
  close(): Promise<void>;
}

export async function listenToControl(options: {
  base: string;
  client: Redis;
  clients: Clients;
  onEvent(event: ControlEvent): void;
  log(line: string): void;
}): Promise<ControlListener> {
  const { base, client, clients, onEvent, log } = options;
  // From the last event there is: none of those to come is missed, whenever the first read reaches the server.
  const last = await client.xrevrange(`${PREFIX}:${stream(base)}:events`, '+', '-', 'COUNT', 1);
  const events = new QueueEvents(stream(base), {
    connection: { ...clients.options, maxRetriesPerRequest: null },
    prefix: PREFIX,
    lastEventId: last[0]?.[0] ?? '0-0',
  });
  events.on('error', (error) => log(`the queue's orders: ${error.message}`));
  events.on<ControlEvents, 'cancel'>('cancel', ({ jobId }) => onEvent({ eventName: 'cancel', jobId }));
  events.on<ControlEvents, 'cancelled'>('cancelled', ({ jobId }) =>
    onEvent({ eventName: 'cancelled', jobId }),
  );
  events.on<ControlEvents, 'orders'>('orders', ({ sweep }) => onEvent({ eventName: 'orders', sweep }));
  await events.waitUntilReady();
  return { close: () => clients.closeBounded(events.getBackend(), events.close()) };
}

export interface ControlSender {
  send(event: ControlEvent): Promise<void>;
  close(): Promise<void>;
}

export function openControlSender(options: {
  base: string;
  client: Redis;
  log(line: string): void;
}): ControlSender {
  const producer = new QueueEventsProducer(stream(options.base), {
    connection: options.client,
    prefix: PREFIX,
  });
  producer.on('error', (error) => options.log(`the queue's orders: ${error.message}`));
  return { send: (event) => producer.publishEvent(event), close: () => producer.close() };
}

/** Marks an existing job as cancelled; never makes a job. Read by processors before and while they run it. */
const MARK_CANCELLED = `
  if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
  redis.call('HSET', KEYS[1], 'cancelled', '1')
  return 1`;

/** False: there is no such job. */
export async function markCancelled(client: Redis, jobKey: string): Promise<boolean> {
  return (await client.eval(MARK_CANCELLED, 1, jobKey)) === 1;
}

export async function isMarkedCancelled(client: Redis, jobKey: string): Promise<boolean> {
  return (await client.hget(jobKey, 'cancelled')) === '1';
}
