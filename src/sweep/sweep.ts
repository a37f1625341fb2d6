import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { parse } from 'yaml';
import { hashFile } from '../artifacts/hashing.ts';
import type { ArtifactHome } from '../artifacts/types.ts';
import { writeFileAtomic } from '../common/atomicFile.ts';
import { messageOf, UserError } from '../common/errors.ts';
import { describeDifferences } from '../config/describeDifferences.ts';
import { resolvedConfigYaml } from '../config/resolvedConfigYaml.ts';
import type { ResolvedConfig } from '../config/schema.ts';
import type { PrepareProgress } from '../corpus/prepare.ts';
import type { DemoGenerators } from '../corpus/sources.ts';
import { openQueueConnection, type QueueConnection } from '../queue/connection.ts';
import { type QueueSettings, tellEmbedded } from '../queue/settings.ts';
import type { CorpusFacts } from '../report/types.ts';
import { lockStore } from '../store/lock.ts';
import { openResultsStore, type ResultsStore } from '../store/results.ts';
import { readManifest } from '../training/checkpoint.ts';
import { describeEnvironment } from '../worker/environment.ts';
import { assumeCorpora } from './assumedCorpora.ts';
import { prepareSweep } from './corpora.ts';
import type { SweepEstimate } from './estimate.ts';
import type { SweepObserver } from './observer.ts';
import { type PlannedRun, planRuns, type SweepCorpora } from './plan.ts';
import { savePlanRecord } from './planRecord.ts';
import { loadProvenance, saveProvenance } from './provenance.ts';
import { forgetResult } from './results.ts';
import { openRunsHome } from './runsHome.ts';
import { runsLayout } from './runsLayout.ts';
import { type RunTally, tallyOf } from './tally.ts';

export interface SweepOptions {
  config: ResolvedConfig;
  /** Results store, artifacts, and a folder per sweep. */
  runsFolder: string;
  /** Token shards. */
  cacheFolder: string;
  generators: DemoGenerators;
  /** The trainer's script, run as a child process. */
  trainerScript: string;
  /** A Redis to dispatch through; the embedded store without it. */
  queue: QueueSettings;
  /** Where artifacts live (ARTIFACTS_URL; the runs folder without it), its credentials, and where it is served. */
  environment: Readonly<Record<string, string | undefined>>;
  observer: SweepObserver;
  onPrepare(progress: PrepareProgress): void;
  /** Told the plan before training begins; false ends the sweep there (a dry run). */
  onPlan(plan: SweepPlan): Promise<boolean>;
  /** Nothing will be trained: corpora that are not on this machine do not stand in the way. */
  planOnly: boolean;
  signal: AbortSignal;
}

export interface SweepPlan {
  runs: PlannedRun[];
  doneIds: Set<string>;
  trainers: number;
  estimate(): Promise<SweepEstimate>;
  engineReason: string;
}

/**
 * Prepares, plans and trains a sweep, from wherever it was left. Returns null when `onPlan` said no. The laws are
 * fitted afterwards, from what the store holds (answer.ts).
 */
export async function trainSweep(options: SweepOptions): Promise<RunTally | null> {
  const release: (() => unknown)[] = [];
  try {
    return await trainWith(options, release);
  } finally {
    for (const each of release.reverse()) await each();
  }
}

