import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { createBullBoard } from '@bull-board/api';
import { HonoAdapter } from '@bull-board/hono';
import { serveStatic } from '@hono/node-server/serve-static';
import type { Queue } from 'bullmq';
import { Hono } from 'hono';
import type { Redis } from 'ioredis';
import type { QueueConnection } from '../../queue/connection.ts';
import { PREFIX } from '../../queue/names.ts';
import type { Problem } from '../api/laws.ts';
import { paths } from '../api/paths.ts';
import type { QueueWatch } from './queueWatch.ts';

/** Queues come and go with the sweeps. */
const LOOK_MS = 5000;

const READ_ONLY: Problem = {
  error: 'the raw view changes nothing',
  nextStep: 'If it should: --bull-board-may-change',
};

export interface BullBoard {
  /** To be mounted at paths.bullBoard. */
  app: Hono;
  close(): Promise<void>;
}

/** bull-board's own pages over the queues that there are: the raw view. Changes nothing unless `mayChange`. */
export function openBullBoard(watch: QueueWatch, mayChange: boolean, log: (line: string) => void): BullBoard {
  const adapter = new HonoAdapter(serveStatic);
  const uiFolder = dirname(createRequire(import.meta.url).resolve('@bull-board/ui/package.json'));
  const board = createBullBoard({
    queues: [],
    serverAdapter: adapter,
    options: {
      uiBasePath: uiFolder,
      uiConfig: { boardTitle: 'Queues', hideRedisDetails: true },
    },
  });
  adapter.setBasePath(paths.bullBoard);

  let open: { client: Redis; queues: Map<string, Queue> } | null = null;
  const leave = async (): Promise<void> => {
    if (!open) return;
    const { client, queues } = open;
    open = null;
    board.replaceQueues([]);
    await Promise.all([...queues.values()].map((queue) => queue.close().catch(() => {})));
    client.disconnect();
  };
  const told = (error: Error) => log(`bull-board: ${error.message}`);
  const enter = async (connection: QueueConnection): Promise<void> => {
    // With BullMQ half a second to load: not before there is a queue.
    const { Redis } = await import('ioredis');
    const client = new Redis({ ...connection.clientOptions, maxRetriesPerRequest: 2 });
    client.on('error', () => {});
    open = { client, queues: new Map() };
  };
  // One after the other: what is entered is what was found last.
  let changed = Promise.resolve();
  watch.onConnection((connection: QueueConnection | null) => {
    changed = changed
      .then(leave)
      .then(() => (connection ? enter(connection) : undefined))
      .catch(told);
  });
  const look = async (): Promise<void> => {
    if (!open) return;
    const { Queue } = await import('bullmq');
    const { BullMQAdapter } = await import('@bull-board/api/bullMQAdapter');
    if (!open) return;
    const names = await watch.operations().queueNames();
    if (!open || names.every((name) => open!.queues.has(name))) return;
    for (const name of names) {
      if (open.queues.has(name)) continue;
      const queue = new Queue(name, { connection: open.client, prefix: PREFIX, skipMetasUpdate: true });
      queue.on('error', () => {});
      open.queues.set(name, queue);
    }
    board.replaceQueues(
      [...open.queues.values()].map((queue) => new BullMQAdapter(queue, { readOnlyMode: !mayChange })),
    );
  };
  const timer = setInterval(() => void look().catch(told), LOOK_MS);
  const app = new Hono();
  if (!mayChange) {
    // Also what bull-board would answer without looking at any queue.
    app.use(async (context, next) =>
      ['GET', 'HEAD'].includes(context.req.method)
        ? next()
        : context.json(READ_ONLY, 405, { Allow: 'GET, HEAD' }),
    );
  }
  app.route('/', adapter.registerPlugin() as unknown as Hono);
  return {
    app,
    close: async () => {
      clearInterval(timer);
      await changed;
      await leave();
    },
  };
}
