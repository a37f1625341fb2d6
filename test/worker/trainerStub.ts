// A trainer for worker.test.ts: trains nothing; a run ends when `end-<seed>` stands beside its folder.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { serveTrainer } from '../../src/queue/trainerChild.ts';
import type { TrainingEvent } from '../../src/training/events.ts';
import type { RunResult, RunTask } from '../../src/training/execute.ts';

serveTrainer<RunTask, TrainingEvent, RunResult>(async ({ spec, workFolder }, { signal, emit }) => {
  await emit({ type: 'started', tokens: 0, resumed: false });
  while (!existsSync(join(dirname(workFolder), `end-${spec.seed}`))) {
    if (signal.aborted) return { status: 'stopped' };
    await delay(10);
  }
  for (const tokens of spec.evaluationTokens) {
    const general = { loss: spec.seed, standardError: 0.1, bitsPerByte: 2, tokens: 10 };
    await emit({ type: 'evaluated', tokens, losses: { general, domain: null } });
  }
  await emit({
    type: 'finished',
    tokens: spec.tokens,
    trainedTokens: spec.tokens,
    epochs: { general: 0.1, domain: null },
    seconds: { setup: 1, training: 2, evaluation: 3, checkpoint: 4 },
  });
  const engine = `pid ${process.pid}, population ${process.env.POPULATION}`;
  return { status: 'done', checkpoint: null, engine };
});
