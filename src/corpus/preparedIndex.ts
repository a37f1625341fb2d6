import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { writeFileAtomic } from '../common/atomicFile.ts';

const hash = z.string().regex(/^[0-9a-f]{64}$/);
const shardInfo = z.strictObject({
  hash,
  tokenizerHash: hash,
  vocabularySize: z.int().positive(),
  tokens: z.int().positive(),
  documents: z.int().positive(),
  textBytes: z.int().positive(),
});

const preparedIndexSchema = z.strictObject({
  train: shardInfo,
  validation: shardInfo,
  dropped: z.record(z.string(), z.int().positive()),
});

/** What is kept of a preparation besides its shards. */
export type PreparedIndex = z.infer<typeof preparedIndexSchema>;

export function preparedIndexPath(cacheFolder: string, key: string): string {
  return join(cacheFolder, 'prepared', `${key}.json`);
}

export function writePreparedIndex(path: string, index: PreparedIndex): void {
  writeFileAtomic(path, `${JSON.stringify(index, null, 2)}\n`);
}

/** The index, or null when there is none; `problem` says why one that is there cannot be used. */
export function readPreparedIndex(path: string): { index: PreparedIndex | null; problem: string | null } {
  if (!existsSync(path)) return { index: null, problem: null };
  try {
    return { index: preparedIndexSchema.parse(JSON.parse(readFileSync(path, 'utf8'))), problem: null };
  } catch {
    return { index: null, problem: `${path} cannot be used (not what this program writes)` };
  }
}
