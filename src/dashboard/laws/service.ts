import { type ChildProcess, fork } from 'node:child_process';
import { createRequire } from 'node:module';
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { UserError } from '../../common/errors.ts';
import type {
  Answer,
  Comparison,
  Computing,
  CrossDomainView,
  FormsView,
  LawView,
  NextRuns,
} from '../api/laws.ts';
import type { AnswerQuery } from '../api/requests.ts';
import type { FromChild, Question, ToChild } from './protocol.ts';

/** What a page asks is answered at once, or told to be under way. */
const WAIT_MS = 200;
/** What was asked for within this time is computed anew by itself when measurements come. */
const WATCHED_MS = 60_000;
const LEAST_REST_MS = 1000;
/** What is computed anew by itself takes at most a third of one core. */
const RESTS = 2;
/** Trainers on the same machine go first. */
const NICENESS = 10;
const MOST_ANSWERS = 200;

export interface LawService {
  /** Each: the result (an earlier one, marked stale, while measurements come), or Computing. Throws a UserError on what cannot be computed. */
  law(sweep: string, query: { domain: string; form: string }): Promise<LawView | Computing>;
  answer(sweep: string, query: AnswerQuery): Promise<Answer | Computing>;
  next(sweep: string, query: { domain: string; runs: number }): Promise<NextRuns | Computing>;
  forms(sweep: string, query: { domain: string; validate: boolean }): Promise<FormsView | Computing>;
  compare(query: { sweeps: string; tolerance: number; form: string }): Promise<Comparison | Computing>;
  crossDomain(query: { sweeps: string; tolerance: number }): Promise<CrossDomainView | Computing>;
  /** Measurements of a sweep may have changed. */
  changed(sweep: string): void;
  onResult(listener: (event: { sweep: string; domain: string | null }) => void): void;
  close(): Promise<void>;
}

interface Asked {
  question: Question;
  /** The last result; stale when measurements have come since it was asked for. */
  result: object | null;
  problem: UserError | null;
  isStale: boolean;
  state: 'idle' | 'waiting' | 'running';
  askedMs: number;
  /** Since when it waits or runs. */
  wantedMs: number;
  beganMs: number;
  /** No sooner is it computed again. */
  restUntilMs: number;
  what: string;
  deaths: number;
  settled: { promise: Promise<void>; resolve: () => void };
}

const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

const settling = () => {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
};

function lowerPriority(pid: number): void {
  try {
    setPriority(pid, NICENESS);
  } catch {
    // It has ended already, or the system does not allow it: then it is as any other process.
  }
}

