import { existsSync } from 'node:fs';
import type { ArtifactHome } from '../artifacts/types.ts';
import type { ResultsStore } from '../store/types.ts';
import { isOpen, listResults, takeIn } from './results.ts';
import { withStoreAndHome } from './runsHome.ts';
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
  if (!existsSync(runsLayout(runsFolder).store)) return 0;
  return withStoreAndHome(runsFolder, environment, (store, home) => takeInLate(store, home, note));
}

/** As collectLateResults, for a store and a home that are open. */
export async function takeInLate(
  store: ResultsStore,
  home: ArtifactHome,
  note: (line: string) => void,
): Promise<number> {
  const open = new Set(
    store
      .sweeps()
      .flatMap(({ sweep }) => store.runs(sweep))
      .filter(({ status }) => isOpen(status))
      .map(({ run }) => run),
  );
  return open.size === 0 ? 0 : takeIn(store, home, open, await listResults(home), note);
}
