import { describe, expect, it } from 'vitest';
import type { Board, BoardEvent, BoardJob } from '../../src/queue/types.ts';
import type { RunRecord, RunStatus } from '../../src/store/types.ts';
import type { RunJob } from '../../src/sweep/job.ts';
import type { PlannedRun } from '../../src/sweep/plan.ts';
import { type RunnerInputs, runAll } from '../../src/sweep/runner.ts';
import { tinySpec } from '../training/tinySpec.ts';

/** A board in memory that runs jobs one after the other and gives up at the first failure. */
function memoryBoard(window = 64): Board<RunJob> & { largestBacklog(): number } {
  const waiting: BoardJob<RunJob>[] = [];
  const listeners = new Set<(event: BoardEvent) => void>();
  let handle: ((job: BoardJob<RunJob>) => Promise<void>) | undefined;
  let active: Promise<void> | undefined;
  let largest = 0;
  const tell = (event: BoardEvent) => {
    for (const listener of listeners) listener(event);
  };
  const pump = () => {
    const job = active || !handle ? undefined : waiting[0];
    if (!job) return;
    active = handle!(job)
      .then(
        () => tell({ type: 'completed', id: job.id }),
        (error) => tell({ type: 'failed', id: job.id, reason: String(error.message), final: true }),
      )
      .finally(() => {
        waiting.splice(waiting.indexOf(job), 1);
        active = undefined;
        pump();
      });
  };
  return {
    description: 'memory',
    windowSize: () => window,
    largestBacklog: () => largest,
    enqueue: async (jobs) => {
      for (const job of jobs) if (!waiting.some(({ id }) => id === job.id)) waiting.push(job);
      largest = Math.max(largest, waiting.length);
      pump();
    },
    outstanding: async () => waiting.map(({ id }) => id),
    process: async (options) => {
      handle = (job) => options.handle(job, { signal: new AbortController().signal, attempt: 1 });
      pump();
      return {
        close: async () => {
          handle = undefined;
          await active;
        },
      };
    },
    onEvent: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    cancel: async () => {},
    close: async () => {},
  };
}

function plan(children: number): PlannedRun[] {
  const run = (id: string, parent: string | null, flops: number): PlannedRun => ({
    id,
    spec: { ...tinySpec(), kind: parent ? 'cpt' : 'base', parent },
    label: {
      run: id,
      kind: parent ? 'cpt' : 'base',
      domain: parent ? 'math' : null,
      domainRatio: 0,
      seed: 1,
      modelSize: 100,
      totalParameters: 200,
      label: id,
    },
    flops,
  });
  return [
    ...Array.from({ length: children }, (_, i) => run(`child${i}`, 'base', 10 + i)),
    run('base', null, 5),
  ];
}

function scene(runs: PlannedRun[], statuses: Record<string, RunStatus> = {}) {
  const records = new Map(
    runs.map(({ id, spec }) => {
      const status = statuses[id] ?? 'planned';
      const checkpoint = status === 'done' ? 'c'.repeat(64) : null;
      return [id, { run: id, kind: spec.kind, parent: spec.parent, status, checkpoint } as RunRecord];
    }),
  );
  const order: string[] = [];
  const failed: Record<string, string> = {};
  const inputs: RunnerInputs = {
    runs,
    board: memoryBoard(),
    slots: 1,
    handle: async (job) => {
      order.push(job.id);
      Object.assign(records.get(job.id)!, { status: 'done', checkpoint: 'c'.repeat(64) });
      return 100;
    },
    recordOf: (id) => records.get(id)!,
    markBlocked: (id, reason) => {
      failed[id] = reason;
      records.get(id)!.status = 'failed';
    },
    markFailed: (id, reason) => {
      failed[id] = reason;
      records.get(id)!.status = 'failed';
    },
    signal: new AbortController().signal,
    note: () => {},
  };
  return { inputs, records, order, failed };
}

describe('runAll', () => {
  it('trains parents before children, and the longest children first', async () => {
    const { inputs, order } = scene(plan(4));
    const tally = await runAll(inputs);
    expect(order).toEqual(['base', 'child3', 'child2', 'child1', 'child0']);
    expect(tally).toEqual({ total: 5, trained: 5, reused: 0, failed: 0, diverged: 0, trainedTokens: 500 });
  });

  it('does not train again what is done', async () => {
    const { inputs, order } = scene(plan(3), { base: 'done', child1: 'done' });
    const tally = await runAll(inputs);
    expect(order).toEqual(['child2', 'child0']);
    expect(tally).toMatchObject({ trained: 2, reused: 2 });
  });

  it('keeps within the board’s window', async () => {
    const { inputs, order } = scene(plan(20));
    const board = memoryBoard(3);
    await runAll({ ...inputs, board });
    expect(order).toHaveLength(21);
    expect(board.largestBacklog()).toBeLessThanOrEqual(3);
  });

  it('leaves out the children of a base model that failed, and says why', async () => {
    const { inputs, failed } = scene(plan(2));
    const tally = await runAll({
      ...inputs,
      handle: async () => {
        throw new Error('out of memory');
      },
    });
    expect(failed).toEqual({
      base: 'out of memory',
      child0: 'its base model failed',
      child1: 'its base model failed',
    });
    expect(tally).toMatchObject({ failed: 3, trained: 0 });
  });

  it('takes a divergence as a result', async () => {
    const { inputs, records } = scene(plan(2));
    const tally = await runAll({
      ...inputs,
      handle: async (job) => {
        Object.assign(records.get(job.id)!, {
          status: job.id === 'child0' ? 'diverged' : 'done',
          checkpoint: 'c',
        });
        return 0;
      },
    });
    expect(tally).toMatchObject({ failed: 0, diverged: 1, trained: 2 });
  });

  it('tries a run again that an earlier sweep had given up', async () => {
    const { inputs, order } = scene(plan(1), { base: 'done', child0: 'failed' });
    expect(await runAll(inputs)).toMatchObject({ trained: 1, failed: 0 });
    expect(order).toEqual(['child0']);
  });

  it('an abort ends it without starting more', async () => {
    const abort = new AbortController();
    const { inputs, order } = scene(plan(5));
    const tally = await runAll({
      ...inputs,
      signal: abort.signal,
      handle: async (job, context) => {
        abort.abort();
        return inputs.handle(job, context);
      },
    });
    expect(order).toEqual(['base']);
    expect(tally).toMatchObject({ trained: 1, total: 6 });
  });
});
