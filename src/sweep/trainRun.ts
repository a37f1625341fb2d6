import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { shardPath } from '../corpus/shards.ts';
import { type BoardJob, HandedBack, type JobContext } from '../queue/types.ts';
import type { Artifacts } from '../store/artifacts.ts';
import type { ResultsStore } from '../store/results.ts';
import { type CheckpointFiles, readManifest } from '../training/checkpoint.ts';
import type { TrainingEvent } from '../training/events.ts';
import type { RunResult, RunTask } from '../training/execute.ts';
import { runId } from '../training/runSpec.ts';
import type { RunJob } from './job.ts';

export interface TrainRunInputs {
  store: ResultsStore;
  artifacts: Artifacts;
  cacheFolder: string;
  workFolder: string;
  checkpointSeconds: number;
  keepCheckpoints: 'base' | 'all';
  environment: Record<string, string>;
  /** Hands a task to a trainer process and relays its events. */
  dispatch(
    task: RunTask,
    options: { signal: AbortSignal; onEvent(event: TrainingEvent): void },
  ): Promise<RunResult>;
  onEvent(run: string, event: TrainingEvent): void;
}

/**
 * The processor of one job: finds the run's inputs by hash, has a trainer train it, writes every observation as it is
 * measured and the result at the end. Returns the tokens trained. Throws HandedBack when stopped on purpose.
 */
export async function trainRun(
  inputs: TrainRunInputs,
  job: BoardJob<RunJob>,
  context: JobContext,
): Promise<number> {
  const { store, artifacts } = inputs;
  const { spec, parentCheckpoint } = job.payload;
  const run = runId(spec);
  if (run !== job.id) throw new Error(`job ${job.id} carries the spec of run ${run}`);
  if (!store.setRunning(run, inputs.environment)) return 0;

  const runFolder = join(inputs.workFolder, run);
  const corpora = spec.domain ? [spec.general, spec.domain] : [spec.general];
  const hashes = corpora.flatMap((corpus) => [corpus.trainShard, corpus.validationShard]);
  const task: RunTask = {
    spec,
    shards: Object.fromEntries(hashes.map((hash) => [hash, shardPath(inputs.cacheFolder, hash)])),
    parent: parentCheckpoint === null ? null : checkpointFiles(artifacts, parentCheckpoint),
    workFolder: runFolder,
    checkpointSeconds: inputs.checkpointSeconds,
    keepCheckpoint: spec.kind === 'base' || inputs.keepCheckpoints === 'all',
  };

  let finished: Extract<TrainingEvent, { type: 'finished' }> | undefined;
  let diverged: Extract<TrainingEvent, { type: 'diverged' }> | undefined;
  const result = await inputs.dispatch(task, {
    signal: context.signal,
    onEvent: (event) => {
      if (event.type === 'evaluated') {
        const { general, domain } = event.losses;
        store.recordObservation({
          run,
          tokens: event.tokens,
          generalLoss: general.loss,
          generalStandardError: general.standardError,
          generalBitsPerByte: general.bitsPerByte,
          domainLoss: domain?.loss ?? null,
          domainStandardError: domain?.standardError ?? null,
          domainBitsPerByte: domain?.bitsPerByte ?? null,
        });
      } else if (event.type === 'finished') finished = event;
      else if (event.type === 'diverged') diverged = event;
      inputs.onEvent(run, event);
    },
  });

  if (result.status === 'stopped') throw new HandedBack('stopped after a checkpoint');
  if (result.status === 'diverged') {
    store.divergeRun(run, diverged?.reason ?? 'no reason was told', diverged?.tokens ?? 0);
  } else {
    const { epochs, seconds } = finished!;
    const checkpoint = result.checkpoint ? await keepCheckpoint(artifacts, result.checkpoint) : null;
    store.finishRun(run, { checkpoint, epochs, seconds });
  }
  rmSync(runFolder, { recursive: true, force: true });
  return finished?.trainedTokens ?? 0;
}

/** Puts a checkpoint's tensors, then the manifest that names them: the manifest's hash stands for the whole. */
async function keepCheckpoint(artifacts: Artifacts, files: CheckpointFiles): Promise<string> {
  const manifest = readManifest(files.manifest);
  for (const [file, hash] of [
    [files.parameters, manifest.parametersSha256],
    [files.moments, manifest.momentsSha256],
  ] as const) {
    const stored = await artifacts.put(file);
    if (stored !== hash) throw new Error(`${file} changed while it was stored`);
  }
  return artifacts.put(files.manifest);
}

function checkpointFiles(artifacts: Artifacts, checkpoint: string): CheckpointFiles {
  const manifest = artifacts.path(checkpoint);
  const { parametersSha256, momentsSha256 } = readManifest(manifest);
  return { manifest, parameters: artifacts.path(parametersSha256), moments: artifacts.path(momentsSha256) };
}

/** Throws when a finished run's checkpoint, or a tensor file it names, is missing or damaged. */
export async function verifyCheckpoint(artifacts: Artifacts, checkpoint: string | null): Promise<void> {
  if (checkpoint === null) throw new Error('its checkpoint was not kept');
  await artifacts.verify(checkpoint);
  const { parametersSha256, momentsSha256 } = readManifest(artifacts.path(checkpoint));
  await artifacts.verify(parametersSha256);
  await artifacts.verify(momentsSha256);
}
