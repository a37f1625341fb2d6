import { useEffect, useRef, useState } from 'preact/hooks';
import type { Computing } from '../api/laws.ts';
import { getJson, isComputing, RequestError } from './api.ts';
import { beginnings } from './store.ts';

/** How soon an answer that is being computed is asked for again. */
const COMPUTING_MS = 500;
/** After a failure that may pass by itself. */
const RETRY_MS = 3000;
const MOST_KEPT = 40;

/** Last answers by address, so that going back shows something at once. */
const kept = new Map<string, unknown>();

export interface Query<Result> {
  /** The newest answer, be it to this question or the one before. */
  data: Result | null;
  /** Whether `data` answers another question, or an older state of things. */
  isOld: boolean;
  isLoading: boolean;
  computing: Computing | null;
  problem: RequestError | null;
  /** Asks again. */
  again(): void;
}

interface Held<Result> {
  url: string | null;
  data: Result | null;
  settled: boolean;
  computing: Computing | null;
  problem: RequestError | null;
}

/**
 * What stands at an address, asked for again when `version` changes and when the connection begins anew. Computing is waited for; the
 * answer before stays meanwhile. null asks nothing. `restMs`: asks when the address has stood still for so long.
 */
export function useQuery<Result>(
  url: string | null,
  options: { version?: number; restMs?: number; onData?: (data: Result) => void } = {},
): Query<Result> {
  const { version = 0, restMs = 0 } = options;
  const began = beginnings.value;
  const [asked, setAsked] = useState(0);
  const [held, setHeld] = useState<Held<Result>>(() => ({
    ...{ url, settled: false, computing: null, problem: null },
    data: (url && (kept.get(url) as Result)) || null,
  }));
  const onData = useRef(options.onData);
  onData.current = options.onData;
  // A new version, beginning or wish asks again.
  useEffect(() => {
    if (url === null) return;
    const stop = new AbortController();
    let timer: number | undefined;
    const keptData = kept.get(url) as Result | undefined;
    setHeld((was) =>
      keptData !== undefined && was.url !== url
        ? { url, data: keptData, settled: false, computing: null, problem: null }
        : { ...was, settled: false, computing: null },
    );
    const ask = async (): Promise<void> => {
      try {
        const answer = await getJson<Result>(url, stop.signal);
        if (stop.signal.aborted) return;
        if (isComputing(answer)) {
          setHeld((was) => ({ ...was, settled: false, computing: answer, problem: null }));
          timer = window.setTimeout(ask, COMPUTING_MS);
          return;
        }
        keep(url, answer);
        onData.current?.(answer);
        setHeld({ url, data: answer, settled: true, computing: null, problem: null });
        // A stale answer is being computed anew: its successor is told of, or found by asking.
        if ((answer as { isStale?: boolean }).isStale) timer = window.setTimeout(ask, COMPUTING_MS * 3);
      } catch (error) {
        if (stop.signal.aborted || !(error instanceof RequestError)) return;
        setHeld((was) => ({ ...was, settled: true, computing: null, problem: error }));
        if (error.status === 0 || error.status >= 500) timer = window.setTimeout(ask, RETRY_MS);
      }
    };
    timer = window.setTimeout(ask, restMs);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [url, version, began, asked, restMs]);
  return {
    data: held.data,
    isOld: held.data !== null && (held.url !== url || !held.settled),
    isLoading: url !== null && held.data === null && held.problem === null,
    computing: held.computing,
    problem: held.problem,
    again: () => setAsked((count) => count + 1),
  };
}

function keep(url: string, data: unknown): void {
  kept.delete(url);
  kept.set(url, data);
  if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value!);
}
