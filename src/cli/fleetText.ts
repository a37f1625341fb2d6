import { shownPlaces } from '../common/seats.ts';
import { textTable } from '../common/textTable.ts';
import { formatBytes, formatCount, formatDuration, formatPercent } from './format.ts';

/** The parts of a fleet's state that a terminal shows; src/queue/operations.ts has them. */
export interface ShownWorker {
  id: string;
  silentMs: number;
  gone: boolean;
  info: {
    host: string;
    homeId: string;
    engine: string;
    numericsVersion: number;
    draining: boolean;
    finishedRuns: number;
    versions: Record<string, string>;
    slots: {
      device: string;
      seat: number | null;
      deviceClass: string;
      memoryBytes: number;
      doing: {
        run: string;
        label: string;
        tokens: number;
        totalTokens: number;
        tokensPerSecond: number | null;
      } | null;
    }[];
  };
}

export interface ShownSweep {
  id: string;
  info: {
    sweep: string;
    host: string;
    pid: number;
    base: string;
    runs: { total: number; done: number; diverged: number; failed: number; active: number; queued: number };
    problems: string[];
  };
  orders: { paused: boolean; priority: number };
}

export interface ShownQueue {
  base: string;
  deviceClass: string;
  waiting: number;
  active: number;
  delayed: number;
  failed: number;
}

/** A line per slot, one for all the idle seats of a device: what it is, what it does, how fast. */
export function workersText(workers: readonly ShownWorker[]): string {
  if (workers.length === 0) return 'No worker has announced itself: npm run worker starts one.';
  const rows = workers.flatMap((worker) =>
    shownPlaces(worker.info.slots).map(({ name, place: slot }, at) => {
      const state = worker.gone ? 'gone' : worker.info.draining ? 'draining' : slot.doing ? 'busy' : 'idle';
      return [
        at === 0 ? worker.id : '',
        at === 0 ? `${worker.info.engine} v${worker.info.numericsVersion}` : '',
        at === 0 ? worker.info.homeId.slice(0, 8) : '',
        at === 0 ? `${worker.info.finishedRuns}` : '',
        at === 0 ? `${formatDuration(worker.silentMs / 1000)} ago` : '',
        name,
        `${slot.deviceClass}, ${formatBytes(slot.memoryBytes)}`,
        state,
        slot.doing ? `${slot.doing.label} (${slot.doing.run.slice(0, 8)})` : '',
        slot.doing ? formatPercent(slot.doing.tokens / Math.max(1, slot.doing.totalTokens)) : '',
        slot.doing?.tokensPerSecond ? `${formatCount(slot.doing.tokensPerSecond)}` : '',
      ];
    }),
  );
  return textTable(
    [
      'worker',
      'engine',
      'home',
      { header: 'ended', align: 'right' },
      'heard',
      'slot',
      'class',
      'state',
      'run',
      { header: 'at', align: 'right' },
      { header: 'tokens/s', align: 'right' },
    ],
    rows,
  );
}

export function sweepsText(sweeps: readonly ShownSweep[]): string {
  if (sweeps.length === 0) return 'No sweep is running.';
  const table = textTable(
    [
      'sweep',
      'state',
      { header: 'done', align: 'right' },
      { header: 'running', align: 'right' },
      { header: 'queued', align: 'right' },
      { header: 'failed', align: 'right' },
      { header: 'diverged', align: 'right' },
      { header: 'of', align: 'right' },
      { header: 'priority', align: 'right' },
      'coordinator',
    ],
    sweeps.map(({ info, orders }) => [
      info.sweep,
      orders.paused ? 'paused' : 'running',
      `${info.runs.done}`,
      `${info.runs.active}`,
      `${info.runs.queued}`,
      `${info.runs.failed}`,
      `${info.runs.diverged}`,
      `${info.runs.total}`,
      `${orders.priority}`,
      `${info.host}, pid ${info.pid}`,
    ]),
  );
  const problems = sweeps.flatMap(({ info }) => info.problems.map((each) => `! ${info.sweep}: ${each}`));
  return [table, ...problems].join('\n');
}

export function queuesText(queues: readonly ShownQueue[]): string {
  if (queues.length === 0) return 'Every queue is empty.';
  const number = (header: string) => ({ header, align: 'right' as const });
  return textTable(
    ['queue', 'class', number('waiting'), number('running'), number('between tries'), number('failed')],
    queues.map((queue) => [
      queue.base,
      queue.deviceClass,
      `${queue.waiting}`,
      `${queue.active}`,
      `${queue.delayed}`,
      `${queue.failed}`,
    ]),
  );
}
