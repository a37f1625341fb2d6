// A trainer for trainerPool.test.ts: does what its payload says.
import { spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { UserError } from '../../src/common/errors.ts';
import { serveTrainer } from '../../src/queue/trainerChild.ts';
import { UnrecoverableJobError } from '../../src/queue/types.ts';

export interface StubPayload {
  act:
    | 'answer'
    | 'count'
    | 'untilStopped'
    | 'slowToStop'
    | 'ignoreStop'
    | 'block'
    | 'leaveChild'
    | 'throw'
    | 'userError'
    | 'unrecoverable'
    | 'exit'
    | 'flood';
  number?: number;
}
export type StubEvent = { at: number; value: number; bulk?: string };
export type StubResult = { pid: number; answer: number; threads?: string; stopped?: boolean };

serveTrainer<StubPayload, StubEvent, StubResult>(async ({ act, number = 0 }, { signal, emit }) => {
  const { pid } = process;
  const stopped = new Promise<void>((done) => signal.addEventListener('abort', () => done()));
  switch (act) {
    case 'answer':
      await delay(5);
      return { pid, answer: number, threads: process.env.OMP_NUM_THREADS };
    case 'count':
      for (let at = 0; at < number; at++) await emit({ at, value: at === 1 ? Number.NaN : at / 3 });
      return { pid, answer: number };
    case 'untilStopped':
      await emit({ at: 0, value: 0 });
      await stopped;
      await delay(20);
      return { pid, answer: number, stopped: true };
    case 'slowToStop':
      await emit({ at: 0, value: 0 });
      await stopped;
      await emit({ at: 1, value: 0 });
      await delay(200);
      return { pid, answer: number, stopped: true };
    case 'block':
      await emit({ at: 0, value: 0 });
      await stopped;
      // As a driver that hangs: no message and no signal is looked at any more.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
      break;
    case 'leaveChild':
      // It keeps the pipe of the last words open for a while.
      spawn('sleep', ['1'], { stdio: ['ignore', 'inherit', 'inherit'] });
      await emit({ at: 0, value: 0 });
      await stopped;
      break;
    case 'ignoreStop':
      process.on('SIGTERM', () => {});
      await emit({ at: 0, value: 0 });
      await new Promise(() => {});
      break;
    case 'throw':
      throw new Error('loss was lost');
    case 'userError':
      throw new UserError('the shard is damaged', 'prepare it again');
    case 'unrecoverable':
      throw new UnrecoverableJobError('no such engine');
    case 'exit':
      process.stderr.write('about to leave\nnot enough memory for a tensor\n');
      process.exit(3);
      break;
    case 'flood':
      for (let at = 0; at < number; at++) await emit({ at, value: at, bulk: 'x'.repeat(100_000) });
  }
  return { pid, answer: 0 };
});
