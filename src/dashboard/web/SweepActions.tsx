import { useState } from 'preact/hooks';
import type { SweepSummary } from '../api/sweeps.ts';
import { act, isBusy } from './actions.ts';
import { ConfirmDialog } from './ConfirmDialog.tsx';
import { session } from './store.ts';

/** What can be done to a sweep that runs. */
export function SweepActions({ sweep }: { sweep: Pick<SweepSummary, 'sweep' | 'state' | 'runs'> }) {
  const [isAsking, setAsking] = useState(false);
  if (sweep.state !== 'running' && sweep.state !== 'paused') return null;
  const may = session.value?.mayChange ?? false;
  const why = may ? undefined : (session.value?.how ?? 'Changes need the token.');
  const name = sweep.sweep;
  const isOff = !may || isBusy.value;
  return (
    <div class="buttons">
      {sweep.state === 'running' ? (
        <button
          type="button"
          disabled={isOff}
          title={why}
          onClick={() => act({ action: 'pause', sweep: name })}
        >
          Pause<span class="unseen"> {name}</span>
        </button>
      ) : (
        <button
          type="button"
          disabled={isOff}
          title={why}
          onClick={() => act({ action: 'resume', sweep: name })}
        >
          Resume<span class="unseen"> {name}</span>
        </button>
      )}
      <button
        type="button"
        disabled={isOff || sweep.runs.failed === 0}
        title={why ?? (sweep.runs.failed === 0 ? 'No run has failed.' : undefined)}
        onClick={() => act({ action: 'retry', sweep: name })}
      >
        Retry failed<span class="unseen"> runs of {name}</span>
      </button>
      <button type="button" class="is-danger" disabled={isOff} title={why} onClick={() => setAsking(true)}>
        Cancel…<span class="unseen"> {name}</span>
      </button>
      {isAsking && (
        <ConfirmDialog
          title={`Cancel the sweep ${name}?`}
          confirm="Yes, cancel it"
          onConfirm={() => act({ action: 'cancel-sweep', sweep: name })}
          onClose={() => setAsking(false)}
        >
          <p>
            Its runs stop at once. What is measured stays, and the same command goes on from the checkpoints:{' '}
            <code>npm run sweep</code> with its config.
          </p>
        </ConfirmDialog>
      )}
    </div>
  );
}
