import type { LiveEventName } from '../api/live.ts';
import { paths } from '../api/paths.ts';
import type { Session } from '../api/session.ts';
import { getJson, RequestError, withQuery } from './api.ts';
import { connection, type LiveEvent, session, take } from './store.ts';

const NAMES: readonly LiveEventName[] = [
  ...(['begin', 'sweeps', 'runs', 'observations', 'queue', 'throughput', 'law', 'log'] as const),
];
/** What comes at once is one picture, and pictures faster than that are not seen. */
const GATHER_MS = 8;
const LEAST_BETWEEN_MS = 80;
/** A page that begins has just asked for everything. It asks once more, for what changed meanwhile, when that is drawn. */
const FIRST_BEGIN_MS = 1500;
/** The server sends something at least every 15 s. */
const SILENT_MS = 40_000;
const AGAIN_MS = 3000;

export interface Live {
  /** Which sweep’s and which run’s events are wanted; connects anew when they change. */
  follow(sweep: string | null, run: string | null): void;
  /** Connects again after it was stopped. */
  again(): void;
}

let live: Live | null = null;
/** The page’s one connection for events, opened when it is first asked for. */
export const liveConnection = (): Live => {
  live ??= openLive();
  return live;
};

function openLive(): Live {
  let source: EventSource | null = null;
  let wanted = '';
  let gathered: LiveEvent[] = [];
  let isGathering = false;
  let tookMs = 0;
  let hasBegun = false;
  let retry: number | undefined;
  let heardMs = 0;

  const lost = () => {
    if (connection.value.state === 'connected' || connection.value.state === 'connecting')
      connection.value = { state: 'reconnecting', sinceMs: Date.now() };
  };
  const hear = (name: LiveEventName) => (event: MessageEvent<string>) => {
    heardMs = Date.now();
    if (connection.value.state !== 'connected') connection.value = { state: 'connected' };
    const told: LiveEvent = { name, data: JSON.parse(event.data) };
    if (name === 'begin' && !hasBegun) {
      hasBegun = true;
      window.setTimeout(() => take([told]), FIRST_BEGIN_MS);
      return;
    }
    gathered.push(told);
    if (isGathering) return;
    isGathering = true;
    window.setTimeout(
      () => {
        isGathering = false;
        const events = gathered;
        gathered = [];
        take(events);
        tookMs = performance.now();
      },
      Math.max(GATHER_MS, tookMs + LEAST_BETWEEN_MS - performance.now()),
    );
  };
  const connect = () => {
    source?.close();
    clearTimeout(retry);
    const opened = new EventSource(wanted);
    source = opened;
    heardMs = Date.now();
    opened.addEventListener('beat', () => {
      heardMs = Date.now();
    });
    for (const name of NAMES) opened.addEventListener(name, hear(name) as (event: Event) => void);
    opened.onerror = () => {
      if (source !== opened) return;
      lost();
      // While it is not closed the browser tries again by itself.
      if (opened.readyState === EventSource.CLOSED) void findOut();
    };
  };
  /** A browser does not say why a connection is refused: the session’s address does. */
  const findOut = async () => {
    try {
      session.value = (await getJson<Session>(paths.session)) as Session;
    } catch (error) {
      if (error instanceof RequestError && (error.status === 401 || error.status === 403)) {
        connection.value = {
          state: 'stopped',
          why: [error.message, error.nextStep].filter(Boolean).join('. '),
        };
        return;
      }
    }
    retry = window.setTimeout(connect, AGAIN_MS);
  };
  window.setInterval(() => {
    if (source && source.readyState !== EventSource.CLOSED && Date.now() - heardMs > SILENT_MS) {
      lost();
      connect();
    }
  }, 5000);
  return {
    follow: (sweep, run) => {
      const url = withQuery(paths.live, { sweep, run });
      if (url === wanted) return;
      wanted = url;
      connect();
    },
    again: () => {
      connection.value = { state: 'reconnecting', sinceMs: Date.now() };
      connect();
    },
  };
}
