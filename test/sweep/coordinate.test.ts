import { describe, expect, it } from 'vitest';
import { NO_ORDERS, type SweepOrders } from '../../src/queue/orders.ts';
import type { Board, BoardEvent, BoardJob } from '../../src/queue/types.ts';
import type { RunStatus } from '../../src/store/types.ts';
import { type CoordinateInputs, coordinate } from '../../src/sweep/coordinate.ts';
import type { Placement } from '../../src/sweep/placement.ts';
import type { PlannedRun } from '../../src/sweep/plan.ts';
import type { RunResultRecord } from '../../src/training/runResult.ts';
import type { RunJob } from '../../src/worker/job.ts';
import { tinySpec } from '../training/tinySpec.ts';

const HASH = 'e'.repeat(64);
type Outcome = 'done' | 'diverged' | { fails: string } | 'vanishes';

/** A board in memory: each job ends at once, as `outcomeOf` says. */
function memoryBoard(outcomeOf: (id: string) => Outcome, window = 64) {
  let waiting: BoardJob<RunJob>[] = [];
  const listeners = new Set<(event: BoardEvent) => void>();
  const results = new Map<string, 'done' | 'diverged'>();
  const order: string[] = [];
  const cancelled: string[] = [];
  const classes: Record<string, string> = {};
  let largest = 0;
  let held = false;
  const tell = (event: BoardEvent) => {
    for (const listener of listeners) listener(event);
  };
  const work = () => {
    if (held) return;
    const job = waiting.shift();
    if (!job) return;
    order.push(job.id);
    const outcome = outcomeOf(job.id);
    if (outcome === 'vanishes') results.set(job.id, 'done');
    else if (typeof outcome === 'object') {
      tell({ type: 'failed', id: job.id, reason: outcome.fails, final: true });
    } else {
      results.set(job.id, outcome);
      tell({ type: 'completed', id: job.id, result: { result: HASH } });
    }
    setTimeout(work);
  };
  const board: Board<RunJob> = {
    description: 'memory',
    windowSize: () => window,
    enqueue: async (jobs) => {
      for (const job of jobs) {
        classes[job.id] = job.deviceClass!;
        if (!waiting.some(({ id }) => id === job.id)) waiting.push(job);
      }
      waiting.sort((a, b) => (a.priority ?? 0) - (b.priority ?? 0));
      largest = Math.max(largest, waiting.length);
      setTimeout(work);
    },
    outstanding: async () =>
      waiting.map(({ id, deviceClass }) => ({ id, deviceClass: deviceClass!, active: false })),
    withdraw: async (jobs) => {
      const gone = new Set(jobs.map(({ id }) => id));
      waiting = waiting.filter(({ id }) => !gone.has(id));
    },
    onEvent: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    cancel: async (id) => {
      cancelled.push(id);
      waiting = waiting.filter((job) => job.id !== id);
    },
    order: async (sweep) => tell({ type: 'orders', id: sweep }),
    reclaim: async () => [],
    close: async () => {},
  };
  return {
    board,
    results,
    order,
    cancelled,
    classes,
    largestBacklog: () => largest,
    waiting: () => waiting.map(({ id }) => id),
    hold: (now: boolean) => {
      held = now;
      if (!now) setTimeout(work);
    },
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

const anywhere: Placement = {
  classOf: () => 'cpu',
  slots: 2,
  problemFor: (label) => `${label} fits nowhere`,
  nobody: null,
};

function scene(
  runs: PlannedRun[],
  options: {
    outcomeOf?: (id: string) => Outcome;
    statuses?: Record<string, RunStatus>;
    window?: number;
    placement?: Placement;
  } = {},
) {
  const statuses = new Map<string, string>(Object.entries(options.statuses ?? {}));
  const memory = memoryBoard(options.outcomeOf ?? (() => 'done'), options.window);
  const failed: Record<string, string> = {};
  const notes: string[] = [];
  const announced: Parameters<CoordinateInputs['announce']>[0][] = [];
  const state = { orders: { ...NO_ORDERS } as SweepOrders, placement: options.placement ?? anywhere };
  const inputs: CoordinateInputs = {
    runs,
    board: memory.board,
    isDone: (id) => statuses.get(id) === 'done',
    isDiverged: (id) => statuses.get(id) === 'diverged',
    jobOf: ({ spec, label }) => ({ spec, label: label.label, memoryBytes: 1e9 }) as RunJob,
    placement: async () => state.placement,
    orders: async () => state.orders,
    announce: (now) => announced.push(now),
    reclaim: async () => {},
    onNews: () => {},
    findResult: async (id) => {
      const status = memory.results.get(id);
      return status ? ({ run: id, status, trainedTokens: 100 } as RunResultRecord) : null;
    },
    keep: (run, { status }) => statuses.set(run.id, status),
    markFailed: ({ id }, reason) => {
      failed[id] = reason;
    },
    markBlocked: ({ id }, reason) => {
      failed[id] = reason;
    },
    restore: async () => null,
    signal: new AbortController().signal,
    note: (line) => notes.push(line),
  };
  return { inputs, failed, notes, announced, statuses, state, ...memory };
}

describe('coordinate', () => {
  it('trains parents before children, and the longest children first', async () => {
    const { inputs, order } = scene(plan(4));
    expect(await coordinate(inputs)).toBe(500);
    expect(order).toEqual(['base', 'child3', 'child2', 'child1', 'child0']);
  });

  it('does not train again what is done', async () => {
    const { inputs, order } = scene(plan(3), { statuses: { base: 'done', child1: 'done' } });
    expect(await coordinate(inputs)).toBe(200);
    expect(order).toEqual(['child2', 'child0']);
  });

  it('keeps within the board’s window', async () => {
    const { inputs, order, largestBacklog } = scene(plan(20), { window: 3 });
    await coordinate(inputs);
    expect(order).toHaveLength(21);
    expect(largestBacklog()).toBeLessThanOrEqual(3);
  });

  it('leaves out the children of a base model that failed, and says why', async () => {
    const { inputs, failed } = scene(plan(2), { outcomeOf: () => ({ fails: 'out of memory' }) });
    expect(await coordinate(inputs)).toBe(0);
    expect(failed).toEqual({
      base: 'out of memory',
      child0: 'its base model failed',
      child1: 'its base model failed',
    });
  });

  it('takes a divergence as a result, now and when it is found', async () => {
    const now = scene(plan(2), { outcomeOf: (id) => (id === 'child0' ? 'diverged' : 'done') });
    await coordinate(now.inputs);
    expect(now.failed).toEqual({});
    expect(now.statuses.get('child0')).toBe('diverged');
    const found = scene(plan(2), { statuses: { base: 'diverged' } });
    await coordinate(found.inputs);
    expect(found.order).toEqual([]);
    expect(Object.values(found.failed)).toEqual(['its base model diverged', 'its base model diverged']);
  });

  it('tries a run again that an earlier sweep had given up', async () => {
    const { inputs, order } = scene(plan(1), { statuses: { base: 'done', child0: 'failed' } });
    expect(await coordinate(inputs)).toBe(100);
    expect(order).toEqual(['child0']);
  });

  it('finds the result of a run whose end it was not told', async () => {
    const { inputs, order, statuses } = scene(plan(1), {
      outcomeOf: (id) => (id === 'base' ? 'vanishes' : 'done'),
    });
    expect(await coordinate(inputs)).toBe(200);
    expect(order).toEqual(['base', 'child0']);
    expect(statuses.get('base')).toBe('done');
  });

  it('an abort ends it without starting more', async () => {
    const abort = new AbortController();
    const { inputs, order } = scene(plan(5), {
      outcomeOf: () => {
        abort.abort();
        return 'done';
      },
    });
    await coordinate({ ...inputs, signal: abort.signal });
    expect(order).toEqual(['base']);
  });

  it('a lost checkpoint has its run trained again, and then what needs it', async () => {
    let lost = true;
    const { inputs, order, failed, statuses } = scene(plan(1), {
      statuses: { base: 'done' },
      outcomeOf: (id) => {
        if (id !== 'child0' || !lost) return 'done';
        lost = false;
        return { fails: `lost artifact ${HASH}: gone` };
      },
    });
    await coordinate({
      ...inputs,
      restore: async () => {
        statuses.set('base', 'planned');
        return { trainAgain: 'base' };
      },
    });
    expect(order).toEqual(['child0', 'base', 'child0']);
    expect(failed).toEqual({});
  });

  it('gives up what cannot be made whole', async () => {
    const { inputs, failed, order } = scene(plan(1), {
      statuses: { base: 'done' },
      outcomeOf: () => ({ fails: `lost artifact ${HASH}: gone` }),
    });
    await coordinate({ ...inputs, restore: async () => 'restored' });
    expect(order).toHaveLength(4);
    expect(failed.child0).toMatch(/lost artifact/);
  });

  it('a sweep that is paused starts nothing, and goes on when it is resumed', async () => {
    const { inputs, order, state, board, notes, announced } = scene(plan(3));
    state.orders = { ...NO_ORDERS, paused: true };
    const ended = coordinate(inputs);
    await new Promise((done) => setTimeout(done, 100));
    expect(order).toEqual([]);
    expect(announced.at(-1)).toMatchObject({ paused: true, queued: 0 });
    state.orders = NO_ORDERS;
    await board.order('x');
    await ended;
    expect(order).toHaveLength(4);
    expect(notes).toEqual(['paused: no further run is started', 'resumed']);
  });

  it('a sweep that is cancelled takes its runs out of the queue', async () => {
    const { inputs, state, board, hold, cancelled } = scene(plan(3), { statuses: { base: 'done' } });
    hold(true);
    const ended = coordinate(inputs).catch((error) => error);
    await new Promise((done) => setTimeout(done, 100));
    state.orders = { ...NO_ORDERS, cancels: 1 };
    await board.order('x');
    expect(await ended).toMatchObject({ name: 'InterruptedError' });
    expect(cancelled.sort()).toEqual(['child0', 'child1', 'child2']);
  });

  it('failed runs are tried again when that is ordered', async () => {
    let broken = true;
    const { inputs, order, state, board } = scene(plan(2), {
      outcomeOf: (id) => (id === 'child1' && broken ? { fails: 'broke' } : 'done'),
    });
    const abort = new AbortController();
    const slow = scene(plan(0)).inputs;
    expect(slow.runs).toHaveLength(1);
    // The order comes while another run is still out.
    const outcome = coordinate({
      ...inputs,
      markFailed: () => {
        broken = false;
        state.orders = { ...NO_ORDERS, retries: 1 };
        void board.order('x');
      },
      signal: abort.signal,
    });
    await outcome;
    expect(order.filter((id) => id === 'child1')).toHaveLength(2);
  });

  it('says once what fits nowhere, and places it when somebody comes', async () => {
    const nowhere: Placement = { ...anywhere, classOf: () => null };
    const { inputs, order, state, board, notes, classes } = scene(plan(0), { placement: nowhere });
    const ended = coordinate(inputs);
    await new Promise((done) => setTimeout(done, 60));
    await board.order('x');
    await new Promise((done) => setTimeout(done, 60));
    expect(order).toEqual([]);
    expect(notes).toEqual(['base fits nowhere']);
    state.placement = { ...anywhere, classOf: () => 'gpu' };
    await board.order('x');
    await ended;
    expect(classes.base).toBe('gpu');
  });

  it('moves what waits for a class that nobody serves any more', async () => {
    const { inputs, state, board, hold, classes } = scene(plan(0));
    hold(true);
    const ended = coordinate(inputs);
    await new Promise((done) => setTimeout(done, 60));
    expect(classes.base).toBe('cpu');
    state.placement = { ...anywhere, classOf: () => 'gpu-40g' };
    await board.order('x');
    await new Promise((done) => setTimeout(done, 60));
    expect(classes.base).toBe('gpu-40g');
    hold(false);
    await ended;
  });
});
