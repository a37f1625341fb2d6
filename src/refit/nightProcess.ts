import { fork } from 'node:child_process';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { duration } from '../common/numbers.ts';

/** How a night's refit ended. `stopped`: because the signal asked for it. */
export type NightEnd = { kind: 'done' } | { kind: 'failed'; reason: string } | { kind: 'stopped' };

export interface NightOptions {
  /** Run as a process of its own, `.ts` or `.js`. */
  script: string;
  args: readonly string[];
  limitMs: number;
  /** From SIGTERM to SIGKILL; a fit under way does not hear the first. */
  graceMs?: number;
  signal: AbortSignal;
  /** What the process writes, a line at a time. */
  writeOut(line: string): void;
  writeError(line: string): void;
}

const GRACE_MS = 10_000;
/** The last lines may arrive after the end. */
const LAST_LINES_WAIT_MS = 300;
const LAST_LINES = 3;
/** The refit ran to its end, also where it then ends with an exit code because some laws could not be fitted. */
const TOLD = 'refit-told';

/** tsx by its own place, so that the process starts from any working directory. */
const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

/** Runs one refit as a child process, which is gone when this resolves, whatever happened to it. Never rejects. */
export async function runNight(options: NightOptions): Promise<NightEnd> {
  const { script, limitMs, graceMs = GRACE_MS, signal } = options;
  if (signal.aborted) return { kind: 'stopped' };
  const child = fork(script, [...options.args], {
    execArgv: script.endsWith('.ts') ? ['--import', TSX] : [],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const lastLines: string[] = [];
  const forward = (stream: Readable | null, write: (line: string) => void) =>
    stream &&
    createInterface({ input: stream }).on('line', (line) => {
      write(line);
      lastLines.push(line);
      if (lastLines.length > LAST_LINES) lastLines.shift();
    });
  forward(child.stdout, options.writeOut);
  forward(child.stderr, options.writeError);
  let told = false;
  child.on('message', (message) => {
    told ||= message === TOLD;
  });

  let endedBy: 'limit' | 'signal' | null = null;
  const timers: NodeJS.Timeout[] = [];
  const end = (by: 'limit' | 'signal') => {
    if (endedBy) return;
    endedBy = by;
    child.kill('SIGTERM');
    timers.push(setTimeout(() => child.kill('SIGKILL'), graceMs));
  };
  const onAbort = () => end('signal');
  signal.addEventListener('abort', onAbort, { once: true });
  timers.push(setTimeout(() => end('limit'), limitMs));

  const closed = new Promise<void>((done) => child.once('close', () => done()));
  const failed = (reason: string): NightEnd => ({ kind: 'failed', reason });
  try {
    const exit = await new Promise<{ code: number | null; by: NodeJS.Signals | null } | Error>((done) => {
      child.once('error', (error) => child.pid === undefined && done(error));
      child.once('exit', (code, by) => done({ code, by }));
    });
    if (exit instanceof Error) return failed(`the refit could not be started: ${exit.message}`);
    // A grandchild that keeps the pipes open must not hold this up.
    await Promise.race([closed, new Promise((late) => timers.push(setTimeout(late, LAST_LINES_WAIT_MS)))]);
    if (exit.code === 0 || told) return { kind: 'done' };
    if (endedBy === 'signal') return { kind: 'stopped' };
    if (endedBy === 'limit')
      return failed(`the refit took longer than ${duration(limitMs / 1000)} and was ended`);
    const how = exit.by === null ? `exit code ${exit.code}` : exit.by;
    return failed([`the refit ended with ${how}`, ...lastLines].join('\n'));
  } finally {
    signal.removeEventListener('abort', onAbort);
    for (const timer of timers) clearTimeout(timer);
  }
}

/**
 * To be called by the child process: it then ends with the process that started it. Whatever a refit writes is whole at
 * every moment. Does nothing in a process that was started by hand.
 */
export function endWithParent(): void {
  if (!process.send) return;
  process.once('disconnect', () => process.exit(1));
  process.channel?.unref();
}

/** To be called by the child process when its result stands. */
export async function tellNightEnd(): Promise<void> {
  if (process.send) await new Promise<void>((told) => process.send!(TOLD, () => told()));
}
