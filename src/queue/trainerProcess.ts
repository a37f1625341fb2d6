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

/** One child process, seen from the pool. */
export interface Trainer<Payload, Message> {
  readonly pid: number;
  /** Resolves, with the reason in words, when the process is gone. Never rejects. */
  readonly ended: Promise<TrainerDied>;
  send(message: ToTrainer<Payload>): void;
  /** Replaces the earlier listener. */
  onMessage(listener: (message: Message) => void): void;
  kill(signal: NodeJS.Signals): void;
  /** Lets an idle trainer end itself; what has not ended after `graceMs` is killed. */
  close(graceMs: number): Promise<void>;
}

const LAST_LINES = 5;
/** The last lines may arrive after the end; a grandchild that keeps the pipe open must not hold it up. */
const LAST_LINES_WAIT_MS = 300;

/** tsx by its own place, so that a trainer starts from any working directory. */
const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

/** Starts a trainer. That it could not be started is told by `ended`. */
export function startTrainer<Payload, Message>(
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
  // Without a process there is no pid; nobody is signalled by it then (see kill).
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

  let listener: (message: Message) => void = () => {};
  child.on('message', (message) => listener(message as Message));
  let killedBy: NodeJS.Signals | null = null;

  const closed = new Promise<void>((done) => child.once('close', () => done()));
  const ended = new Promise<TrainerDied>((tell) => {
    // Also told when a message or a signal could not be sent: then the process is ending, and 'exit' follows.
    child.on('error', (error) => {
      if (child.pid === undefined)
        tell(new TrainerDied(`the trainer could not be started: ${error.message}`));
    });
    child.once('exit', async (code, signal) => {
      await Promise.race([closed, delay(LAST_LINES_WAIT_MS, undefined, { ref: false })]);
      tell(new TrainerDied(describeEnd(pid, code, signal, killedBy, lastLines)));
    });
  });

  return {
    pid,
    ended,
    // A channel that is closed belongs to a process that is ending: `ended` tells.
    send: (message) => void child.send(message, () => {}),
    onMessage: (next) => {
      listener = next;
    },
    kill: (signal) => {
      killedBy = signal;
      child.kill(signal);
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
  killedBy: NodeJS.Signals | null,
  lastLines: readonly string[],
): string {
  const what = killedBy
    ? 'did not stop in time and was ended'
    : signal === 'SIGKILL'
      ? 'was killed (SIGKILL): out of memory?'
      : signal
        ? `crashed (${signal})`
        : `ended with exit code ${code}`;
  const words = lastLines.length > 0 ? `; its last words: ${lastLines.join(' | ')}` : '';
  return `the trainer (pid ${pid}) ${what}${words}`;
}
