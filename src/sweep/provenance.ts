import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { writeFileAtomic } from '../common/atomicFile.ts';

const FILE = 'provenance.json';

const corpusFactsSchema = z.object({
  name: z.string(),
  description: z.string(),
  synthetic: z.boolean(),
  trainTokens: z.number(),
  trainDocuments: z.number(),
  trainShard: z.string(),
  validationShard: z.string(),
  validationTokens: z.number(),
  overlapShare: z.number(),
});

const provenanceSchema = z.object({
  corpora: z.array(corpusFactsSchema),
  environment: z.record(z.string(), z.string()),
  notes: z.array(z.string()),
  /** Of every `npm run sweep` on this sweep together. */
  wallSeconds: z.number(),
});

/** What a report says beside the numbers: corpora, versions, notes. Saved with the sweep, so that a report can be rebuilt. */
export type Provenance = z.infer<typeof provenanceSchema>;

export function saveProvenance(sweepFolder: string, provenance: Provenance): void {
  writeFileAtomic(join(sweepFolder, FILE), `${JSON.stringify(provenance, null, 2)}\n`);
}

/** null when the sweep has not been prepared yet. */
export function loadProvenance(sweepFolder: string): Provenance | null {
  const path = join(sweepFolder, FILE);
  if (!existsSync(path)) return null;
  return provenanceSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
}
