import { Redis } from 'ioredis';
import { hashFile } from '../artifacts/hashing.ts';
import type { ArtifactHome } from '../artifacts/types.ts';
import { messageOf, UserError } from '../common/errors.ts';
import { shardPath } from '../corpus/shards.ts';
import { openBoard } from '../queue/board.ts';
import type { QueueConnection } from '../queue/connection.ts';
import { queueBase } from '../queue/names.ts';
import { readOrders } from '../queue/orders.ts';
import { sweepsOf } from '../queue/sweeps.ts';
import { isGone, thisProcess, workersOf } from '../queue/workers.ts';
import { ContradictionError, type ResultsStore } from '../store/results.ts';
import { runMemoryBytes } from '../training/memory.ts';
import { encodeRunResult, type RunResultRecord } from '../training/runResult.ts';
import { NUMERICS_VERSION } from '../training/runSpec.ts';
import type { RunJob } from '../worker/job.ts';
import type { RunNews } from '../worker/news.ts';
import { coordinate } from './coordinate.ts';
import type { SweepObserver } from './observer.ts';
import { placeRuns } from './placement.ts';
import type { PlannedRun } from './plan.ts';
import { importResult, listResults, observationsOf, readResult } from './results.ts';

export interface DispatchInputs {
  sweep: string;
  runs: readonly PlannedRun[];
  store: ResultsStore;
  home: ArtifactHome;
  connection: QueueConnection;
  /** The engine that trains every run. */
  engine: string;
  /** Token shards, prepared on this machine. */
  cacheFolder: string;
  /** Whether workers on other machines need the shards. */
  shareShards: boolean;
  checkpointSeconds: number;
  keepCheckpoints: 'base' | 'all';
  observer: SweepObserver;
  signal: AbortSignal;
}

const GONE_CHECK_MS = 5000;

/**
 * Has a sweep's runs trained by whatever workers there are, and takes their results into the store. Returns the tokens
 * trained meanwhile. Results that were there before are taken in first, by takeInKnown.
 */
