import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { UserError } from '../common/errors.ts';
import type { Announced } from './announcements.ts';
import { openBoard } from './board.ts';
import type { QueueConnection } from './connection.ts';
import { classQueue, DEVICE_CLASSES, type DeviceClass, PREFIX } from './names.ts';
import { readOrders, type SweepOrders, writeOrders } from './orders.ts';
import { type SweepInfo, sweepsOf } from './sweeps.ts';
import { isGone, type WorkerInfo, workersOf } from './workers.ts';

export interface QueueCounts {
  base: string;
  deviceClass: DeviceClass;
  waiting: number;
  active: number;
  /** Between two attempts. */
  delayed: number;
  failed: number;
}

export interface FleetStatus {
  workers: (Announced<WorkerInfo> & { gone: boolean })[];
  sweeps: (Announced<SweepInfo> & { orders: SweepOrders })[];
  /** Queues that exist. */
  queues: QueueCounts[];
}

/** What operators can see and do, from a terminal or a page. Each opens what it needs on the connection and closes it. */
export interface Operations {
  status(): Promise<FleetStatus>;
  /** No further run of the sweep is started. */
  pause(sweep: string): Promise<void>;
  resume(sweep: string): Promise<void>;
  /** 0 first (the default); among equals who came first. */
  setPriority(sweep: string, priority: number): Promise<void>;
  /** Failed runs are tried again. */
  retry(sweep: string): Promise<void>;
  /** Its runs are stopped after a checkpoint, and its coordinator ends. */
  cancelSweep(sweep: string): Promise<void>;
  /** One run, by its id or the first characters of it. Returns the whole id. */
  cancelRun(run: string): Promise<string>;
  /** Names of the queues that exist, for whoever looks at them with BullMQ itself. */
  queueNames(): Promise<string[]>;
  /** What a run's workers have said of it, from the line `from` on; null when it does not stand in any queue. */
  runLog(run: string, from: number): Promise<string[] | null>;
  close(): Promise<void>;
}

const LEAST_ID_CHARACTERS = 6;

export function openOperations(connection: QueueConnection, log: (line: string) => void): Operations {
  const client = new Redis({ ...connection.clientOptions, maxRetriesPerRequest: 2 });
  client.on('error', () => {});
  const sweeps = sweepsOf(client);

  const bases = async (): Promise<string[]> => {
    const found = new Set<string>();
    for await (const keys of client.scanStream({ match: `${PREFIX}:runs-*:meta`, count: 500 })) {
      for (const key of keys as string[]) {
        const name = key.slice(PREFIX.length + 1, -':meta'.length);
        // The longest first: `gpu-40g` also ends a name that `40g` would.
        const deviceClass = [...DEVICE_CLASSES].reverse().find((each) => name.endsWith(`-${each}`));
        if (deviceClass) found.add(name.slice(0, -deviceClass.length - 1));
      }
    }
    return [...found].sort();
  };

  const running = async (sweep: string): Promise<SweepInfo> => {
    const all = (await sweeps.list()).filter((each) => !isGone(each));
    const found = all.filter(({ info }) => info.sweep === sweep);
    if (found.length === 1) return found[0]!.info;
    if (found.length > 1) {
      throw new UserError(
        `${found.length} sweeps are called ${sweep}: ${found.map(({ id }) => id).join(', ')}`,
        'give the sweeps names of their own (name: in the config)',
      );
    }
    throw new UserError(
      `no sweep ${sweep} is running`,
      all.length > 0
        ? `there are: ${all.map(({ info }) => info.sweep).join(', ')}`
        : 'start it: npm run sweep <config>',
    );
  };

  const order = async (sweep: string, change: (before: SweepOrders) => SweepOrders): Promise<void> => {
    const { base } = await running(sweep);
    await writeOrders(client, base, sweep, change);
    await withBoard(base, (board) => board.order(sweep));
  };

  const withBoard = async <T>(
    base: string,
    work: (board: Awaited<ReturnType<typeof openBoard>>) => Promise<T>,
  ): Promise<T> => {
    const board = await openBoard({ connection, base, log });
    try {
      return await work(board);
    } finally {
      await board.close();
    }
  };

  return {
    status: async () => {
      const workers = await workersOf(client).list();
      const running = await Promise.all(
        (await sweeps.list())
          .filter((each) => !isGone(each))
          .map(async (each) => ({
            ...each,
            orders: await readOrders(client, each.info.base, each.info.sweep),
          })),
      );
      const queues: QueueCounts[] = [];
      for (const base of await bases()) {
        for (const deviceClass of DEVICE_CLASSES) {
          const queue = new Queue(classQueue(base, deviceClass), { connection: client, prefix: PREFIX });
          const counts = await queue.getJobCounts('waiting', 'prioritized', 'active', 'delayed', 'failed');
          await queue.close();
          const { waiting = 0, prioritized = 0, active = 0, delayed = 0, failed = 0 } = counts;
          if (waiting + prioritized + active + delayed + failed === 0) continue;
          queues.push({ base, deviceClass, waiting: waiting + prioritized, active, delayed, failed });
        }
      }
      return {
        workers: workers.map((worker) => ({ ...worker, gone: isGone(worker) })),
        sweeps: running,
        queues,
      };
    },
    pause: (sweep) => order(sweep, (before) => ({ ...before, paused: true })),
    resume: (sweep) => order(sweep, (before) => ({ ...before, paused: false })),
    setPriority: (sweep, priority) => order(sweep, (before) => ({ ...before, priority })),
    retry: (sweep) => order(sweep, (before) => ({ ...before, retries: before.retries + 1 })),
    cancelSweep: (sweep) => order(sweep, (before) => ({ ...before, cancels: before.cancels + 1 })),
    cancelRun: async (run) => {
      if (!/^[0-9a-f]+$/.test(run) || run.length < LEAST_ID_CHARACTERS || run.length > 64) {
        throw new UserError(
          `${JSON.stringify(run)} is not a run's id`,
          `give at least its first ${LEAST_ID_CHARACTERS} characters: npm run queue lists what runs`,
        );
      }
      for (const base of await bases()) {
        const cancelled = await withBoard(base, async (board) => {
          const found = (await board.outstanding()).filter(({ id }) => id.startsWith(run));
          if (found.length > 1) {
            throw new UserError(`${found.length} runs begin with ${run}`, 'give more characters of the id');
          }
          if (found.length === 1) await board.cancel(found[0]!.id);
          return found[0]?.id;
        });
        if (cancelled) return cancelled;
      }
      throw new UserError(`no run that begins with ${run} waits or runs`, 'npm run queue lists what runs');
    },
    queueNames: async () =>
      (await bases()).flatMap((base) => DEVICE_CLASSES.map((deviceClass) => classQueue(base, deviceClass))),
    runLog: async (run, from) => {
      for (const base of await bases()) {
        for (const deviceClass of DEVICE_CLASSES) {
          const key = `${PREFIX}:${classQueue(base, deviceClass)}:${run}`;
          if ((await client.exists(key)) === 1) return client.lrange(`${key}:logs`, from, -1);
        }
      }
      return null;
    },
    close: async () => {
      client.disconnect();
    },
  };
}
