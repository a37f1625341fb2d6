import { existsSync } from 'node:fs';
import { openArtifactHome } from '../artifacts/openHome.ts';
import type { ArtifactHome } from '../artifacts/types.ts';
import { messageOf } from '../common/errors.ts';
import { openResultsStore } from '../store/results.ts';
import type { ResultsStore } from '../store/types.ts';
import { importResult, listResults, readResult } from './results.ts';
import { runsLayout } from './runsLayout.ts';

/**
 * Takes results into the store that workers have left in the home since, of any sweep of the folder: a coordinator need
 * not have been there to see them. Returns how many runs that were open have their result now.
 */
export async function collectLateResults(
  runsFolder: string,
  environment: Readonly<Record<string, string | undefined>>,
  note: (line: string) => void,
): Promise<number> {
  const layout = runsLayout(runsFolder);
  if (!existsSync(layout.store)) return 0;
  const home = await openArtifactHome({
    url: environment.ARTIFACTS_URL,
    defaultFolder: layout.artifacts,
    environment,
  });
  const store = openResultsStore(layout.store);
  try {
    return await takeInLate(store, home, note);
  } finally {
    store.close();
    await home.close();
  }
}

export async function takeInLate(
  store: ResultsStore,
  home: ArtifactHome,
  note: (line: string) => void,
): Promise<number> {
  const open = new Set(
    store
      .sweeps()
      .flatMap(({ sweep }) => store.runs(sweep))
      .filter(({ status }) => status !== 'done' && status !== 'diverged')
      .map(({ run }) => run),
  );
  if (open.size === 0) return 0;
  let taken = 0;
  for (const [run, hashes] of await listResults(home)) {
    if (!open.has(run)) continue;
    for (const hash of hashes) {
      try {
        const result = await readResult(home, { key: run, hash });
        if (result.status === 'failed') continue;
        importResult(store, result);
        taken++;
        break;
      } catch (error) {
        note(`a result of run ${run.slice(0, 12)} is passed over: ${messageOf(error)}`);
      }
    }
  }
  return taken;
}
