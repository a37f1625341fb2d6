import type { RunNews } from '../worker/news.ts';
import type { PlannedRun } from './plan.ts';
import type { RunTally } from './tally.ts';

/** What a sweep tells whoever watches it: the terminal, a log, later the dashboard. */
export interface SweepObserver {
  /** A line worth reading. */
  note(line: string): void;
  planned(plan: { runs: readonly PlannedRun[]; doneIds: ReadonlySet<string>; trainers: number }): void;
  /** How a run goes, wherever it is trained. */
  news(run: PlannedRun, news: RunNews): void;
  ended(run: PlannedRun, status: 'done' | 'diverged' | 'failed' | 'stopped', why: string | null): void;
  trained(tally: RunTally): void;
}
