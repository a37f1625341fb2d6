import { gunzipSync, gzipSync } from 'node:zlib';
import { z } from 'zod';
import type { ArtifactHome } from '../artifacts/types.ts';
import { canonicalJson, sha256 } from '../common/canonical.ts';
import type { ResultsStore, SweepRunRecord } from '../store/types.ts';
import { runId, runSpecSchema } from '../training/runSpec.ts';

const FORMAT = 1;
const MAX_PLAN_BYTES = 512 * 2 ** 20;

const planRecordSchema = z.strictObject({
  format: z.literal(FORMAT),
  sweep: z.string().min(1).max(200),
  name: z.string().min(1).max(200),
  /** ISO 8601, UTC: of the sweep, and of this plan of it. */
  createdAt: z.string(),
  savedAt: z.string(),
  config: z.unknown(),
  runs: z.array(
    z.strictObject({
      spec: runSpecSchema,
      domain: z.string().nullable(),
      modelSize: z.number(),
      totalParameters: z.number(),
      label: z.string(),
    }),
  ),
});
export type PlanRecord = z.infer<typeof planRecordSchema>;

const planKey = (sweep: string): string => sha256(`sweep ${sweep}`);

/** Puts a sweep's config and plan into the home, so that its store can be made anew from there; once per plan. */
export async function savePlanRecord(home: ArtifactHome, store: ResultsStore, sweep: string): Promise<void> {
  const record = store.sweep(sweep)!;
  const runs = store.runs(sweep).map(({ spec, domain, modelSize, totalParameters, label }) => ({
    spec,
    domain,
    modelSize,
    totalParameters,
    label,
  }));
  const latest = (await readPlanRecords(home, planKey(sweep))).at(-1);
  const plan = { config: record.config, runs };
  if (latest && canonicalJson({ config: latest.config, runs: latest.runs }) === canonicalJson(plan)) return;
  const { name, createdAt } = record;
  const content = { format: FORMAT, sweep, name, createdAt, savedAt: new Date().toISOString(), ...plan };
  // A plan of ten thousand runs is 15 MB of text that repeats itself.
  await home.putRecord('sweeps', planKey(sweep), gzipSync(canonicalJson(content)));
}

/** The plans that the home knows, of one sweep or all, oldest first. What cannot be read is passed over, and told. */
export async function readPlanRecords(
  home: ArtifactHome,
  key?: string,
  note: (line: string) => void = () => {},
): Promise<PlanRecord[]> {
  const records: PlanRecord[] = [];
  for await (const name of home.listRecords('sweeps', key)) {
    try {
      const bytes = await home.readRecord('sweeps', name);
      const text = gunzipSync(bytes, { maxOutputLength: MAX_PLAN_BYTES }).toString('utf8');
      records.push(planRecordSchema.parse(JSON.parse(text)));
    } catch (error) {
      note(`the plan ${name.hash.slice(0, 12)} is passed over: ${(error as Error).message}`);
    }
  }
  return records.sort((a, b) => (a.savedAt < b.savedAt ? -1 : Number(a.savedAt > b.savedAt)));
}

/** A plan as rows of the store. */
export function restorePlan(store: ResultsStore, plan: PlanRecord): void {
  const { sweep, name, config, createdAt } = plan;
  store.saveSweep({ sweep, name, config, createdAt });
  store.planRuns(
    sweep,
    plan.runs.map(({ spec, ...label }) => {
      const run = runId(spec);
      const { kind, parent, domainRatio, seed } = spec;
      const named: SweepRunRecord = { run, kind, domainRatio, seed, ...label };
      return { run: { run, kind, parent, spec }, label: named };
    }),
  );
}
