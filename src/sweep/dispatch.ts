import { Redis } from 'ioredis';
import { hashFile } from '../artifacts/hashing.ts';
import type { ArtifactHome } from '../artifacts/types.ts';
import { messageOf } from '../common/errors.ts';
import { shardPath } from '../corpus/shards.ts';
import { openBoard } from '../queue/board.ts';
import type { QueueConnection } from '../queue/connection.ts';
import { queueBase } from '../queue/names.ts';
import { readOrders } from '../queue/orders.ts';
import { sweepsOf } from '../queue/sweeps.ts';
import { isGone, thisProcess, workersOf } from '../queue/workers.ts';
import type { ResultsStore } from '../store/results.ts';
import { runMemoryBytes } from '../training/memory.ts';
import { NUMERICS_VERSION } from '../training/runSpec.ts';
import type { RunJob } from '../worker/job.ts';
import type { RunNews } from '../worker/news.ts';
import { findResult } from '../worker/runResults.ts';
import { coordinate } from './coordinate.ts';
import type { SweepObserver } from './observer.ts';
import { placeRuns } from './placement.ts';
import type { PlannedRun } from './plan.ts';
import {
  forgetResult,
  importResult,
  isOpen,
  listResults,
  observationsOf,
  recordFailure,
  recordResult,
  takeIn,
} from './results.ts';

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
      findResult: async (id, hash) =>
        (await findResult(home, id, hash === null ? null : [hash], note))?.result ?? null,
      keep: (run, result) => {
        importResult(store, result);
        tally.set(run.id, result.status);
        observer.ended(run, result.status, result.reason);
      },
      markFailed: (run, reason) => {
        store.failRun(run.id, reason);
        tally.set(run.id, 'failed');
        observer.ended(run, 'failed', reason);
        recordFailure(store, home, run.id, run.spec, reason).catch((error) => log(messageOf(error)));
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
}: Pick<DispatchInputs, 'runs' | 'store' | 'home' | 'observer'>): Promise<void> {
  const known = await listResults(home);
  const open: string[] = [];
  for (const { id, spec } of runs) {
    if (isOpen(store.runStatus(id))) open.push(id);
    else if (!known.has(id)) await recordResult(store, home, id, spec);
  }
  const taken = await takeIn(store, home, open, known, observer.note);
  if (taken > 0) observer.note(`${taken} results were found in ${home.description}`);
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
