import { duration } from '../../common/numbers.ts';
import { nowMs } from './clock.ts';
import { liveConnection } from './live.ts';
import { type Connection, connection } from './store.ts';

const WORDS: Record<Connection['state'], string> = {
  connecting: 'connecting',
  connected: 'live',
  reconnecting: 'reconnecting',
  stopped: 'stopped',
};

export function ConnectionPill() {
  const { state } = connection.value;
  return (
    <span class={`pill is-${state}`} role="status">
      <span class="dot" aria-hidden="true" />
      {WORDS[state]}
    </span>
  );
}

/** Between losing a connection and saying so: a short break is nobody’s concern. */
const GRACE_MS = 2500;

/** Says that what is shown is no longer what is. */
export function ConnectionBanner() {
  const now = connection.value;
  if (now.state === 'stopped') {
    return (
      <div class="banner is-bad" role="alert">
        <span>
          <strong>Not connected: nothing here is live.</strong> {now.why}
        </span>
        <button type="button" onClick={() => liveConnection().again()}>
          Connect again
        </button>
      </div>
    );
  }
  if (now.state !== 'reconnecting') return null;
  const silentMs = nowMs.value - now.sinceMs;
  if (silentMs < GRACE_MS) return null;
  return (
    <div class="banner" role="status">
      <span>
        <strong>The server does not answer.</strong> What is shown is{' '}
        {duration(Math.max(1, Math.round(silentMs / 1000)))} old; trying again. Is{' '}
        <code>npm run dashboard</code> still running? Sweeps go on without it.
      </span>
      <button type="button" onClick={() => liveConnection().again()}>
        Try now
      </button>
    </div>
  );
}
