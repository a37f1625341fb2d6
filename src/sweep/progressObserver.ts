import type { TrainingEvent } from '../training/events.ts';
import type { SweepObserver } from './observer.ts';
import type { PlannedRun } from './plan.ts';

/** The part of a terminal display that a sweep needs; src/cli has one. */
export interface ProgressDisplay {
  start(totals: {
    totalTokens: number;
    doneTokens: number;
    runs: number;
    doneRuns?: number;
    totalFlops?: number;
    doneFlops?: number;
  }): void;
  runStarted(
    slot: number,
    label: string,
    totalTokens: number,
    more?: { doneTokens?: number; flops?: number },
  ): void;
  runProgress(slot: number, tokens: number, loss: number, tokensPerSecond: number): void;
  runEvaluated(slot: number, losses: { generalLoss: number; domainLoss: number | null }): void;
  runEnded(slot: number, status: 'done' | 'diverged' | 'failed' | 'stopped'): void;
  message(line: string): void;
  stop(): void;
}

/** Shows a sweep's events on a display. Work is weighed in FLOPs: a token of a large model takes longer. */
export function progressObserver(display: ProgressDisplay): SweepObserver {
  return {
    note: (line) => display.message(line),
    planned: ({ runs, doneIds }) => {
      const done = runs.filter((run) => doneIds.has(run.id));
      const sum = (some: readonly PlannedRun[], of: (run: PlannedRun) => number) =>
        some.reduce((total, run) => total + of(run), 0);
      display.start({
        totalTokens: sum(runs, (run) => run.spec.tokens),
        doneTokens: sum(done, (run) => run.spec.tokens),
        runs: runs.length,
        doneRuns: done.length,
        totalFlops: sum(runs, (run) => run.flops),
        doneFlops: sum(done, (run) => run.flops),
      });
    },
    event: (slot, run, event) => show(display, slot, run, event),
    ended: (slot, _, status) => display.runEnded(slot, status),
    trained: () => display.stop(),
  };
}

function show(display: ProgressDisplay, slot: number, run: PlannedRun, event: TrainingEvent): void {
  switch (event.type) {
    case 'started':
      display.runStarted(slot, run.label.label, run.spec.tokens, {
        doneTokens: event.tokens,
        flops: run.flops,
      });
      break;
    case 'progress':
      display.runProgress(slot, event.tokens, event.loss, event.tokensPerSecond);
      break;
    case 'evaluated':
      display.runEvaluated(slot, {
        generalLoss: event.losses.general.loss,
        domainLoss: event.losses.domain?.loss ?? null,
      });
      break;
    case 'diverged':
      display.message(`${run.label.label} diverged at ${event.tokens} tokens: ${event.reason}`);
      break;
    default:
      break;
  }
}
