import type { TrainingEvent } from '../training/events.ts';
import type { PlannedRun } from './plan.ts';
import type { RunTally } from './tally.ts';

/** What a sweep tells whoever watches it: the terminal, a log, later the dashboard. */
export interface SweepObserver {
  /** A line worth reading. */
  note(line: string): void;
  planned(plan: { runs: readonly PlannedRun[]; doneIds: ReadonlySet<string>; trainers: number }): void;
  /** `slot` is 0 … trainers − 1. */
  event(slot: number, run: PlannedRun, event: TrainingEvent): void;
  ended(slot: number, run: PlannedRun, status: 'done' | 'diverged' | 'failed' | 'stopped'): void;
  trained(tally: RunTally): void;
}
