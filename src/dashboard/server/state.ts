import { performance } from 'node:perf_hooks';
import { messageOf, UserError } from '../../common/errors.ts';
import type { RunRow, SweepDetail, SweepSummary } from '../api/sweeps.ts';
import { type Changes, type Mirror, type MirroredSweep, openMirror } from './mirror.ts';
import { openPace } from './pace.ts';
import type { QueueWatch } from './queueWatch.ts';
import { detailOf, keptAnswers, summaryOf } from './summaries.ts';

/** What pages are shown: the results store as it is now, beside what the queue says. */
export interface State {
  readonly mirror: Mirror;
  readonly queue: QueueWatch;
  /** Reads what has changed and tells the listeners. Throws a UserError when the store cannot be read. */
  refresh(): void;
  onChange(listener: (changes: Changes) => void): void;
  summaries(): SweepSummary[];
  /** Throw a UserError for what is not there. */
  sweep(name: string): MirroredSweep;
  detail(name: string): SweepDetail;
  rows(name: string, runs: ReadonlySet<string>): RunRow[];
  close(): void;
}

/** No such sweep or run: answered with 404. */
export class NotFoundError extends Error {
  override readonly name = 'NotFoundError';
  readonly nextStep: string;

  constructor(message: string, nextStep: string) {
    super(message);
    this.nextStep = nextStep;
  }
}

export function openState(storePath: string, queue: QueueWatch): State {
  const mirror = openMirror(storePath);
  const pace = openPace();
  const listeners: ((changes: Changes) => void)[] = [];
  let answers = new Map<string, ReturnType<typeof keptAnswers> extends Map<string, infer A> ? A : never>();
  const around = () => ({ mirror, pace, queue: queue.status(), answers, nowMs: performance.now() });

  const sweep = (name: string): MirroredSweep => {
    const found = mirror.sweeps.get(name);
    if (found) return found;
    const known = [...mirror.sweeps.keys()];
    throw new NotFoundError(
      `there is no sweep ${name}`,
      known.length > 0 ? `There are: ${known.join(', ')}.` : 'Start one: npm run sweep configs/math.yaml',
    );
  };

  return {
    mirror,
    queue,
    refresh: () => {
      let changes: Changes | null;
      try {
        changes = mirror.refresh(performance.now());
      } catch (error) {
        if (error instanceof UserError) throw error;
        throw new UserError(`the results store cannot be read: ${messageOf(error)}`, 'it is tried again');
      }
      if (!changes) return;
      if (changes.versions) answers = keptAnswers(mirror.queries()?.newestVersions() ?? []);
      for (const listener of listeners) listener(changes);
    },
    onChange: (listener) => void listeners.push(listener),
    summaries: () => [...mirror.sweeps.values()].map((each) => summaryOf(each, around())),
    sweep,
    detail: (name) => detailOf(sweep(name), around()),
    rows: (name, runs) =>
      (mirror.sweeps.get(name)?.plan ?? [])
        .filter(({ run }) => runs.has(run))
        .map((each) => mirror.row(each)),
    close: () => mirror.close(),
  };
}
