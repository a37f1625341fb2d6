import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { openBoard } from '../../src/queue/board.ts';
import type { QueueConnection } from '../../src/queue/connection.ts';
import { type ProcessorOptions, startProcessor } from '../../src/queue/processor.ts';
import type { Board, BoardEvent, BoardJob, JobStopped, Processor } from '../../src/queue/types.ts';
import { FAST } from './boardTiming.ts';

export interface Payload {
  value: number;
}

/** A board together with processors on its queues, which close before it. */
export interface TestBoard extends Board<Payload> {
  process(
    options: Pick<ProcessorOptions<Payload>, 'slots' | 'handle'> & Partial<ProcessorOptions<Payload>>,
  ): Promise<Processor>;
}

let queues = 0;
let processors = 0;

/** Boards on one connection, each test's on a queue of its own, closed after it. For use inside a describe. */
export function boardHarness(connect: () => Promise<QueueConnection>) {
  let connection: QueueConnection;
  let queueName = '';
  const open: TestBoard[] = [];

  beforeAll(async () => {
    connection = await connect();
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((board) => board.close()));
  });
  afterAll(() => connection.close());

  return {
    connection: () => connection,
    /** Where the queue keeps a job, see board.ts. */
    jobKey: (id: string) => `mixture-law:${queueName}-cpu:${id}`,
    /** A board on a new queue; `again`: another board on the same queue. */
    board: async (again = false): Promise<TestBoard> => {
      if (!again) queueName = `runs-battery-${++queues}`;
      const base = queueName;
      const shared = { connection, base, timing: FAST, log: () => {} };
      const board = await openBoard<Payload>(shared);
      const running: Processor[] = [];
      const opened: TestBoard = {
        ...board,
        process: async (given) => {
          const processor = await startProcessor<Payload>({
            ...shared,
            classes: ['cpu'],
            token: `worker-${++processors}`,
            parse: (data) => {
              const { value } = data as Payload;
              if (typeof value !== 'number') throw new Error('value is not a number');
              return { value };
            },
            ...given,
          });
          running.push(processor);
          return processor;
        },
        close: async () => {
          await Promise.all(running.map((processor) => processor.close()));
          await board.close();
        },
      };
      open.push(opened);
      return opened;
    },
  };
}

/** Everything the board tells from now on. */
export function recorded(board: Board<Payload>): BoardEvent[] {
  const events: BoardEvent[] = [];
  board.onEvent((event) => events.push(event));
  return events;
}

export async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 10_000;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`waited 10 s for ${what}`);
    await delay(10);
  }
}

export function ended(events: readonly BoardEvent[], id: string): BoardEvent | undefined {
  return events.find(
    (event) => event.id === id && (event.type === 'completed' || (event.type === 'failed' && event.final)),
  );
}

export async function ids(board: Board<Payload>): Promise<string[]> {
  return (await board.outstanding()).map((job) => job.id);
}

/** run-0, run-1, … */
export function jobs(count: number): BoardJob<Payload>[] {
  return Array.from({ length: count }, (_, at) => ({ id: `run-${at}`, payload: { value: at } }));
}

/** Resolves when the signal aborts, with the reason's `why`. */
export function stopped(signal: AbortSignal): Promise<JobStopped['why']> {
  return new Promise((done) => {
    const tell = () => done((signal.reason as JobStopped).why);
    if (signal.aborted) tell();
    else signal.addEventListener('abort', tell, { once: true });
  });
}
