import { openFolderHome } from './folderHome.ts';
import type { ArtifactHome } from './types.ts';

// Placeholder by the lead until the real one is here: replace this file.
export async function openArtifactHome(options: {
  url?: string | undefined;
  defaultFolder: string;
  environment: Readonly<Record<string, string | undefined>>;
}): Promise<ArtifactHome> {
  return openFolderHome(options.url ?? options.defaultFolder);
}
