import { z } from 'zod';
import type { ArtifactHome } from '../artifacts/types.ts';
import { canonicalHash, canonicalJson } from '../common/canonical.ts';
import type { LawVersionRecord, ResultsStore } from '../store/types.ts';
import { withStoreAndHome } from './runsHome.ts';

const FORMAT = 1;
const lawSchema = z.strictObject({
  format: z.literal(FORMAT),
  subject: z.string().min(1).max(500),
  version: z.int().positive(),
  inputs: z.string().max(200),
  createdAt: z.string(),
  content: z.unknown(),
});

const keyOf = ({ subject, version }: Pick<LawVersionRecord, 'subject' | 'version'>) =>
  canonicalHash({ law: subject, version });

/** Puts versions of laws that the home does not have yet there, so that the registry can be made anew. */
export async function publishLaws(home: ArtifactHome, store: ResultsStore): Promise<number> {
  const known = new Set<string>();
  for await (const { key } of home.listRecords('laws')) known.add(key);
  let published = 0;
  for (const subject of store.lawSubjects()) {
    for (const law of store.lawVersions(subject)) {
      const key = keyOf(law);
      if (known.has(key)) continue;
      await home.putRecord('laws', key, Buffer.from(`${canonicalJson({ format: FORMAT, ...law })}\n`));
      published++;
    }
  }
  return published;
}

/** As publishLaws, for the store and the home of a runs folder. */
export async function keepLawsInHome(
  runsFolder: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  await withStoreAndHome(runsFolder, environment, (store, home) => publishLaws(home, store));
}

/** Every version that the home knows, by subject and number. What cannot be read is passed over, and told. */
export async function readLaws(
  home: ArtifactHome,
  note: (line: string) => void,
): Promise<LawVersionRecord[]> {
  const laws: LawVersionRecord[] = [];
  for await (const name of home.listRecords('laws')) {
    try {
      const bytes = await home.readRecord('laws', name);
      const { format: _, ...law } = lawSchema.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
      laws.push(law as LawVersionRecord);
    } catch (error) {
      note(`the law record ${name.hash.slice(0, 12)} is passed over: ${(error as Error).message}`);
    }
  }
  const bySubject = (a: LawVersionRecord, b: LawVersionRecord) =>
    a.subject < b.subject ? -1 : Number(a.subject > b.subject);
  return laws.sort((a, b) => bySubject(a, b) || a.version - b.version);
}
