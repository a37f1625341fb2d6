import { existsSync, renameSync, rmSync } from 'node:fs';
import { hashFile } from '../artifacts/hashing.ts';
import type { ArtifactHome } from '../artifacts/types.ts';
import { messageOf } from '../common/errors.ts';
import { openResultsStore } from '../store/results.ts';
import type { ResultsStore } from '../store/types.ts';
import { readManifest } from '../training/checkpoint.ts';
import type { RunResultRecord } from '../training/runResult.ts';
import { readResult } from '../worker/runResults.ts';
import { readLaws } from './lawRecords.ts';
import { readPlanRecords, restorePlan } from './planRecord.ts';
import { importResult, listResults } from './results.ts';

export interface Rebuilt {
  sweeps: number;
  runs: number;
  results: number;
  observations: number;
  lawVersions: number;
  /** Where the store that was there before stands now. */
  before: string | null;
}

/** A done run stands above a diverged one, and both above a failure that a later attempt has overcome. */
const STANDING: Record<RunResultRecord['status'], number> = { done: 0, diverged: 1, failed: 2 };

/**
 * Makes the results store anew from the records in a home: plans, results, laws. The new store is complete before it
 * takes the old one's place, which is kept beside it. Nobody else may be writing to it.
 */
export async function rebuildStore(
  home: ArtifactHome,
  storePath: string,
  note: (line: string) => void,
): Promise<Rebuilt> {
  const fresh = `${storePath}.rebuilt`;
  removeStore(fresh);
  const store = openResultsStore(fresh);
  let rebuilt: Omit<Rebuilt, 'before'>;
  try {
    rebuilt = await fill(store, home, note);
  } finally {
    store.close();
  }
  const before = existsSync(storePath) ? `${storePath}.before-rebuild` : null;
  if (before) {
    // Opened and closed once: what stands in its -wal file is then in the file itself.
    tryToClose(storePath);
    removeStore(before);
    renameSync(storePath, before);
    removeStore(storePath);
  }
  renameSync(fresh, storePath);
  removeStore(fresh);
  return { ...rebuilt, before };
}

async function fill(
  store: ResultsStore,
  home: ArtifactHome,
  note: (line: string) => void,
): Promise<Omit<Rebuilt, 'before'>> {
  const plans = await readPlanRecords(home, undefined, note);
  // Earlier plans too: the store keeps runs that a sweep's plan has no longer.
  for (const plan of plans) restorePlan(store, plan);
  let results = 0;
  let observations = 0;
  let unplanned = 0;
  for (const [run, hashes] of await listResults(home)) {
    if (!store.run(run)) {
      unplanned++;
      continue;
    }
    const read: RunResultRecord[] = [];
    for (const hash of hashes) {
      try {
        read.push(await readResult(home, { key: run, hash }));
      } catch (error) {
        note(`a result of run ${run.slice(0, 12)} is passed over: ${messageOf(error)}`);
      }
    }
    const best = read.sort((a, b) => STANDING[a.status] - STANDING[b.status])[0];
    if (!best) continue;
    importResult(store, best);
    results++;
    observations += best.observations.length;
  }
  if (unplanned > 0) note(`${unplanned} results belong to no plan that is known here: left aside`);
  const laws = await readLaws(home, note);
  for (const law of laws) store.saveLawVersion(law);
  const sweeps = store.sweeps();
  const runs = new Set(sweeps.flatMap(({ sweep }) => store.runs(sweep).map(({ run }) => run))).size;
  return { sweeps: sweeps.length, runs, results, observations, lawVersions: laws.length };
}

function removeStore(path: string): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true });
}

function tryToClose(path: string): void {
  try {
    openResultsStore(path).close();
  } catch {
    // Damaged: it is being replaced for that very reason.
  }
}

/** One thing that is not as the store says. */
export interface StoreProblem {
  run: string;
  label: string;
  problem: string;
}

/** Compares the store with the home: every finished run must have its result there, and its checkpoint, whole. */
export async function checkStore(
  home: ArtifactHome,
  store: ResultsStore,
  onProgress: (done: number, total: number) => void,
): Promise<{ runs: number; artifacts: number; problems: StoreProblem[] }> {
  const problems: StoreProblem[] = [];
  const known = await listResults(home);
  const finished = new Map(
    store
      .sweeps()
      .flatMap(({ sweep }) => store.runs(sweep))
      .filter(({ status }) => status === 'done' || status === 'diverged')
      .map((run) => [run.run, run]),
  );
  const verified = new Set<string>();
  let at = 0;
  for (const [id, run] of finished) {
    const tell = (problem: string) => problems.push({ run: id, label: run.label, problem });
    const hashes = known.get(id) ?? [];
    if (hashes.length === 0) tell('its result is not in the home');
    for (const hash of hashes) {
      await readResult(home, { key: id, hash }).catch((error) => tell(messageOf(error)));
    }
    if (run.checkpoint !== null) {
      await checkCheckpoint(home, run.checkpoint, verified).catch((error) => tell(messageOf(error)));
    }
    onProgress(++at, finished.size);
  }
  return { runs: finished.size, artifacts: verified.size, problems };
}

async function checkCheckpoint(home: ArtifactHome, checkpoint: string, verified: Set<string>): Promise<void> {
  const verify = async (hash: string): Promise<void> => {
    if (verified.has(hash)) return;
    if (!(await home.has(hash))) throw new Error(`its checkpoint's artifact ${hash} is gone`);
    const path = home.localPath(hash);
    if (path !== null && (await hashFile(path)) !== hash) {
      throw new Error(`its checkpoint's artifact ${hash} is damaged`);
    }
    verified.add(hash);
  };
  await verify(checkpoint);
  const manifest = home.localPath(checkpoint);
  if (manifest === null) return;
  const { parametersSha256, momentsSha256 } = readManifest(manifest);
  await verify(parametersSha256);
  await verify(momentsSha256);
}
