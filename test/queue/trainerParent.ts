// Run by trainerPool.test.ts: starts a trainer, tells its pid, and waits to be killed.
import { join } from 'node:path';
import { openTrainerPool } from '../../src/queue/trainerPool.ts';
import type { StubEvent, StubPayload, StubResult } from './trainerStub.ts';

const pool = openTrainerPool<StubPayload, StubEvent, StubResult>({
  script: join(import.meta.dirname, 'trainerStub.ts'),
  slots: 2,
  log: () => {},
});
const signal = new AbortController().signal;
const quiet = { signal, onEvent: () => {} };
await Promise.all([1, 2].map(() => pool.run({ act: 'answer' }, quiet)));
// One busy, one idle.
await pool.run(
  { act: 'untilStopped' },
  { signal, onEvent: () => void process.stdout.write(`${pool.pids().join(' ')}\n`) },
);
