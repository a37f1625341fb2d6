import type { ArtifactHome } from '../artifacts/types.ts';
import { UserError } from '../common/errors.ts';
import { ContradictionError } from '../store/results.ts';
import type { ResultsStore, RunRecord } from '../store/types.ts';
import { encodeRunResult, type Measured, type RunResultRecord } from '../training/runResult.ts';
import type { RunSpec } from '../training/runSpec.ts';
import { findResult } from '../worker/runResults.ts';

/**
 * A result record as rows of the store. The run is planned; a second import of the same changes nothing. Throws a
 * UserError when the same run has given other numbers before (on another machine or version): no law may be fitted to
 * both.
 */
export function importResult(store: ResultsStore, result: RunResultRecord): void {
  const { run, status, epochs, seconds, checkpoint, environment, tokens } = result;
  const reason = result.reason ?? 'no reason was told';
  try {
    store.recordObservations(observationsOf(run, result.observations));
  } catch (error) {
    throw error instanceof ContradictionError ? new UserError(error.message) : error;
  }
  if (status === 'failed') {
    store.failRun(run, reason);
    return;
  }
  store.setEnvironment(run, environment);
  if (status === 'diverged') {
    store.divergeRun(run, reason, tokens);
    return;
  }
  if (!epochs || !seconds) throw new Error(`the result of run ${run} lacks its epochs or seconds`);
  store.finishRun(run, { checkpoint, epochs, seconds });
}

export function observationsOf(run: string, measured: readonly Measured[]) {
  return measured.map((row) => ({ run, ...row }));
}

/** Record hashes per run, of everything that the home holds. */
export async function listResults(home: ArtifactHome): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  for await (const { key, hash } of home.listRecords('results')) {
    found.set(key, [...(found.get(key) ?? []), hash]);
  }
  return found;
}

/** Whether a run still lacks its result. */
export function isOpen(status: RunRecord['status'] | null): boolean {
  return status !== 'done' && status !== 'diverged';
}

/** Takes what the home has for these open runs into the store. Returns how many have their result now. */
export async function takeIn(
  store: ResultsStore,
  home: ArtifactHome,
  open: Iterable<string>,
  known: ReadonlyMap<string, readonly string[]>,
  note: (line: string) => void,
): Promise<number> {
  let taken = 0;
  for (const run of open) {
    const hashes = known.get(run);
    const found = hashes && (await findResult(home, run, hashes, note));
    if (!found) continue;
    try {
      importResult(store, found.result);
      taken++;
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      note(error.message);
    }
  }
  return taken;
}

/** A finished run of the store as a record of the home, for stores of a version that kept none there. */
export async function recordResult(
  store: ResultsStore,
  home: ArtifactHome,
  run: string,
  spec: RunSpec,
): Promise<void> {
  const stored = store.run(run)!;
  const { generalEpochs, domainEpochs } = stored;
  await putResult(home, {
    ...unfinished(store, run, spec),
    status: stored.status === 'diverged' ? 'diverged' : 'done',
    reason: stored.reason,
    tokens: stored.tokens,
    checkpoint: stored.checkpoint,
    epochs: generalEpochs === null ? null : { general: generalEpochs, domain: domainEpochs },
    seconds: stored.seconds,
    environment: stored.environment ?? {},
  });
}

/** So that a store that is rebuilt from the home knows of the failure too. */
export async function recordFailure(
  store: ResultsStore,
  home: ArtifactHome,
  run: string,
  spec: RunSpec,
  reason: string,
): Promise<void> {
  await putResult(home, { ...unfinished(store, run, spec), reason: reason.slice(0, MOST_REASON_CHARACTERS) });
}

const MOST_REASON_CHARACTERS = 4000;

/** What the store has measured of a run so far. */
function unfinished(store: ResultsStore, run: string, spec: RunSpec): Omit<RunResultRecord, 'format'> {
  const observations = store.runObservations(run).map(({ run: _, ...row }) => row);
  return {
    run,
    spec,
    status: 'failed',
    reason: null,
    tokens: observations.at(-1)?.tokens ?? 0,
    trainedTokens: 0,
    observations,
    checkpoint: null,
    epochs: null,
    seconds: null,
    environment: {},
  };
}

async function putResult(home: ArtifactHome, record: Omit<RunResultRecord, 'format'>): Promise<void> {
  await home.putRecord('results', record.run, encodeRunResult(record));
}

/** A run whose checkpoint is gone is planned again; its observations stay, and training again confirms them. */
export async function forgetResult(store: ResultsStore, home: ArtifactHome, run: string): Promise<void> {
  for await (const name of home.listRecords('results', run)) await home.removeRecord('results', name);
  store.resetRun(run, { forgetObservations: false });
}