async function trainWith(options: SweepOptions, release: (() => unknown)[]): Promise<RunTally | null> {
  const { config, cacheFolder, observer, signal } = options;
  const beganMs = performance.now();
  const layout = runsLayout(options.runsFolder);
  const notes: string[] = [];
  const note = (line: string) => {
    notes.push(line);
    observer.note(line);
  };

  // Before the corpora, which may take minutes: a Redis that is away is told at once.
  const services = options.planOnly ? null : await openServices(options, release);
  const prepared = await prepareOrAssume(options, note);
  if (signal.aborted) return null;
  // TensorFlow.js takes most of a second to load: not before what can be refused has been.
  const { openEngine } = await import('../engine/openEngine.ts');
  const { estimateSweep, trainerCount } = await import('./estimate.ts');
  // No other engine has float16: `auto` would look for the fastest.
  const { engine, reason } = await openEngine(
    config.training.precision === 'float16' ? 'onnx' : config.run.engine,
  );
  const runs = planRuns(config, prepared.corpora, engine.name, prepared.tokenizerHash);
  // A fleet trains for a coordinator, unless the config says how many trainers are wanted here.
  const isFleet = Boolean(options.queue.redisUrl) && config.run.trainers === 'auto';
  const trainers = isFleet ? 0 : trainerCount(config.run.trainers);
  const doneIds = finishedRuns(layout.store, runs);
  const proceed = await options.onPlan({
    runs,
    doneIds,
    trainers,
    engineReason: reason,
    estimate: () =>
      estimateSweep(
        runs.filter((run) => !doneIds.has(run.id)),
        engine,
        Math.max(1, trainers),
      ),
  });
  if (!proceed || !services || signal.aborted) return null;

  const { home, connection } = services;
  // BullMQ, which a dry run needs not load.
  const { dispatchRuns, takeInKnown } = await import('./dispatch.ts');
  const { startLocalWorker } = await import('./localWorker.ts');
  for (const line of changesSince(layout.config(config.name), config)) note(line);
  writeFileAtomic(layout.config(config.name), resolvedConfigYaml(config));
  const earlier = loadProvenance(layout.sweep(config.name));
  const environment = { ...describeEnvironment(engine), trainers: isFleet ? 'a fleet' : `${trainers}` };
  const provenance = {
    corpora: prepared.facts,
    environment,
    notes,
    wallSeconds: earlier?.wallSeconds ?? 0,
  };
  saveProvenance(layout.sweep(config.name), provenance);

  const store = openResultsStore(layout.store);
  release.push(() => store.close());
  savePlan(store, config, runs);
  await savePlanRecord(home, store, config.name);
  await forgetLostCheckpoints(store, home, runs, note);
  await takeInKnown({ runs, store, home, observer });
  const finishedBefore = new Set(
    runs.filter((run) => store.runStatus(run.id) === 'done').map((run) => run.id),
  );
  observer.planned({ runs, doneIds: finishedBefore, trainers });
  if (trainers > 0) {
    const worker = await startLocalWorker({
      connection,
      home,
      cacheFolder,
      workFolder: layout.work,
      trainers,
      population: config.run.population,
      engine: engine.name,
      environment,
      trainerScript: options.trainerScript,
      note: observer.note,
    });
    release.push(() => worker.close());
  }
  const trainedTokens = await dispatchRuns({
    sweep: config.name,
    runs,
    store,
    home,
    connection,
    engine: engine.name,
    cacheFolder,
    shareShards: connection.kind === 'redis',
    checkpointSeconds: config.run.checkpointSeconds,
    keepCheckpoints: config.run.keepCheckpoints,
    observer,
    signal,
  });
  const tally = tallyOf(store.runs(config.name), finishedBefore, trainedTokens);
  const wallSeconds = provenance.wallSeconds + (performance.now() - beganMs) / 1000;
  saveProvenance(layout.sweep(config.name), { ...provenance, wallSeconds });
  observer.trained(tally);
  return tally;
}

/** Takes the folder, opens queue and artifact home, and serves the artifacts where that is wanted. */
async function openServices(
  options: SweepOptions,
  release: (() => unknown)[],
): Promise<{ home: ArtifactHome; connection: QueueConnection }> {
  const { config, observer, queue, environment } = options;
  const layout = runsLayout(options.runsFolder);
  mkdirSync(layout.sweep(config.name), { recursive: true });
  // With a queue of its own a second sweep would train the same runs: it must not use the same folder. On a shared
  // Redis sweeps of one folder share their runs.
  release.push(
    queue.redisUrl
      ? lockStore(layout.sweep(config.name), config.name, 'wait until it has ended, or end it')
      : lockStore(options.runsFolder, config.name),
  );
  const connection = await openQueueConnection({
    ...queue,
    log: (line) => observer.note(`queue: ${line}`),
  });
  release.push(() => connection.close());
  tellEmbedded(options.runsFolder, connection);
  const home = await openRunsHome(options.runsFolder, environment);
  release.push(() => home.close());
  if (environment.ARTIFACTS_LISTEN) {
    const { listen } = await import('../artifacts/listen.ts');
    const server = await listen(home, environment, observer.note);
    release.push(() => server.close());
    observer.note(`serving ${home.description} at ${server.url}`);
  }
  return { home, connection };
}

