import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parse } from 'yaml';
import { writeFileAtomic } from '../common/atomicFile.ts';
import { sha256 } from '../common/canonical.ts';
import { UserError } from '../common/errors.ts';
import { describeDifferences } from '../config/describeDifferences.ts';
import { resolvedConfigYaml } from '../config/resolvedConfigYaml.ts';
import type { ResolvedConfig } from '../config/schema.ts';
import type { PrepareProgress } from '../corpus/prepare.ts';
import type { DemoGenerators } from '../corpus/sources.ts';
import { openEngine } from '../engine/openEngine.ts';
import { openBoard } from '../queue/board.ts';
import { openTrainerPool } from '../queue/trainerPool.ts';
import type { CorpusFacts } from '../report/types.ts';
import { openArtifacts } from '../store/artifacts.ts';
import { lockStore } from '../store/lock.ts';
import { openResultsStore, type ResultsStore } from '../store/results.ts';
import type { TrainingEvent } from '../training/events.ts';
import type { RunResult, RunTask } from '../training/execute.ts';
import { assumeCorpora } from './assumedCorpora.ts';
import { prepareSweep } from './corpora.ts';
import { describeEnvironment } from './environment.ts';
import { estimateSweep, type SweepEstimate, trainerCount } from './estimate.ts';
import { parseRunJob, type RunJob } from './job.ts';
import type { SweepObserver } from './observer.ts';
import { type PlannedRun, planRuns, type SweepCorpora } from './plan.ts';
import { loadProvenance, saveProvenance } from './provenance.ts';
import { runAll } from './runner.ts';
import { runsLayout } from './runsLayout.ts';
import { createSlots } from './slots.ts';
import type { RunTally } from './tally.ts';
import { trainRun, verifyCheckpoint } from './trainRun.ts';

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
  redisUrl?: string | undefined;
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
  const { config, cacheFolder, observer, signal } = options;
  const beganMs = performance.now();
  const layout = runsLayout(options.runsFolder);
  const notes: string[] = [];
  const note = (line: string) => {
    notes.push(line);
    observer.note(line);
  };

  const prepared = await prepareOrAssume(options, note);
  if (signal.aborted) return null;
  const { engine, reason } = await openEngine(config.run.engine);
  const runs = planRuns(config, prepared.corpora, engine.name, prepared.tokenizerHash);
  const trainers = trainerCount(config.run.trainers);
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
        trainers,
      ),
  });
  if (!proceed || signal.aborted) return null;

  mkdirSync(layout.sweep(config.name), { recursive: true });
  const release: (() => unknown)[] = [lockStore(options.runsFolder, config.name)];
  try {
    for (const line of changesSince(layout.config(config.name), config)) note(line);
    writeFileAtomic(layout.config(config.name), resolvedConfigYaml(config));
    const earlier = loadProvenance(layout.sweep(config.name));
    const environment = { ...describeEnvironment(engine), trainers: `${trainers}` };
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
    const artifacts = openArtifacts(layout.artifacts);
    await forgetLostCheckpoints(store, artifacts, runs, note);

    const pool = openTrainerPool<RunTask, TrainingEvent, RunResult>({
      script: options.trainerScript,
      slots: trainers,
      // Several small trainers beat one with several threads: small matrices gain little, busy threads fight.
      environment: () => ({ OMP_NUM_THREADS: '1', TF_NUM_INTRAOP_THREADS: '1', TF_CPP_MIN_LOG_LEVEL: '2' }),
      log: (line) => observer.note(`trainer: ${line}`),
    });
    release.push(() => pool.close());
    const board = await openBoard<RunJob>({
      redisUrl: options.redisUrl,
      queueName: queueNameOf(options.runsFolder),
      parse: parseRunJob,
      log: (line) => observer.note(`queue: ${line}`),
    });
    release.push(() => board.close());

    observer.planned({ runs, doneIds, trainers });
    const byId = new Map(runs.map((run) => [run.id, run]));
    const slots = createSlots(trainers);
    const tally = await runAll({
      runs,
      board,
      slots: trainers,
      signal,
      note: observer.note,
      recordOf: (id) => store.run(id)!,
      markBlocked: (id, why) => {
        store.failRun(id, why);
        observer.note(`${byId.get(id)!.label.label} is left out: ${why}`);
      },
      markFailed: (id, why) => {
        store.failRun(id, why);
        observer.note(`${byId.get(id)!.label.label} failed: ${why}`);
      },
      handle: (job, context) =>
        slots.use(async (slot) => {
          const run = byId.get(job.id);
          let told: 'diverged' | 'done' | 'stopped' | 'failed' = 'failed';
          try {
            const tokens = await trainRun(
              {
                store,
                artifacts,
                cacheFolder,
                workFolder: layout.work,
                checkpointSeconds: config.run.checkpointSeconds,
                keepCheckpoints: config.run.keepCheckpoints,
                environment,
                dispatch: (task, { signal: stop, onEvent }) => pool.run(task, { signal: stop, onEvent }),
                onEvent: (_, event) => run && observer.event(slot, run, event),
              },
              job,
              context,
            );
            told = store.runStatus(job.id) === 'diverged' ? 'diverged' : 'done';
            return tokens;
          } catch (error) {
            if (context.signal.aborted) told = 'stopped';
            throw error;
          } finally {
            if (run) observer.ended(slot, run, told);
          }
        }),
    });
    const wallSeconds = provenance.wallSeconds + (performance.now() - beganMs) / 1000;
    saveProvenance(layout.sweep(config.name), { ...provenance, wallSeconds });
    observer.trained(tally);
    return tally;
  } finally {
    for (const each of release.reverse()) await each();
  }
}

/** One queue per runs folder: another folder's coordinator on the same Redis has neither its shards nor its checkpoints. */
function queueNameOf(runsFolder: string): string {
  return `runs-${sha256(`${hostname()}:${resolve(runsFolder)}`).slice(0, 16)}`;
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
  artifacts: ReturnType<typeof openArtifacts>,
  runs: readonly PlannedRun[],
  note: (line: string) => void,
): Promise<void> {
  const waitedFor = new Set(
    runs.filter((run) => store.runStatus(run.id) !== 'done').map((run) => run.spec.parent),
  );
  for (const run of runs) {
    const record = store.run(run.id)!;
    if (record.status !== 'done' || !waitedFor.has(run.id)) continue;
    try {
      await verifyCheckpoint(artifacts, record.checkpoint);
    } catch (error) {
      note(`${run.label.label} is trained again: ${(error as Error).message}`);
      store.resetRun(run.id, { forgetObservations: false });
    }
  }
}
