import { existsSync, linkSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ArtifactError, type ArtifactHome } from '../artifacts/types.ts';
import { FolderBusyError, lockFolder } from '../common/folderLock.ts';
import { openShard, shardPath } from '../corpus/shards.ts';
import {
  type BoardJob,
  HandedBack,
  type JobContext,
  type JobStopped,
  UnrecoverableJobError,
} from '../queue/types.ts';
import { type CheckpointFiles, placeResumePoint, readManifest, resumeFiles } from '../training/checkpoint.ts';
import type { TrainingEvent } from '../training/events.ts';
import type { RunResult, RunTask } from '../training/execute.ts';
import { runMemoryBytes } from '../training/memory.ts';
import { encodeRunResult, type Measured, type RunResultRecord } from '../training/runResult.ts';
import { runId } from '../training/runSpec.ts';
import type { RunJob } from './job.ts';
import { measuredOf, type NewsSender } from './news.ts';
import { findResult } from './runResults.ts';

/** Local, verified copies of artifacts; src/artifacts/cache.ts. */
export interface InputCache {
  /** Calls `work` with a path for each hash; the files stay until it has ended. */
  use<T>(hashes: readonly string[], work: (pathOf: (hash: string) => string) => Promise<T>): Promise<T>;
}

export interface TrainRunInputs {
  home: ArtifactHome;
  cache: InputCache;
  /** Token shards prepared on this machine, which need not be fetched. */
  cacheFolder: string;
  workFolder: string;
  /** Memory of the slot that runs it. */
  slotBytes: number;
  environment: Record<string, string>;
  /** Whether a stopped run's saved point is put into the home, so that another machine can go on from it. */
  shareResumePoints: boolean;
  /** As often a running one's is, seconds. */
  shareEverySeconds: number;
  /** Hands a task to a trainer process and relays its events. */
  dispatch(
    task: RunTask,
    options: { signal: AbortSignal; onEvent(event: TrainingEvent): void },
  ): Promise<RunResult>;
  news: NewsSender;
  note(line: string): void;
}

/** What a finished job gives back: the name of its result record. */
export interface RunOutcome {
  result: string;
  /** False: some worker had left the result already. */
  trained: boolean;
}

/** Begins the reason of a failed job whose input is not whole: whoever made it can make it again. */
const LOST = 'lost artifact';

/** The hash in the reason of a job that failed for want of an artifact, or null. */
export function lostArtifact(reason: string): string | null {
  return new RegExp(`^${LOST} ([0-9a-f]{64}):`).exec(reason)?.[1] ?? null;
}

const FULL_PAUSE_MS = 30_000;
const UNREACHABLE_PAUSE_MS = 5_000;
const BUSY_PAUSE_MS = 2_000;

/**
 * The processor of one job: finds the run's inputs by hash, has a trainer train it, tells every observation as it is
 * measured, and puts checkpoint and result record into the home before it returns. Throws HandedBack when it was stopped
 * on purpose or this machine cannot do it now, an UnrecoverableJobError when trying again cannot help.
 */
export async function trainRun(
  inputs: TrainRunInputs,
  job: BoardJob<RunJob>,
  context: JobContext<RunJob>,
): Promise<RunOutcome> {
  const { spec } = job.payload;
  const run = runId(spec);
  if (run !== job.id) throw new UnrecoverableJobError(`job ${job.id} carries the spec of run ${run}`);
  // Estimated here: what a payload says of itself must not make this machine run out of memory.
  if (runMemoryBytes(spec) > inputs.slotBytes)
    throw new HandedBack('it needs more memory than there is here');
  const runFolder = join(inputs.workFolder, run);
  try {
    const known = await findResult(inputs.home, run, null, inputs.note);
    if (known) return { result: known.hash, trained: false };
    const release = lockFolder(runFolder, 'a worker');
    try {
      const outcome = await trainAndKeep(inputs, job, context, run, runFolder);
      rmSync(runFolder, { recursive: true, force: true });
      return outcome;
    } finally {
      release();
    }
  } catch (error) {
    if (error instanceof FolderBusyError) throw new HandedBack(error.message, BUSY_PAUSE_MS);
    throw error instanceof ArtifactError ? problemOf(error, inputs.note) : error;
  }
}