/** Computes in a child process, one question at a time, the newest first: the server goes on answering meanwhile. */
export function startLawService(options: {
  runsFolder: string;
  log(line: string): void;
  script?: string;
}): LawService {
  const { runsFolder, log, script = join(import.meta.dirname, 'child.ts') } = options;
  const asked = new Map<string, Asked>();
  const listeners: ((event: { sweep: string; domain: string | null }) => void)[] = [];
  let child: ChildProcess | null = null;
  let running: Asked | null = null;
  let closing = false;
  let timer: NodeJS.Timeout | undefined;

  const ended = (entry: Asked): void => {
    entry.state = 'idle';
    entry.deaths = 0;
    entry.restUntilMs =
      performance.now() + Math.max(LEAST_REST_MS, RESTS * (performance.now() - entry.beganMs));
    entry.settled.resolve();
    running = null;
    const { sweep, domain = null } = entry.question.query as { sweep?: string; domain?: string };
    if (sweep !== undefined) for (const listener of listeners) listener({ sweep, domain });
    startNext();
  };

  const open = (): ChildProcess => {
    const started = fork(script, [runsFolder], {
      execArgv: script.endsWith('.ts') ? ['--import', TSX] : [],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    if (started.pid !== undefined) lowerPriority(started.pid);
    started.on('message', (message) => {
      const told = message as FromChild;
      if (!running) return;
      if (told.type === 'step') running.what = told.what;
      else if (told.type === 'result') {
        running.result = told.result;
        running.problem = null;
        ended(running);
      } else {
        running.problem = new UserError(told.error, told.nextStep ?? undefined);
        ended(running);
      }
    });
    const gone = () => {
      if (child !== started) return;
      child = null;
      const entry = running;
      if (closing || !entry) return;
      running = null;
      log('the process that fits laws has died; it is started again');
      entry.deaths++;
      if (entry.deaths >= 2) {
        entry.problem = new UserError(
          'the process that fits laws died twice over this question',
          'See the terminal.',
        );
        ended(entry);
        return;
      }
      entry.state = 'waiting';
      startNext();
    };
    started.once('exit', gone);
    started.once('error', gone);
    child = started;
    return started;
  };

  const startNext = (): void => {
    clearTimeout(timer);
    if (running || closing) return;
    const waiting = [...asked.values()].filter(({ state }) => state === 'waiting');
    const now = performance.now();
    const ready = waiting.filter(({ restUntilMs }) => restUntilMs <= now);
    const newest = ready.sort((a, b) => b.askedMs - a.askedMs)[0];
    if (!newest) {
      const soonest = Math.min(...waiting.map(({ restUntilMs }) => restUntilMs));
      if (Number.isFinite(soonest)) timer = setTimeout(startNext, Math.max(1, soonest - now));
      return;
    }
    running = newest;
    Object.assign(newest, {
      state: 'running',
      isStale: false,
      beganMs: performance.now(),
      what: 'reading measurements',
    });
    (child ?? open()).send(newest.question satisfies ToChild, () => {});
  };

  const wait = (entry: Asked): void => {
    if (entry.state !== 'idle') return;
    Object.assign(entry, { state: 'waiting', wantedMs: performance.now(), what: 'waiting for its turn' });
    entry.settled = settling();
  };

  const ask = async <Result>(question: Question): Promise<Result | Computing> => {
    const key = JSON.stringify(question);
    let entry = asked.get(key);
    if (!entry) {
      entry = {
        ...{ question, result: null, problem: null, isStale: true, state: 'idle' as const },
        ...{
          askedMs: 0,
          wantedMs: 0,
          beganMs: 0,
          restUntilMs: 0,
          what: '',
          deaths: 0,
        },
        settled: settling(),
      };
      asked.set(key, entry);
      forgetOldest();
    }
    entry.askedMs = performance.now();
    if (entry.isStale) {
      wait(entry);
      startNext();
    }
    if (entry.state !== 'idle' && !entry.result) await Promise.race([entry.settled.promise, delay(WAIT_MS)]);
    if (entry.state === 'idle' && entry.problem) throw entry.problem;
    if (entry.result) return { ...entry.result, isStale: entry.isStale || entry.state !== 'idle' } as Result;
    return { state: 'computing', what: entry.what, elapsedMs: performance.now() - entry.wantedMs };
  };

  const forgetOldest = (): void => {
    const idle = [...asked.entries()].filter(([, { state }]) => state === 'idle');
    idle.sort(([, a], [, b]) => a.askedMs - b.askedMs);
    for (const [key] of idle.slice(0, Math.max(0, asked.size - MOST_ANSWERS))) asked.delete(key);
  };

  return {
    law: (sweep, query) => ask({ kind: 'law', query: { sweep, ...query } }),
    answer: (sweep, query) => ask({ kind: 'answer', query: { sweep, ...query } }),
    next: (sweep, query) => ask({ kind: 'next', query: { sweep, ...query } }),
    forms: (sweep, query) => ask({ kind: 'forms', query: { sweep, ...query } }),
    compare: (query) => ask({ kind: 'compare', query }),
    crossDomain: (query) => ask({ kind: 'crossDomain', query }),
    changed: (sweep) => {
      const now = performance.now();
      for (const entry of asked.values()) {
        const { query } = entry.question;
        const names = 'sweep' in query ? [query.sweep] : query.sweeps.split(',');
        if (!names.includes(sweep)) continue;
        entry.isStale = true;
        // Long tables are computed when they are asked for, not over and over.
        const isQuick = entry.question.kind === 'law' || entry.question.kind === 'answer';
        if (isQuick && now - entry.askedMs < WATCHED_MS) wait(entry);
      }
      startNext();
    },
    onResult: (listener) => void listeners.push(listener),
    close: async () => {
      closing = true;
      clearTimeout(timer);
      for (const entry of asked.values()) entry.settled.resolve();
      const gone = child;
      // One that could not even be started has no id, and ends nothing.
      if (gone?.pid === undefined || gone.exitCode !== null || gone.signalCode !== null) return;
      const exit = new Promise<void>((done) => gone.once('exit', () => done()));
      gone.kill('SIGKILL');
      await exit;
    },
  };
}
