import type { RunRecord } from '../store/types.ts';

/** How a sweep's runs stand. */
export interface RunTally {
  total: number;
  /** Finished by this call. */
  trained: number;
  /** Found finished. */
  reused: number;
  failed: number;
  diverged: number;
  /** Tokens trained by the runs that this call finished; a resumed run counts from where it was resumed. */
  trainedTokens: number;
}

export function tallyOf(
  records: readonly RunRecord[],
  finishedBefore: ReadonlySet<string>,
  trainedTokens: number,
): RunTally {
  const ids = (status: RunRecord['status']) => records.filter((record) => record.status === status);
  const done = ids('done');
  const reused = done.filter(({ run }) => finishedBefore.has(run)).length;
  return {
    total: records.length,
    trained: done.length - reused,
    reused,
    failed: ids('failed').length,
    diverged: ids('diverged').length,
    trainedTokens,
  };
}
