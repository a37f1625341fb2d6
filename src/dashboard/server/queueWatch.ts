import { setTimeout as delay } from 'node:timers/promises';
import { messageOf, UserError } from '../../common/errors.ts';
import type { QueueConnection } from '../../queue/connection.ts';
import type { FleetStatus, Operations } from '../../queue/operations.ts';
import { connectToRunning, type QueueSettings } from '../../queue/settings.ts';
import type { QueueStatus, Throughput } from '../api/queue.ts';

const LOOK_MS = 1000;
/** Between two tries to reach a queue that is not there. */
const AWAY_MS = 2000;
/** Of throughput that is remembered: half an hour. */
const KEPT_SAMPLES = 1800;

export interface QueueWatch {
  /** As it was a second ago at most. */
  status(): QueueStatus;
  throughput(): Throughput;
  /** What operators can do. Throws a UserError while there is no queue. */
  operations(): Operations;
  /** Called with the connection of a queue that was found, and with null when it is gone. */
  onConnection(listener: (connection: QueueConnection | null) => void): void;
  /** Called after every look. */
  onLook(listener: () => void): void;
  close(): Promise<void>;
}

/** Looks at the queue of REDIS_URL, or of the sweep that runs in the folder, once a second, and finds it again when it was away. */
export function watchQueue(
  settings: QueueSettings,
  runsFolder: string,
  log: (line: string) => void,
): QueueWatch {
  const closing = new AbortController();
  const connectionListeners: ((connection: QueueConnection | null) => void)[] = [];
  const lookListeners: (() => void)[] = [];
  let status: QueueStatus = { state: 'none', reason: 'it is being looked for' };
  const current = (): QueueStatus => status;
  let open: { connection: QueueConnection; operations: Operations } | null = null;
  const samples: { ms: number; rates: Map<string, number> }[] = [];
  const hosts = new Map<string, string>();

  const leave = async (): Promise<void> => {
    if (!open) return;
    const { connection, operations } = open;
    open = null;
    for (const listener of connectionListeners) listener(null);
    await operations.close().catch(() => {});
    await connection.close().catch(() => {});
  };

  const look = async (): Promise<void> => {
    try {
      if (open?.connection.kind === 'embedded') {
        // Its file goes with its process: a socket that is left says nothing.
        const again = await connectToRunning(settings, runsFolder, log);
        if (again.description !== open.connection.description) await leave();
      }
      if (!open) {
        const connection = await connectToRunning(settings, runsFolder, log);
        // BullMQ takes half a second to load: not before there is a queue.
        const { openOperations } = await import('../../queue/operations.ts');
        open = { connection, operations: openOperations(connection, log) };
        for (const listener of connectionListeners) listener(connection);
      }
      const fleet = await open.operations.status();
      status = statusOf(open.connection.description, fleet);
      remember(status);
    } catch (error) {
      const nextStep = error instanceof UserError && error.nextStep ? `: ${error.nextStep}` : '';
      status = { state: 'none', reason: `${messageOf(error)}${nextStep}` };
      await leave();
    }
  };

  const remember = (now: QueueStatus): void => {
    if (now.state !== 'connected') return;
    const rates = new Map(now.workers.map(({ id, tokensPerSecond }) => [id, tokensPerSecond]));
    for (const { id, host } of now.workers) hosts.set(id, host);
    if (rates.size === 0 && samples.length === 0) return;
    samples.push({ ms: Date.now(), rates });
    if (samples.length > KEPT_SAMPLES) samples.shift();
  };

  const watching = (async () => {
    while (!closing.signal.aborted) {
      await look();
      for (const listener of lookListeners) listener();
      const restMs = current().state === 'connected' ? LOOK_MS : AWAY_MS;
      await delay(restMs, undefined, { signal: closing.signal }).catch(() => {});
    }
  })();

  return {
    status: () => status,
    throughput: () => {
      const ids = new Set(samples.flatMap(({ rates }) => [...rates.keys()]));
      return {
        times: samples.map(({ ms }) => ms),
        workers: [...ids].map((id) => ({
          id,
          host: hosts.get(id) ?? '',
          rates: samples.map(({ rates }) => rates.get(id) ?? null),
        })),
      };
    },
    operations: () => {
      if (open) return open.operations;
      const now = current();
      throw new UserError(now.state === 'none' ? now.reason : 'the queue does not answer');
    },
    onConnection: (listener) => {
      connectionListeners.push(listener);
      if (open) listener(open.connection);
    },
    onLook: (listener) => void lookListeners.push(listener),
    close: async () => {
      closing.abort();
      await watching;
      await leave();
    },
  };
}

function statusOf(description: string, fleet: FleetStatus): QueueStatus {
  return {
    state: 'connected',
    description,
    workers: fleet.workers.map(({ id, info, silentMs, gone }) => ({
      ...{ id, silentMs, gone },
      ...{ host: info.host, pid: info.pid, engine: info.engine, startedAt: info.startedAt },
      ...{ draining: info.draining, finishedRuns: info.finishedRuns, slots: info.slots },
      tokensPerSecond: gone
        ? 0
        : info.slots.reduce((sum, { doing }) => sum + (doing?.tokensPerSecond ?? 0), 0),
    })),
    sweeps: fleet.sweeps.map(({ info, orders }) => ({
      ...{ sweep: info.sweep, host: info.host, pid: info.pid, startedAt: info.startedAt },
      paused: orders.paused || info.paused,
      priority: orders.priority,
      ...{ active: info.runs.active, queued: info.runs.queued, problems: info.problems },
    })),
    queues: fleet.queues,
  };
}