export async function dispatchRuns(inputs: DispatchInputs): Promise<number> {
  const { sweep, runs, store, home, connection, engine, observer, signal } = inputs;
  const log = (line: string) => observer.note(`queue: ${line}`);
  const note = observer.note;
  const shards = inputs.shareShards ? await publishShards(inputs) : {};

  const wanted = { homeId: home.id, engine, numericsVersion: NUMERICS_VERSION };
  const base = queueBase(wanted);
  const release: (() => unknown)[] = [];
  try {
    const client = new Redis({ ...connection.clientOptions, maxRetriesPerRequest: 2 });
    client.on('error', () => {});
    release.push(() => client.disconnect());
    const board = await openBoard<RunJob>({ connection, base, log });
    release.push(() => board.close());
    const workers = workersOf(client);
    const sweeps = sweepsOf(client);
    const announcedAs = `${home.id.slice(0, 8)}/${sweep}`;
    release.push(() => sweeps.leave(announcedAs).catch(() => {}));
    const startedAt = new Date().toISOString();
    const tally = new Map(runs.map((run) => [run.id, store.runStatus(run.id)!]));
    const counted = (status: string) => [...tally.values()].filter((each) => each === status).length;
    let lookedForGoneMs = Number.NEGATIVE_INFINITY;

    return await coordinate({
      runs,
      board,
      signal,
      note,
      isDone: (id) => tally.get(id) === 'done',
      isDiverged: (id) => tally.get(id) === 'diverged',
      jobOf: (run) => ({
        spec: run.spec,
        label: shownLabel(run.label.label),
        parentCheckpoint: run.spec.parent === null ? null : (store.run(run.spec.parent)?.checkpoint ?? null),
        shards: shardsOf(run, shards),
        resume: null,
        memoryBytes: runMemoryBytes(run.spec),
        keepCheckpoint: inputs.keepCheckpoints === 'all',
        checkpointSeconds: inputs.checkpointSeconds,
      }),
      placement: async () => placeRuns(await workers.list(), wanted),
      orders: () => readOrders(client, base, sweep),
      announce: ({ queued, active, problems, paused }) => {
        const info = {
          sweep,
          ...thisProcess(),
          homeId: home.id,
          base,
          startedAt,
          paused,
          runs: {
            total: runs.length,
            done: counted('done'),
            diverged: counted('diverged'),
            failed: counted('failed'),
            active,
            queued,
          },
          problems: problems.slice(0, 20),
        };
        sweeps.announce(announcedAs, info).catch((error) => log(messageOf(error)));
      },
      reclaim: async () => {
        if (connection.kind === 'embedded' || performance.now() - lookedForGoneMs < GONE_CHECK_MS) return;
        lookedForGoneMs = performance.now();
        const gone = (await workers.list()).filter(isGone);
        if (gone.length === 0) return;
        const ids = new Set(gone.map((worker) => worker.id));
        const taken = await board.reclaim((token) => ids.has(token));
        for (const worker of gone) {
          note(`worker ${worker.id} is gone`);
          await workers.leave(worker.id);
        }
        if (taken.length > 0) note(`${taken.length} runs of theirs wait again`);
      },
      onNews: (run, news) => {
        recordNews(store, run, news, note);
        observer.news(run, news);
      },
      findResult: (id, hash) => findResult(home, id, hash, note),
      keep: (run, result) => {
        keepResult(store, result);
        tally.set(run.id, result.status);
        observer.ended(run, result.status, result.reason);
      },
      markFailed: (run, reason) => {
        store.failRun(run.id, reason);
        tally.set(run.id, 'failed');
        observer.ended(run, 'failed', reason);
        void recordFailure(inputs, run, reason).catch((error) => log(messageOf(error)));
      },
      markBlocked: (run, reason) => {
        store.failRun(run.id, reason);
        tally.set(run.id, 'failed');
        note(`${run.label.label} is left out: ${reason}`);
      },
      restore: async (run, hash) => {
        const shard = Object.entries(shards).find(([, artifact]) => artifact === hash)?.[0];
        if (shard !== undefined) {
          await home.put(shardPath(inputs.cacheFolder, shard));
          note(`a token shard was damaged or gone in ${home.description}: it was put there again`);
          return 'restored';
        }
        const { parent } = run.spec;
        if (parent === null) return null;
        await forgetResult(store, home, parent);
        tally.set(parent, 'planned');
        return { trainAgain: parent };
      },
    });
  } finally {
    for (const each of release.reverse()) await each();
  }
}

/**
 * Results that stand in the home already (of an earlier start of this sweep, another sweep, or another machine) are taken
 * in; those that stand in the store alone (of a version that kept none in the home) are put there.
 */
export async function takeInKnown({
  runs,
  store,
  home,
  observer,
  signal,
}: Pick<DispatchInputs, 'runs' | 'store' | 'home' | 'observer' | 'signal'>): Promise<void> {
  const isOpen = ({ id }: PlannedRun) => {
    const status = store.runStatus(id);
    return status !== 'done' && status !== 'diverged';
  };
  const known = await listResults(home);
  const open = new Set(runs.filter(isOpen));
  for (const run of runs) {
    if (!known.has(run.id) && !open.has(run)) await recordResult(store, home, run);
  }
  let taken = 0;
  for (const run of open) {
    if (signal.aborted) return;
    if (!known.has(run.id)) continue;
    const result = await findResult(home, run.id, null, observer.note);
    if (!result || result.status === 'failed') continue;
    keepResult(store, result);
    taken++;
  }
  if (taken > 0) observer.note(`${taken} results were found in ${home.description}`);
}

/** The best result that the home has for a run, whole and of this run. */
async function findResult(
  home: ArtifactHome,
  run: string,
  hash: string | null,
  note: (line: string) => void,
): Promise<RunResultRecord | null> {
  const names = hash === null ? [] : [{ key: run, hash }];
  if (hash === null) for await (const name of home.listRecords('results', run)) names.push(name);
  for (const name of names) {
    try {
      const result = await readResult(home, name);
      if (result.status === 'failed') continue;
      if (result.checkpoint === null || (await home.has(result.checkpoint))) return result;
    } catch (error) {
      note(`a result of run ${run.slice(0, 12)} is passed over: ${messageOf(error)}`);
    }
  }
  return null;
}

