import { messageOf } from '../../common/errors.ts';
import type { LiveEventName, LiveEvents } from '../api/live.ts';
import type { State } from './state.ts';

/** A committed row is on its way to the pages at most this much later. */
const LOOK_MS = 50;
const SUMMARIES_MS = 500;
const LOG_MS = 1000;
/** A page that does not read for so long is let go: it asks for everything again when it is back. */
const MOST_WAITING_BYTES = 8_000_000;
const MOST_LISTENERS = 200;

/** One page's connection. */
export interface Listener {
  sweep: string | null;
  run: string | null;
  /** Sends an event; false when so much waits already that the page must be let go. */
  send(event: LiveEventName, data: string): boolean;
}

export interface Hub {
  /** No further page can be told anything. */
  isFull(): boolean;
  /** Returns the function that ends it, or null when it is full. */
  add(listener: Listener): (() => void) | null;
  /** A result was computed. */
  lawChanged(event: LiveEvents['law']): void;
  close(): void;
}

export { MOST_WAITING_BYTES };

/** Tells the pages what changes, as it changes; looks at nothing while no page is open. */
export function openHub(state: State, log: (line: string) => void): Hub {
  const listeners = new Set<Listener>();
  /** Lines of its run's log that a page has been told. */
  const told = new WeakMap<Listener, number>();
  let timers: NodeJS.Timeout[] = [];
  let summariesDue = false;
  let lastProblem = '';

  const tell = <Name extends LiveEventName>(
    event: Name,
    data: LiveEvents[Name],
    to: Iterable<Listener> = listeners,
  ): void => {
    const text = JSON.stringify(data);
    // One that was let go meanwhile has missed something: it hears nothing more.
    for (const each of to) if (listeners.has(each) && !sent(each, event, text)) listeners.delete(each);
    if (listeners.size === 0) rest();
  };
  /** A page whose connection fails is let go: the others are told all the same. */
  const sent = (listener: Listener, event: LiveEventName, text: string): boolean => {
    try {
      return listener.send(event, text);
    } catch (error) {
      log(`a page was let go: ${messageOf(error)}`);
      return false;
    }
  };

  state.onChange((changes) => {
    summariesDue = true;
    if (changes.everything) {
      for (const each of listeners) tell('begin', { sweep: each.sweep }, [each]);
      return;
    }
    for (const name of new Set([...listeners].map(({ sweep }) => sweep))) {
      if (name === null) continue;
      const known = state.mirror.sweeps.get(name);
      if (!known) continue;
      const those = [...listeners].filter(({ sweep }) => sweep === name);
      if (changes.sweeps) tell('begin', { sweep: name }, those);
      const rows = state.rows(name, changes.runs);
      if (rows.length > 0) tell('runs', rows, those);
      const ids = new Set(rows.map(({ run }) => run));
      const observations = changes.observations.filter(({ run }) => ids.has(run));
      if (observations.length > 0) tell('observations', observations, those);
      if (changes.versions) tell('law', { sweep: name, domain: null }, those);
    }
  });

  /** What fails once is tried again with the next change; it must not end the server. */
  const attempt = (what: () => void): boolean => {
    try {
      what();
      return true;
    } catch (error) {
      const problem = messageOf(error);
      if (problem !== lastProblem) log(problem);
      lastProblem = problem;
      return false;
    }
  };
  const look = (): void => {
    if (attempt(() => state.refresh())) lastProblem = '';
  };

  const lookAtLogs = async (): Promise<void> => {
    for (const each of listeners) {
      if (each.run === null) continue;
      const from = told.get(each) ?? 0;
      const lines = await state.queue.operations().runLog(each.run, from);
      if (!lines || lines.length === 0) continue;
      told.set(each, from + lines.length);
      tell('log', { run: each.run, from, lines }, [each]);
    }
  };

  state.queue.onLook(() => {
    if (listeners.size === 0) return;
    tell('queue', state.queue.status());
    const { times, workers } = state.queue.throughput();
    if (times.length > 0) {
      const newest = workers.map((worker) => ({ ...worker, rates: worker.rates.slice(-1) }));
      tell('throughput', { times: times.slice(-1), workers: newest });
    }
    summariesDue = true;
  });

  const begin = (): void => {
    let logsUnderWay = false;
    timers = [
      setInterval(look, LOOK_MS),
      setInterval(() => {
        if (!summariesDue) return;
        summariesDue = false;
        attempt(() => tell('sweeps', state.summaries()));
      }, SUMMARIES_MS),
      setInterval(() => {
        if (logsUnderWay) return;
        logsUnderWay = true;
        // No queue, or none that answers: its state says so already.
        lookAtLogs()
          .catch(() => {})
          .finally(() => {
            logsUnderWay = false;
          });
      }, LOG_MS),
    ];
  };
  const rest = (): void => {
    for (const timer of timers) clearInterval(timer);
    timers = [];
  };

  const isFull = () => listeners.size >= MOST_LISTENERS;
  return {
    isFull,
    add: (listener) => {
      if (isFull()) return null;
      if (listeners.size === 0) begin();
      listeners.add(listener);
      tell('begin', { sweep: listener.sweep }, [listener]);
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0) rest();
      };
    },
    lawChanged: (event) =>
      tell(
        'law',
        event,
        [...listeners].filter(({ sweep }) => sweep === null || sweep === event.sweep),
      ),
    close: rest,
  };
}
