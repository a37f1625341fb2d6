import { performance } from 'node:perf_hooks';
import type { Arrays, EngineSession, RunsSession } from '../engine/types.ts';

/** Runs of one shape that train in one graph; each of them sees a session of its own. */
export interface Population {
  /** A session for one more run, whose `close` leaves. Its state is undefined until it is written. */
  join(): EngineSession;
  readonly members: number;
  /** Frees the device. Throws while there are members. */
  close(): Promise<void>;
}

export interface PopulationOptions {
  /** Opens the graph for so many runs. */
  openRuns(runs: number): Promise<RunsSession>;
  /** Runs that may join; the graph grows to no more. */
  most: number;
  /** How long those who want to go on wait for one that does something else (its checkpoint, its first shard). */
  patienceMs?: number;
  /** How long less than half of a graph must have been used before it is made smaller: the next runs may be on their way. */
  shrinkAfterMs?: number;
}

const PATIENCE_MS = 250;
/** Before the first call, in units of patience: runs that begin together are found in one graph. */
const FIRST_PATIENCE = 4;
const SHRINK_AFTER_MS = 10_000;
/** A graph of one run would compute in another order than one of several. */
const LEAST_RUNS = 2;

interface Calls {
  functionName: string;
  feeds: readonly Arrays[];
  results: Arrays[];
  /** Who asked first, or was served longest ago. */
  turn: number;
  done(results: Arrays[]): void;
  failed(error: unknown): void;
}

interface Member {
  /** Its place on the axis of runs; null: its state is in `kept`. */
  row: number | null;
  kept: Arrays;
  waiting: Calls | null;
}

/**
 * Members call whenever they like. As soon as all of them wait for a call, or one has waited for `patienceMs`, those
 * that wait for the same function as the one that waits longest get one call together; the states of the others stay
 * as they are. So members come and go, evaluate, save and stop each for itself, and those that do the same
 * at the same time do it at once. The graph is made anew, and states moved, when members no longer fit, and when less
 * than half of it is used.
 */
export function openPopulation({
  openRuns,
  most,
  patienceMs = PATIENCE_MS,
  shrinkAfterMs = SHRINK_AFTER_MS,
}: PopulationOptions): Population {
  const members = new Set<Member>();
  let session: RunsSession | null = null;
  let turns = 0;
  let isRunning = false;
  let smallSinceMs: number | null = null;
  let timer: NodeJS.Timeout | undefined;

  // One thing at a time is done with the graph.
  let last: Promise<unknown> = Promise.resolve();
  const exclusively = <T>(work: () => Promise<T>): Promise<T> => {
    const result = last.then(work);
    last = result.catch(() => {});
    return result;
  };

  const placed = (): Member[] => [...members].filter(({ row }) => row !== null);
  const wanting = (): Member[] => [...members].filter(({ waiting }) => waiting !== null);

  const resize = async (runs: number): Promise<void> => {
    const moving = placed();
    for (const member of moving) {
      member.kept = await session!.readState(member.row!);
      member.row = null;
    }
    const old = session;
    session = null;
    await old?.close();
    session = await openRuns(runs);
    await settle(moving);
  };

  const settle = async (newcomers: readonly Member[]): Promise<void> => {
    for (const member of newcomers) {
      const taken = new Set(placed().map(({ row }) => row));
      const row = Array.from({ length: session!.runs }, (_, at) => at).find((at) => !taken.has(at))!;
      await session!.writeState(row, member.kept);
      member.row = row;
      member.kept = {};
    }
  };

  const hasLongBeenSmall = (runs: number): boolean => {
    if (members.size > runs / 2 || runs <= LEAST_RUNS) {
      smallSinceMs = null;
      return false;
    }
    smallSinceMs ??= performance.now();
    return performance.now() - smallSinceMs >= shrinkAfterMs;
  };

  const place = async (served: readonly Member[]): Promise<void> => {
    const newcomers = served.filter(({ row }) => row === null);
    const count = placed().length + newcomers.length;
    // Those who have joined will soon want a place.
    if (!session) await resize(Math.max(LEAST_RUNS, members.size));
    else if (count > session.runs) await resize(Math.max(count, Math.min(most, 2 * session.runs)));
    else if (hasLongBeenSmall(session.runs)) await resize(Math.max(LEAST_RUNS, members.size));
    await settle(newcomers);
  };

  const round = async (): Promise<void> => {
    const waiting = wanting().sort((a, b) => a.waiting!.turn - b.waiting!.turn);
    const functionName = waiting[0]?.waiting?.functionName;
    if (functionName === undefined) return;
    const served = waiting.filter((member) => member.waiting!.functionName === functionName);
    try {
      await place(served);
      const feeds = Array<Arrays | null>(session!.runs).fill(null);
      for (const { row, waiting: calls } of served) feeds[row!] = calls!.feeds[calls!.results.length]!;
      const results = await session!.call(functionName, feeds);
      for (const member of served) {
        const calls = member.waiting!;
        calls.results.push(results[member.row!]!);
        calls.turn = ++turns;
        if (calls.results.length < calls.feeds.length) continue;
        member.waiting = null;
        calls.done(calls.results);
      }
    } catch (error) {
      for (const member of served) {
        const calls = member.waiting;
        member.waiting = null;
        calls?.failed(error);
      }
    }
  };

  const start = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (isRunning) return;
    isRunning = true;
    void exclusively(round).finally(() => {
      isRunning = false;
      consider();
    });
  };

  const consider = (): void => {
    const count = wanting().length;
    if (count === 0 || isRunning) return;
    if (!session) timer ??= setTimeout(start, FIRST_PATIENCE * patienceMs);
    else if (count === members.size) start();
    else timer ??= setTimeout(start, patienceMs);
  };

  const sessionOf = (member: Member): EngineSession => {
    const callEach = (functionName: string, feeds: readonly Arrays[]): Promise<Arrays[]> => {
      if (!members.has(member)) throw new Error('this run has left its population');
      if (member.waiting) throw new Error('a session makes its calls one after the other');
      if (feeds.length === 0) return Promise.resolve([]);
      return new Promise((done, failed) => {
        member.waiting = { functionName, feeds, results: [], turn: ++turns, done, failed };
        consider();
      });
    };
    return {
      callsAtOnce: 1,
      callEach: async (functionName, feeds) => callEach(functionName, feeds),
      call: async (functionName, feeds) => (await callEach(functionName, [feeds]))[0]!,
      writeState: (values) =>
        exclusively(async () => {
          if (member.row !== null) return session!.writeState(member.row, values);
          const copies = Object.entries(values).map(([name, array]) => [name, array.slice()]);
          member.kept = { ...member.kept, ...Object.fromEntries(copies) };
        }),
      readState: (names) =>
        exclusively(async () => {
          const state = member.row === null ? member.kept : await session!.readState(member.row);
          const wanted = names ?? Object.keys(state);
          return Object.fromEntries(wanted.map((name) => [name, state[name]!.slice()]));
        }),
      close: () =>
        exclusively(async () => {
          members.delete(member);
          consider();
        }),
    };
  };

  return {
    join: () => {
      const member: Member = { row: null, kept: {}, waiting: null };
      members.add(member);
      return sessionOf(member);
    },
    get members() {
      return members.size;
    },
    close: () =>
      exclusively(async () => {
        if (members.size > 0) throw new Error(`${members.size} runs are still in this population`);
        clearTimeout(timer);
        await session?.close();
        session = null;
      }),
  };
}