function keepResult(store: ResultsStore, result: RunResultRecord): void {
  try {
    importResult(store, result);
  } catch (error) {
    // The same run has given other numbers on another machine or version: no law may be fitted to both.
    if (error instanceof ContradictionError) throw new UserError(error.message);
    throw error;
  }
}

/** What a running run has measured so far: the result says all of it again. */
function recordNews(store: ResultsStore, run: PlannedRun, news: RunNews, note: (line: string) => void): void {
  try {
    if (news.environment) store.setRunning(run.id, news.environment);
    store.recordObservations(observationsOf(run.id, news.measured));
    if (news.progress) store.setProgress(run.id, news.progress.tokens);
  } catch (error) {
    note(`${run.label.label}: ${messageOf(error)}`);
  }
}

/** A finished run of the store as a record of the home. */
async function recordResult(store: ResultsStore, home: ArtifactHome, run: PlannedRun): Promise<void> {
  const { status, reason, tokens, checkpoint, generalEpochs, domainEpochs, seconds, environment } = store.run(
    run.id,
  )!;
  const record: Omit<RunResultRecord, 'format'> = {
    run: run.id,
    spec: run.spec,
    status: status === 'diverged' ? 'diverged' : 'done',
    reason,
    tokens,
    trainedTokens: 0,
    observations: store.runObservations(run.id).map(({ run: _, ...row }) => row),
    checkpoint,
    epochs: generalEpochs === null ? null : { general: generalEpochs, domain: domainEpochs },
    seconds,
    environment: environment ?? {},
  };
  await home.putRecord('results', run.id, encodeRunResult(record));
}

/** So that a store that is rebuilt from the home knows of it too. */
async function recordFailure(
  { home, store }: DispatchInputs,
  run: PlannedRun,
  reason: string,
): Promise<void> {
  const measured = store.runObservations(run.id).map(({ run: _, ...row }) => row);
  const record: Omit<RunResultRecord, 'format'> = {
    run: run.id,
    spec: run.spec,
    status: 'failed',
    reason: reason.slice(0, 4000),
    tokens: measured.at(-1)?.tokens ?? 0,
    trainedTokens: 0,
    observations: measured,
    checkpoint: null,
    epochs: null,
    seconds: null,
    environment: {},
  };
  await home.putRecord('results', run.id, encodeRunResult(record));
}

/** A run whose checkpoint is gone is planned again; its observations stay, and training again confirms them. */
export async function forgetResult(store: ResultsStore, home: ArtifactHome, run: string): Promise<void> {
  for await (const name of home.listRecords('results', run)) await home.removeRecord('results', name);
  store.resetRun(run, { forgetObservations: false });
}

/** Artifact hashes by shard hash; what the home has already is not sent again. */
async function publishShards(inputs: DispatchInputs): Promise<Record<string, string>> {
  const { home, runs, cacheFolder, observer } = inputs;
  const hashes = new Set(runs.flatMap((run) => shardHashes(run)));
  const published: Record<string, string> = {};
  let sent = 0;
  for (const hash of hashes) {
    const path = shardPath(cacheFolder, hash);
    const artifact = await hashFile(path);
    if (!(await home.has(artifact))) {
      await home.put(path);
      sent++;
    }
    published[hash] = artifact;
  }
  if (sent > 0) observer.note(`${sent} token shards were put into ${home.description}`);
  return published;
}

function shardHashes({ spec }: PlannedRun): string[] {
  const corpora = spec.domain ? [spec.general, spec.domain] : [spec.general];
  return corpora.flatMap((corpus) => [corpus.trainShard, corpus.validationShard]);
}

function shardsOf(run: PlannedRun, published: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    shardHashes(run)
      .filter((hash) => Object.hasOwn(published, hash))
      .map((hash) => [hash, published[hash]!]),
  );
}

/** In the characters that a job may carry. */
function shownLabel(label: string): string {
  return label.replace(/[^\p{L}\p{N} ._=+,:()-]/gu, '_').slice(0, 100);
}
