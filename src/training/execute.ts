import { join } from 'node:path';
import { openMixtureSampler } from '../corpus/mixture.ts';
import { openShard } from '../corpus/shards.ts';
import type { SamplerCursor, Shard } from '../corpus/types.ts';
import { bytesPerToken, validationBatches } from '../corpus/validationWindows.ts';
import type { Arrays, EngineSession, SessionDefinition } from '../engine/types.ts';
import { initialParameters } from '../model/initialise.ts';
import { sessionDefinition, zeroMoments } from '../model/session.ts';
import {
  type CheckpointFiles,
  loadResumePoint,
  readCheckpointTensors,
  readManifest,
  saveResumePoint,
  writeFinalCheckpoint,
} from './checkpoint.ts';
import type { ValidationSet } from './evaluate.ts';
import type { TrainingEvent } from './events.ts';
import { type CorpusSpec, type RunSpec, runId } from './runSpec.ts';
import { evaluationSequences } from './schedule.ts';
import { type ResumePoint, train } from './train.ts';

/** A run and where its inputs stand on this machine. */
export interface RunTask {
  spec: RunSpec;
  /** Token shards by hash. */
  shards: Record<string, string>;
  /** The parent's checkpoint; null in base runs. */
  parent: CheckpointFiles | null;
  /** The run's own folder for resume points and its final checkpoint. */
  workFolder: string;
  checkpointSeconds: number;
  /** Whether the final parameters are kept (always in base runs: others continue them). */
  keepCheckpoint: boolean;
}

export interface RunContext {
  /** A session for a definition, new or used before; equal keys mean equal definitions. Whoever gives it closes it. */
  openSession(key: unknown, definition: () => SessionDefinition): Promise<EngineSession>;
  emit(event: TrainingEvent): void | Promise<void>;
  /** A line for the log, e.g. why a checkpoint could not be used. */
  note(line: string): void;
  signal: AbortSignal;
  nowMs(): number;
}

export type RunResult = (
  | { status: 'done'; checkpoint: CheckpointFiles | null }
  | { status: 'diverged' }
  | { status: 'stopped' }
) & {
  /** The engine and device that trained it, in words, where the trainer tells. */
  engine?: string;
};

/** Trains one run on this machine from wherever it was left. The spec has been validated. */
export async function executeRun(task: RunTask, context: RunContext): Promise<RunResult> {
  const { spec } = task;
  const run = runId(spec);
  const setupBeganMs = context.nowMs();
  const evaluationBatch = evaluationSequences(spec.model.contextLength);
  const { model, optimizer, batchSequences: trainBatch, precision } = spec;
  const definition: SessionDefinition = {
    ...sessionDefinition(model, optimizer, { trainBatch, evaluationBatch }),
    precision,
  };
  const session = await context.openSession(
    { model, optimizer, trainBatch, evaluationBatch, precision },
    () => definition,
  );

  const opened: Shard[] = [];
  const shard = (hash: string): Shard => {
    const next = openShard(task.shards[hash]!);
    opened.push(next);
    return next;
  };
  try {
    const { point, problem } = await loadResumePoint(task.workFolder, run);
    if (problem) context.note(`${problem}: this run starts over`);
    const start = point ?? firstPoint(task);
    const general = shard(spec.general.trainShard);
    const domain = spec.domain && shard(spec.domain.trainShard);
    const sampler = openMixtureSampler({
      general,
      domain,
      domainRatio: spec.domainRatio,
      contextLength: spec.model.contextLength,
      seed: spec.seed,
      cursor: start.cursor,
    });
    const validation = {
      general: validationSet(spec, spec.general, shard),
      domain: spec.domain && validationSet(spec, spec.domain, shard),
    };
    let lastCheckpointMs = context.nowMs();
    const training = train({
      spec,
      session,
      start,
      sampler,
      validation,
      setupBeganMs,
      checkpointDue: () => context.nowMs() - lastCheckpointMs >= task.checkpointSeconds * 1000,
      save: async (toSave) => {
        await saveResumePoint(task.workFolder, run, toSave, definition.state);
        lastCheckpointMs = context.nowMs();
      },
      signal: context.signal,
      nowMs: context.nowMs,
    });
    let diverged = false;
    for (;;) {
      const next = await training.next();
      if (next.done) {
        if (diverged) return { status: 'diverged' };
        if (!next.value) return { status: 'stopped' };
        const folder = join(task.workFolder, 'final');
        const checkpoint = task.keepCheckpoint
          ? await writeFinalCheckpoint(folder, run, next.value, definition.state, spec.model)
          : null;
        return { status: 'done', checkpoint };
      }
      if (next.value.type === 'diverged') diverged = true;
      await context.emit(next.value);
    }
  } finally {
    for (const each of opened) each.close();
  }
}

/** Tokens 0: fresh parameters for a base run; the parent's for a CPT run, which reads on where its parent stopped. */
function firstPoint(task: RunTask): ResumePoint {
  const { spec, parent } = task;
  const atStart = { epoch: 0, row: 0 };
  const begin = (parameters: Arrays, moments: Arrays, optimizerSteps: number, cursor: SamplerCursor) => ({
    tokens: 0,
    optimizerSteps,
    state: { ...parameters, ...moments },
    cursor,
    measured: [],
  });
  if (!parent) {
    const cursor = { sequences: 0, general: atStart, domain: null };
    return begin(initialParameters(spec.model, spec.seed), zeroMoments(spec.model), 0, cursor);
  }
  const manifest = readManifest(parent.manifest);
  const keep = spec.moments === 'keep';
  return begin(
    readCheckpointTensors(parent.parameters),
    keep ? readCheckpointTensors(parent.moments) : zeroMoments(spec.model),
    keep ? manifest.optimizerSteps : 0,
    // General text that the base model has not seen yet: replay without repetition while there is any.
    { sequences: 0, general: manifest.cursor.general, domain: atStart },
  );
}

function validationSet(spec: RunSpec, corpus: CorpusSpec, shard: (hash: string) => Shard): ValidationSet {
  const { contextLength } = spec.model;
  const source = shard(corpus.validationShard);
  return {
    batches: validationBatches(source, {
      contextLength,
      tokens: corpus.validationTokens,
      sequences: evaluationSequences(contextLength),
    }),
    contextLength,
    bytesPerToken: bytesPerToken(source.info),
  };
}
