import type { SweepSummary } from '../api/sweeps.ts';
import { progressOf, progressWords } from './words.ts';

/** How far a sweep is, by tokens; what failed or diverged has a part of its own. */
export function Progress({ sweep }: { sweep: SweepSummary }) {
  const share = progressOf(sweep);
  const { total, failed, diverged } = sweep.runs;
  const bad = total > 0 ? (failed + diverged) / total : 0;
  return (
    <div class="progress-line">
      <div
        class={`progress is-${sweep.state}`}
        role="progressbar"
        aria-label={`Progress of ${sweep.sweep}`}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(share * 100)}
      >
        <span class="done" style={{ width: `${share * 100}%` }} />
        {bad > 0 && <span class="bad" style={{ width: `${bad * 100}%` }} />}
      </div>
      <span class="progress-number">{progressWords(share)}</span>
    </div>
  );
}

export function StateTag({ state }: { state: SweepSummary['state'] }) {
  const signs = { running: '◐', paused: '‖', incomplete: '◌', complete: '✓' } as const;
  return (
    <span class={`tag is-${state}`}>
      <span aria-hidden="true">{signs[state]}</span> {state}
    </span>
  );
}
