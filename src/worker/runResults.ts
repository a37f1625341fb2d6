import type { ArtifactHome, RecordName } from '../artifacts/types.ts';
import { messageOf } from '../common/errors.ts';
import { decodeRunResult, type RunResultRecord } from '../training/runResult.ts';

/** Reads a run's result. Throws an ArtifactError when it is gone or damaged, an Error when it is another run's or none. */
export async function readResult(home: ArtifactHome, name: RecordName): Promise<RunResultRecord> {
  const result = decodeRunResult(await home.readRecord('results', name));
  if (result.run !== name.key) throw new Error(`the result record of run ${name.key} is about another run`);
  return result;
}

/**
 * A result that some worker has left for a run, done or diverged, whose checkpoint is still there; null when there is
 * none. `hashes` are its records' names, where they are known already. What cannot be read is passed over, and told.
 */
export async function findResult(
  home: ArtifactHome,
  run: string,
  hashes: readonly string[] | null,
  note: (line: string) => void,
): Promise<{ hash: string; result: RunResultRecord } | null> {
  const names = hashes?.map((hash) => ({ key: run, hash })) ?? [];
  if (hashes === null) for await (const name of home.listRecords('results', run)) names.push(name);
  for (const name of names) {
    try {
      const result = await readResult(home, name);
      if (result.status === 'failed') continue;
      if (result.checkpoint === null || (await home.has(result.checkpoint)))
        return { hash: name.hash, result };
    } catch (error) {
      note(`a result of run ${run.slice(0, 12)} is passed over: ${messageOf(error)}`);
    }
  }
  return null;
}
