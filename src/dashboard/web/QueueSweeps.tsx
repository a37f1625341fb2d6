import { useState } from 'preact/hooks';
import type { QueueStatus } from '../api/queue.ts';
import { act, isBusy } from './actions.ts';
import { nowMs } from './clock.ts';
import { views } from './routes.ts';
import { SweepActions } from './SweepActions.tsx';
import { session, sweeps } from './store.ts';
import { ago } from './words.ts';

type Running = Extract<QueueStatus, { state: 'connected' }>['sweeps'][number];

/** The sweeps that a coordinator works on, and what can be done to each. */
export function QueueSweeps({ running }: { running: readonly Running[] }) {
  if (running.length === 0) return <p class="faint">None: no coordinator is running.</p>;
  return (
    <ul class="sweeps">
      {running.map((sweep) => (
        <li key={sweep.sweep} class="queue-sweep">
          <div class="sweep-title">
            <h3>
              <a href={views.sweep(sweep.sweep)}>{sweep.sweep}</a>
            </h3>
            <span class={`tag is-${sweep.paused ? 'paused' : 'running'}`}>
              {sweep.paused ? '‖ paused' : '◐ running'}
            </span>
            <span>
              {sweep.active} at work, {sweep.queued} queued
            </span>
            <span class="faint">
              on {sweep.host}, process {sweep.pid}, begun {ago(sweep.startedAt, nowMs.value)}
            </span>
          </div>
          <div class="controls">
            <SweepActions
              sweep={{
                sweep: sweep.sweep,
                state: sweep.paused ? 'paused' : 'running',
                runs: sweeps.value?.find((each) => each.sweep === sweep.sweep)?.runs ?? NO_RUNS,
              }}
            />
            <Priority sweep={sweep} />
          </div>
          {sweep.problems.map((problem) => (
            <p key={problem} class="note is-warning">
              {problem}
            </p>
          ))}
        </li>
      ))}
    </ul>
  );
}

const NO_RUNS = { total: 0, planned: 0, running: 0, done: 0, diverged: 0, failed: 0 };
/** As the queue has it. */
const MOST_PRIORITY = 2_097_152;

function Priority({ sweep }: { sweep: Running }) {
  const [typed, setTyped] = useState<string | null>(null);
  const id = `priority-${sweep.sweep}`;
  const value = typed === null ? sweep.priority : Number(typed);
  const isRight = typed === null || (/^\d+$/.test(typed) && value <= MOST_PRIORITY);
  const may = session.value?.mayChange ?? false;
  const isOff = !may || isBusy.value;
  const set = async () => {
    if (await act({ action: 'priority', sweep: sweep.sweep, priority: value })) setTyped(null);
  };
  return (
    <form
      class="priority"
      onSubmit={(event) => {
        event.preventDefault();
        if (isRight && typed !== null) void set();
      }}
    >
      <label for={id}>Priority</label>
      <input
        id={id}
        type="number"
        min={0}
        max={MOST_PRIORITY}
        step={1}
        value={typed ?? String(sweep.priority)}
        disabled={isOff}
        aria-describedby={`${id}-hint`}
        onInput={(event) => setTyped(event.currentTarget.value)}
      />
      <button
        type="submit"
        disabled={isOff || typed === null || !isRight}
        title={may ? undefined : (session.value?.how ?? undefined)}
      >
        Set
      </button>
      <span id={`${id}-hint`} class="faint">
        0 goes first
      </span>
    </form>
  );
}
