import { statSync } from 'node:fs';
import { hashFile } from './hashing.ts';
import { ArtifactError, type ArtifactHome } from './types.ts';

// Placeholder by the lead until the real cache is here (folder homes only): replace this file. The worker needs `use`.
export function openArtifactCache(options: {
  home: ArtifactHome;
  folder: string;
  maxBytes: number;
  log(line: string): void;
}): {
  use<T>(hashes: readonly string[], work: (pathOf: (hash: string) => string) => Promise<T>): Promise<T>;
} {
  const verified = new Map<string, string>();
  return {
    use: async (hashes, work) => {
      for (const hash of hashes) {
        const path = options.home.localPath(hash)!;
        const stat = statSync(path, { throwIfNoEntry: false });
        if (!stat) throw new ArtifactError('missing', `${path} is missing`, hash);
        const state = `${stat.size} ${stat.mtimeMs}`;
        if (verified.get(hash) === state) continue;
        if ((await hashFile(path)) !== hash) throw new ArtifactError('damaged', `${path} is damaged`, hash);
        verified.set(hash, state);
      }
      return work((hash) => options.home.localPath(hash)!);
    },
  };
}
