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

/** Shows a sweep's news on a display. Work is weighed in FLOPs: a token of a large model takes longer. */
export function progressObserver(display: ProgressDisplay): SweepObserver {
  const lines = new Map<string, number>();
  /** The run's line on the display, the lowest that is free; shown as begun when it is new there. */
  const lineOf = (run: PlannedRun, doneTokens: number, begins: boolean): number => {
    const known = lines.get(run.id);
    const taken = new Set(lines.values());
    let line = known ?? 0;
    while (known === undefined && taken.has(line)) line++;
    lines.set(run.id, line);
    if (begins || known === undefined) {
      display.runStarted(line, run.label.label, run.spec.tokens, { doneTokens, flops: run.flops });
    }
    return line;
  };
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
    news: (run, { started, progress, measured }) => {
      const line = lineOf(run, started?.tokens ?? progress?.tokens ?? 0, started !== undefined);
      if (progress) {
        display.runProgress(line, progress.tokens, progress.loss ?? Number.NaN, progress.tokensPerSecond);
      }
      const last = measured.at(-1);
      if (last) display.runEvaluated(line, last);
    },
    ended: (run, status, why) => {
      if (why !== null) display.message(`${run.label.label} ${status}: ${why}`);
      display.runEnded(lineOf(run, 0, false), status);
      lines.delete(run.id);
    },
    trained: () => display.stop(),
  };
}
