import { openArtifactHome } from '../artifacts/openHome.ts';
import type { ArtifactHome } from '../artifacts/types.ts';
import { openResultsStore } from '../store/results.ts';
import type { ResultsStore } from '../store/types.ts';
import { runsLayout } from './runsLayout.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/** The artifact home of a runs folder: ARTIFACTS_URL, or a folder in it. Throws as openArtifactHome. */
export function openRunsHome(runsFolder: string, environment: Variables): Promise<ArtifactHome> {
  return openArtifactHome({
    url: environment.ARTIFACTS_URL,
    defaultFolder: runsLayout(runsFolder).artifacts,
    environment,
  });
}

/** Opens store and home of a runs folder for `work`, and closes both after it. */
export async function withStoreAndHome<T>(
  runsFolder: string,
  environment: Variables,
  work: (store: ResultsStore, home: ArtifactHome) => Promise<T>,
): Promise<T> {
  const home = await openRunsHome(runsFolder, environment);
  try {
    const store = openResultsStore(runsLayout(runsFolder).store);
    try {
      return await work(store, home);
    } finally {
      store.close();
    }
  } finally {
    await home.close();
  }
}