/** An artifact that is lost fails the run, since only its maker can mend it; a home that is full or away does not. */
function problemOf(error: ArtifactError, note: (line: string) => void): Error {
  if (error.hash && (error.problem === 'missing' || error.problem === 'damaged')) {
    return new UnrecoverableJobError(`${LOST} ${error.hash}: ${error.message}`);
  }
  note(error.message);
  return new HandedBack(error.message, error.problem === 'full' ? FULL_PAUSE_MS : UNREACHABLE_PAUSE_MS);
}

async function trainAndKeep(
  inputs: TrainRunInputs,
  job: BoardJob<RunJob>,
  context: JobContext<RunJob>,
  run: string,
  runFolder: string,
): Promise<RunOutcome> {
  const { home, cache, news } = inputs;
  const { spec, resume } = job.payload;
  if (resume) await fetchResumePoint(inputs, run, runFolder, resume);

  const observations = new Map<number, Measured>();
  let finished: Extract<TrainingEvent, { type: 'finished' }> | undefined;
  let diverged: Extract<TrainingEvent, { type: 'diverged' }> | undefined;
  let startTokens = 0;
  const sharing = resumeSharing(inputs, job, context, runFolder);
  const result = await withInputs(cache, inputs.cacheFolder, job.payload, (shards, parent) => {
    const task: RunTask = {
      spec,
      shards,
      parent,
      workFolder: runFolder,
      checkpointSeconds: job.payload.checkpointSeconds,
      keepCheckpoint: spec.kind === 'base' || job.payload.keepCheckpoint,
    };
    return inputs.dispatch(task, {
      signal: context.signal,
      onEvent: (event) => {
        if (event.type === 'evaluated') observations.set(event.tokens, measuredOf(event));
        else if (event.type === 'started') startTokens = event.tokens;
        else if (event.type === 'finished') finished = event;
        else if (event.type === 'diverged') diverged = event;
        else if (event.type === 'checkpointed') sharing.due();
        news.add(event);
      },
    });
  });
  await sharing.settled();

  if (result.status === 'stopped') {
    await news.flush();
    const { why } = (context.signal.reason ?? { why: 'closing' }) as JobStopped;
    if (why === 'closing') await sharing.share();
    throw new HandedBack('stopped after a checkpoint');
  }
  const checkpoint =
    result.status === 'done' && result.checkpoint ? await keepCheckpoint(home, result.checkpoint) : null;
  const measured = [...observations.values()].sort((a, b) => a.tokens - b.tokens);
  const tokens = finished?.tokens ?? diverged?.tokens ?? 0;
  const record: Omit<RunResultRecord, 'format'> = {
    run,
    spec,
    status: result.status,
    reason: result.status === 'diverged' ? (diverged?.reason ?? 'no reason was told') : null,
    tokens,
    trainedTokens: tokens - startTokens,
    observations: measured,
    checkpoint,
    epochs: finished?.epochs ?? null,
    seconds: finished?.seconds ?? null,
    // A worker does not know on which device its trainers end up.
    environment: result.engine ? { ...inputs.environment, engine: result.engine } : inputs.environment,
  };
  const hash = await home.putRecord('results', run, encodeRunResult(record));
  await news.flush();
  await sharing.forget();
  return { result: hash, trained: true };
}

/** Calls `work` with the paths of shards and parent checkpoint, which stay until it has ended. */
async function withInputs<T>(
  cache: InputCache,
  cacheFolder: string,
  job: RunJob,
  work: (shards: Record<string, string>, parent: CheckpointFiles | null) => Promise<T>,
): Promise<T> {
  const { spec, parentCheckpoint } = job;
  const corpora = spec.domain ? [spec.general, spec.domain] : [spec.general];
  const shardHashes = corpora.flatMap((corpus) => [corpus.trainShard, corpus.validationShard]);
  const here = shardHashes.filter((hash) => existsSync(shardPath(cacheFolder, hash)));
  const away = shardHashes.filter((hash) => !here.includes(hash));
  const artifactOf = (shard: string): string => {
    const artifact = Object.hasOwn(job.shards, shard) ? job.shards[shard] : undefined;
    if (artifact) return artifact;
    throw new UnrecoverableJobError(`the shard ${shard} is neither on this machine nor named in the job`);
  };
  const manifests = parentCheckpoint === null ? [] : [parentCheckpoint];
  return cache.use([...new Set([...away.map(artifactOf), ...manifests])], (pathOf) => {
    const shards: Record<string, string> = {};
    for (const hash of here) shards[hash] = shardPath(cacheFolder, hash);
    for (const hash of away) shards[hash] = checkedShard(pathOf(artifactOf(hash)), hash);
    if (parentCheckpoint === null) return work(shards, null);
    const manifest = pathOf(parentCheckpoint);
    const { parametersSha256, momentsSha256 } = readManifest(manifest);
    return cache.use([...new Set([parametersSha256, momentsSha256])], (path) =>
      work(shards, { manifest, parameters: path(parametersSha256), moments: path(momentsSha256) }),
    );
  });
}