async function prepareOrAssume(
  options: SweepOptions,
  note: (line: string) => void,
): Promise<{ corpora: SweepCorpora; tokenizerHash: string; facts: CorpusFacts[] }> {
  const { config, cacheFolder, generators, onPrepare } = options;
  try {
    const prepared = await prepareSweep({ config, cacheFolder, generators, onProgress: onPrepare, note });
    return { ...prepared, tokenizerHash: prepared.tokenizer.hash };
  } catch (error) {
    if (!options.planOnly || !(error instanceof UserError)) throw error;
    const { assumption, ...assumed } = assumeCorpora(config);
    note(`${error.message}: ${assumption}`);
    return { ...assumed, facts: [] };
  }
}

function finishedRuns(storePath: string, runs: readonly PlannedRun[]): Set<string> {
  if (!existsSync(storePath)) return new Set();
  const store = openResultsStore(storePath);
  try {
    return new Set(runs.filter((run) => store.runStatus(run.id) === 'done').map((run) => run.id));
  } finally {
    store.close();
  }
}

function savePlan(store: ResultsStore, config: ResolvedConfig, runs: readonly PlannedRun[]): void {
  store.saveSweep({ sweep: config.name, name: config.name, config, createdAt: new Date().toISOString() });
  store.planRuns(
    config.name,
    runs.map(({ id, spec, label }) => ({
      run: { run: id, kind: spec.kind, parent: spec.parent, spec },
      label,
    })),
  );
}

/** What differs from the config that this sweep was last run with, as lines to show. */
function changesSince(path: string, config: ResolvedConfig): string[] {
  if (!existsSync(path)) return [];
  const before = readFileSync(path, 'utf8');
  if (before === resolvedConfigYaml(config)) return [];
  const changes = describeDifferences(parse(before), config);
  if (changes.length === 0) return [];
  return [
    `sweep ${config.name} was last run with another config; runs that did not change are kept. What differs:`,
    ...changes.map((change) => `  ${change}`),
  ];
}

/** A finished base model whose checkpoint is gone or damaged must be trained again, or nothing can continue it. */
async function forgetLostCheckpoints(
  store: ResultsStore,
  home: ArtifactHome,
  runs: readonly PlannedRun[],
  note: (line: string) => void,
): Promise<void> {
  const waitedFor = new Set(
    runs.filter((run) => store.runStatus(run.id) !== 'done').map((run) => run.spec.parent),
  );
  for (const run of runs) {
    const record = store.run(run.id)!;
    if (record.status !== 'done' || !waitedFor.has(run.id)) continue;
    const problem = await checkpointProblem(home, record.checkpoint);
    if (problem === null) continue;
    note(`${run.label.label} is trained again: ${problem}`);
    await forgetResult(store, home, run.id);
  }
}

/** Why a finished run's checkpoint cannot be continued; null when it can, as far as is known without fetching it. */
async function checkpointProblem(home: ArtifactHome, checkpoint: string | null): Promise<string | null> {
  if (checkpoint === null) return 'its checkpoint was not kept';
  try {
    const manifest = home.localPath(checkpoint);
    if (!(await home.has(checkpoint))) return `its checkpoint ${checkpoint} is gone`;
    // What must be fetched is verified by whoever fetches it.
    if (manifest === null) return null;
    const { parametersSha256, momentsSha256 } = readManifest(manifest);
    for (const hash of [checkpoint, parametersSha256, momentsSha256]) {
      const path = home.localPath(hash)!;
      if ((await hashFile(path)) !== hash) return `its checkpoint is damaged (${path})`;
    }
    return null;
  } catch (error) {
    return messageOf(error);
  }
}
