/**
 * Run by bench/scale.ts: several workers in one process, real in all but the training. A run takes milliseconds; its
 * losses are a law's plus noise that its id decides.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openArtifactCache } from '../src/artifacts/cache.ts';
import { openFolderHome } from '../src/artifacts/folderHome.ts';
import { sha256 } from '../src/common/canonical.ts';
import { makeRandom } from '../src/common/random.ts';
import { countParameters } from '../src/model/family.ts';
import { openQueueConnection } from '../src/queue/connection.ts';
import type { TrainerPool } from '../src/queue/trainerPool.ts';
import type { TrainingEvent, ValidationLoss } from '../src/training/events.ts';
import type { RunResult, RunTask } from '../src/training/execute.ts';
import { runId } from '../src/training/runSpec.ts';
import { cpuSlots } from '../src/worker/devices.ts';
import { startWorker } from '../src/worker/worker.ts';

const [home, folder, count] = process.argv.slice(2);
const say = (line: string) => process.stderr.write(`${line}\n`);
const MILLISECONDS_A_RUN = 5;

/** As D-CPT L3 with made-up parameters, N and D in billions, plus 0.2 % noise. */
function lossesOf(
  task: RunTask,
  tokens: number,
  noise: () => number,
): { general: ValidationLoss; domain: ValidationLoss | null } {
  const { spec } = task;
  const n = countParameters(spec.model).nonEmbedding / 1e9;
  const d = (tokens + spec.batchSequences * spec.model.contextLength) / 1e9;
  const law = (ratio: number) =>
    0.5 + 0.02 / n ** 0.3 + (0.01 * ratio ** 0.2) / d ** 0.3 + 0.3 / (ratio + 0.05) ** 0.4;
  const measured = (ratio: number): ValidationLoss => {
    const loss = law(ratio) * (1 + 0.002 * (noise() - 0.5));
    return {
      loss,
      standardError: 0.001,
      bitsPerByte: loss / Math.LN2,
      tokens: spec.general.validationTokens,
    };
  };
  return { general: measured(1 - spec.domainRatio), domain: spec.domain ? measured(spec.domainRatio) : null };
}

function simulatedPool(slots: number): TrainerPool<RunTask, TrainingEvent, RunResult> {
  let next = 0;
  return {
    run: async (task, { onEvent, onSlot }) => {
      const { spec } = task;
      onSlot?.(next++ % slots);
      const random = makeRandom('simulated', runId(spec));
      const noise = () => random.uniform();
      await onEvent({ type: 'started', tokens: 0, resumed: false });
      for (const tokens of spec.evaluationTokens) {
        await onEvent({ type: 'evaluated', tokens, losses: lossesOf(task, tokens, noise) });
      }
      await new Promise((done) => setTimeout(done, MILLISECONDS_A_RUN));
      await onEvent({
        type: 'finished',
        tokens: spec.tokens,
        trainedTokens: spec.tokens,
        epochs: { general: 0.1, domain: spec.domain ? 0.1 : null },
        seconds: { setup: 0, training: MILLISECONDS_A_RUN / 1000, evaluation: 0, checkpoint: 0 },
      });
      if (!task.keepCheckpoint) return { status: 'done', checkpoint: null };
      // A checkpoint of a hundred bytes, so that runs that continue it find one.
      mkdirSync(task.workFolder, { recursive: true });
      const files = {
        manifest: join(task.workFolder, 'checkpoint.json'),
        parameters: join(task.workFolder, 'model'),
        moments: join(task.workFolder, 'moments'),
      };
      writeFileSync(files.parameters, `parameters of ${runId(spec)}`);
      writeFileSync(files.moments, `moments of ${runId(spec)}`);
      writeFileSync(
        files.manifest,
        JSON.stringify({
          format: 1,
          run: runId(spec),
          tokens: spec.tokens,
          optimizerSteps: 1,
          cursor: { sequences: 0, general: { epoch: 0, row: 0 }, domain: null },
          parametersSha256: sha256(`parameters of ${runId(spec)}`),
          momentsSha256: sha256(`moments of ${runId(spec)}`),
          config: {},
        }),
      );
      return { status: 'done', checkpoint: files };
    },
    pids: () => [],
    close: async () => {},
  };
}

const connection = await openQueueConnection({ redisUrl: process.env.REDIS_URL, log: say });
const opened = openFolderHome(home!);
const workers: Awaited<ReturnType<typeof startWorker>>[] = [];
for (let at = 0; at < Number(count); at++) {
  workers.push(
    await startWorker({
      connection,
      home: opened,
      cache: openArtifactCache({ home: opened, folder: join(folder!, 'artifacts'), maxBytes: 1e9, log: say }),
      cacheFolder: join(folder!, 'none'),
      workFolder: join(folder!, `${process.pid}-${at}`),
      slots: cpuSlots(1),
      engine: 'onnx',
      environment: { engine: 'simulated' },
      openPool: (slots) => simulatedPool(slots.length),
      shareEverySeconds: 600,
      log: say,
    }),
  );
}
say(`${workers.length} simulated workers`);
process.once('SIGTERM', async () => {
  await Promise.all(workers.map((worker) => worker.close()));
  await connection.close();
  process.exit(0);
});