/** The artifact is what its name says; whether it is the shard that was asked for stands in its header. */
function checkedShard(path: string, hash: string): string {
  const shard = openShard(path);
  shard.close();
  if (shard.info.hash === hash) return path;
  throw new UnrecoverableJobError(`the job names another shard (${shard.info.hash}) for ${hash}`);
}

async function fetchResumePoint(
  inputs: TrainRunInputs,
  run: string,
  runFolder: string,
  resume: string,
): Promise<void> {
  const mine = resumeFiles(runFolder);
  const index = join(runFolder, 'incoming.json');
  try {
    mkdirSync(runFolder, { recursive: true });
    await inputs.home.fetch(resume, index);
    const bytes = readFileSync(index);
    const { tokens } = JSON.parse(bytes.toString('utf8')) as { tokens?: unknown };
    if (mine && typeof tokens === 'number' && mine.tokens >= tokens) return;
    await placeResumePoint(runFolder, run, bytes, (hash, path) => inputs.home.fetch(hash, path));
  } catch (error) {
    // Only time is lost: the run begins anew, or from this machine's own point.
    inputs.note(
      `the point where run ${run.slice(0, 12)} was left cannot be used: ${(error as Error).message}`,
    );
  } finally {
    rmSync(index, { force: true });
  }
}

/** Puts the saved points of one run into the home, now and then and at its end, and takes them away when it is done. */
function resumeSharing(
  inputs: TrainRunInputs,
  job: BoardJob<RunJob>,
  context: JobContext<RunJob>,
  runFolder: string,
) {
  const { home, note } = inputs;
  const shared = new Set<string>();
  let carried = job.payload.resume;
  let sharedMs = performance.now();
  let busy: Promise<void> = Promise.resolve();

  const share = async (): Promise<void> => {
    const files = resumeFiles(runFolder);
    if (!files || !inputs.shareResumePoints) return;
    // A link of its own: the trainer removes the file when it saves the next point.
    const link = `${files.state}.shared`;
    try {
      rmSync(link, { force: true });
      linkSync(files.state, link);
      const index = readFileSync(files.index);
      const state = await home.put(link);
      if (state !== files.stateSha256) return;
      const resume = await home.put(index);
      await context.update({ ...job.payload, resume });
      carried = resume;
      for (const old of shared) if (old !== state && old !== resume) await home.remove(old);
      shared.clear();
      shared.add(state).add(resume);
    } catch (error) {
      note(`the point where a run was left was not shared: ${(error as Error).message}`);
    } finally {
      rmSync(link, { force: true });
    }
  };

  return {
    due: () => {
      if (performance.now() - sharedMs < inputs.shareEverySeconds * 1000) return;
      sharedMs = performance.now();
      busy = busy.then(share);
    },
    share,
    settled: () => busy,
    forget: async () => {
      if (carried) shared.add(carried);
      for (const hash of shared) await home.remove(hash).catch(() => {});
    },
  };
}

/** Puts a checkpoint's tensors, then the manifest that names them: the manifest's hash stands for the whole. */
async function keepCheckpoint(home: ArtifactHome, files: CheckpointFiles): Promise<string> {
  const manifest = readManifest(files.manifest);
  for (const [file, hash] of [
    [files.parameters, manifest.parametersSha256],
    [files.moments, manifest.momentsSha256],
  ] as const) {
    const stored = await home.put(file);
    if (stored !== hash) throw new Error(`${file} changed while it was stored`);
  }
  return home.put(files.manifest);
}
