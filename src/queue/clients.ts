import { setTimeout as delay } from 'node:timers/promises';
import type { ClientOptions, QueueConnection } from './connection.ts';

/** What of a BullMQ object's backend is needed to let go of it. */
interface Backend {
  client: Promise<Client>;
  blockingClient?: Promise<Client> | undefined;
}
interface Client {
  status: string;
  connect(): Promise<unknown>;
  on(event: 'error', listener: () => void): unknown;
}

const CONNECT_TIMEOUT_MS = 5000;
const LONGEST_RETRY_MS = 5000;
/** How long a Redis that does not answer may hold up closing. */
const CLOSE_TIMEOUT_MS = 2000;

/** Clients that connect again for as long as they are wanted, and whose closing ends also when Redis is away. */
export interface Clients {
  readonly options: ClientOptions;
  /**
   * Waits for `closed`. BullMQ waits for ever for a client that is between two attempts to connect; after a while each
   * such client makes one last attempt, which ends it either way.
   */
  closeBounded(backend: Backend, closed: Promise<unknown>): Promise<void>;
}

/** For one board or processor. `log` is told when its Redis had to be left without an answer. */
export function clientsOf(connection: QueueConnection, log: (line: string) => void): Clients {
  let leaving = false;
  return {
    options: {
      ...connection.clientOptions,
      connectTimeout: CONNECT_TIMEOUT_MS,
      retryStrategy: (attempt) => (leaving ? null : Math.min(100 * 2 ** attempt, LONGEST_RETRY_MS)),
    },
    closeBounded: async (backend, closed) => {
      if (await within(CLOSE_TIMEOUT_MS, closed)) return;
      leaving = true;
      log(
        `${connection.description} does not answer: left as it is, running jobs come back when their locks run out`,
      );
      for (const client of [await backend.client, await backend.blockingClient]) {
        if (!client || client.status === 'ready' || client.status === 'end') continue;
        // BullMQ has taken its own listener away by now, and ioredis prints what nobody listens to.
        client.on('error', () => {});
        client.connect().catch(() => {});
      }
      await within(CONNECT_TIMEOUT_MS + CLOSE_TIMEOUT_MS, closed);
    },
  };
}

async function within(milliseconds: number, work: Promise<unknown>): Promise<boolean> {
  const timer = new AbortController();
  const late = delay(milliseconds, false, { signal: timer.signal }).catch(() => false);
  const inTime = await Promise.race([work.then(() => true), late]);
  timer.abort();
  return inTime;
}
