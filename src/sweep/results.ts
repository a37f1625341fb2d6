import type { ArtifactHome, RecordName } from '../artifacts/types.ts';
import type { ResultsStore } from '../store/types.ts';
import { decodeRunResult, type Measured, type RunResultRecord } from '../training/runResult.ts';

/** A result record as rows of the store. The run is planned; a second import of the same changes nothing. */
export function importResult(store: ResultsStore, result: RunResultRecord): void {
  const { run } = result;
  store.recordObservations(observationsOf(run, result.observations));
  if (result.status === 'done') {
    store.setEnvironment(run, result.environment);
    store.finishRun(run, {
      checkpoint: result.checkpoint,
      epochs: result.epochs ?? { general: 0, domain: null },
      seconds: result.seconds ?? { setup: 0, training: 0, evaluation: 0, checkpoint: 0 },
    });
  } else if (result.status === 'diverged') {
    store.setEnvironment(run, result.environment);
    store.divergeRun(run, result.reason ?? 'no reason was told', result.tokens);
  } else store.failRun(run, result.reason ?? 'no reason was told');
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

/** Reads a run's result. Throws an ArtifactError when it is gone or damaged, an Error when it is another run's or none. */
export async function readResult(home: ArtifactHome, name: RecordName): Promise<RunResultRecord> {
  const result = decodeRunResult(await home.readRecord('results', name));
  if (result.run !== name.key) throw new Error(`the result record of run ${name.key} is about another run`);
  return result;
}
