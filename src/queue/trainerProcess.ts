import { fork } from 'node:child_process';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type { ToTrainer } from './trainerProtocol.ts';

/** The trainer's process ended: by itself, by a crash, or because it was killed. */
export class TrainerDied extends Error {
  override readonly name = 'TrainerDied';
}

/** One child process, seen from the pool. A message belongs to one of its runs. */
export interface Trainer<Payload, Message extends { id: number }> {
  readonly pid: number;
  /** Resolves, with the reason in words, when the process is gone. Never rejects. */
  readonly ended: Promise<TrainerDied>;
  /** False as soon as it cannot be talked to any more, which is a moment before `ended` tells. */
  isOpen(): boolean;
  send(message: ToTrainer<Payload>): void;
  /** The messages of one run. Returns the unsubscriber; what comes for a run without a listener is dropped. */
  onMessage(id: number, listener: (message: Message) => void): () => void;
  /** SIGTERM, which stops its runs in order; SIGKILL to what has not ended after `graceMs`. Idempotent. */
  terminate(graceMs: number): void;
  /** Lets an idle trainer end itself; what has not ended after `graceMs` is killed. */
  close(graceMs: number): Promise<void>;
}

const LAST_LINES = 5;
/** The last lines may arrive after the end; a grandchild that keeps the pipe open must not hold it up. */
const LAST_LINES_WAIT_MS = 300;

/** tsx by its own place, so that a trainer starts from any working directory. */
const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

/** Starts a trainer. That it could not be started is told by `ended`. */
export function startTrainer<Payload, Message extends { id: number }>(
  script: string,
  environment: Record<string, string>,
  log: (line: string, pid: number) => void,
): Trainer<Payload, Message> {
  const child = fork(script, {
    execArgv: script.endsWith('.ts') ? ['--import', TSX] : [],
    env: { ...process.env, ...environment },
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  // Without a process there is no pid; nobody is signalled by it: child.kill knows that.
  const pid = child.pid ?? 0;
  const lastLines: string[] = [];
  const forward = (stream: Readable) =>
    createInterface({ input: stream }).on('line', (line) => {
      lastLines.push(line);
      if (lastLines.length > LAST_LINES) lastLines.shift();
      log(line, pid);
    });
  forward(child.stdout!);
  forward(child.stderr!);

  const listeners = new Map<number, (message: Message) => void>();
  child.on('message', (message) => listeners.get((message as Message).id)?.(message as Message));
  let terminated = false;

  const closed = new Promise<void>((done) => child.once('close', () => done()));
  const ended = new Promise<TrainerDied>((tell) => {
    // Also told when a message or a signal could not be sent: then the process is ending, and 'exit' follows.
    child.on('error', (error) => {
      if (child.pid === undefined)
        tell(new TrainerDied(`the trainer could not be started: ${error.message}`));
    });
    child.once('exit', async (code, signal) => {
      await Promise.race([closed, delay(LAST_LINES_WAIT_MS, undefined, { ref: false })]);
      tell(new TrainerDied(describeEnd(pid, code, signal, terminated, lastLines)));
    });
  });

  return {
    pid,
    ended,
    // A channel that is closed belongs to a process that is ending: `ended` tells.
    send: (message) => void child.send(message, () => {}),
    isOpen: () => child.connected,
    onMessage: (id, listener) => {
      listeners.set(id, listener);
      return () => void listeners.delete(id);
    },
    terminate: (graceMs) => {
      if (terminated) return;
      terminated = true;
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      void ended.then(() => clearTimeout(timer));
    },
    close: async (graceMs) => {
      if (child.connected) child.disconnect();
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      await ended;
      clearTimeout(timer);
    },
  };
}

function describeEnd(
  pid: number,
  code: number | null,
  signal: NodeJS.Signals | null,
  terminated: boolean,
  lastLines: readonly string[],
): string {
  const what = terminated
    ? 'did not stop in time and was ended'
    : signal === 'SIGKILL'
      ? 'was killed (SIGKILL): out of memory?'
      : signal
        ? `crashed (${signal})`
        : `ended with exit code ${code}`;
  const words = lastLines.length > 0 ? `; its last words: ${lastLines.join(' | ')}` : '';
  return `the trainer (pid ${pid}) ${what}${words}`;
}
