import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { UserError } from '../common/errors.ts';
import type { BaseLoss } from '../laws/answers/baseLoss.ts';
import { type LawRows, lawRows, type MeasuredPoint } from '../laws/rows.ts';
import type { Measurement, MeasurementsRead } from '../measurements/readMeasurements.ts';
import { openResultsStore } from '../store/results.ts';
import type { RunRecord, SweepObservation, SweepRunRecord } from '../store/types.ts';

/** All that was measured about one domain, whatever measured it. */
export interface DomainData {
  domain: string;
  /** Every point of its CPT runs, those at 0 tokens and in the warm-up included; in tokens and parameters. */
  points: MeasuredPoint[];
  /** What laws are fitted to. */
  rows: LawRows;
  /** General losses of base models. */
  baseLosses: BaseLoss[];
}

const specWarmup = z.looseObject({ warmupTokens: z.number() });

/**
 * The domains of a sweep. What a run that is still training has measured so far counts, since every one of its rows is at a valid token
 * count; runs that diverged or failed have no place in a law.
 */
export function domainsOfSweep(
  runs: readonly (RunRecord & SweepRunRecord)[],
  observations: readonly SweepObservation[],
): DomainData[] {
  const counted = new Map(
    runs.filter(({ status }) => status === 'done' || status === 'running').map((run) => [run.run, run]),
  );
  const domains = [...new Set(observations.map((row) => row.domain))].filter((domain) => domain !== null);
  return domains.map((domain) => {
    const observed = observations.filter((row) => row.domain === domain && counted.has(row.run));
    const points = observed.map(
      (row): MeasuredPoint => ({
        run: row.run,
        modelSize: row.modelSize,
        tokens: row.tokens,
        warmupTokens: specWarmup.parse(counted.get(row.run)!.spec).warmupTokens,
        domainRatio: row.domainRatio,
        generalLoss: row.generalLoss,
        domainLoss: row.domainLoss!,
      }),
    );
    return domainData(domain, points, []);
  });
}

/** The domains of tables that were measured elsewhere: rows with a ratio and both losses. Throws a UserError without any. */
export function domainsOfMeasurements({ measurements, base }: MeasurementsRead): DomainData[] {
  const isComplete = (row: Measurement) =>
    row.domainRatio !== null && row.generalLoss !== null && row.domainLoss !== null;
  const complete = measurements.filter(isComplete);
  if (complete.length === 0) {
    throw new UserError(
      'no row has a domain ratio, a general loss and a domain loss',
      'Name these columns: --map domain_ratio=…,general_loss=…,domain_loss=…',
    );
  }
  const point = (row: Measurement): MeasuredPoint => ({
    run: row.seed === null ? row.run : `${row.run} s${row.seed}`,
    modelSize: row.modelSize,
    tokens: row.tokens,
    warmupTokens: 0,
    domainRatio: row.domainRatio!,
    generalLoss: row.generalLoss!,
    domainLoss: row.domainLoss!,
  });
  return [...new Set(complete.map((row) => row.domain))].map((domain) => {
    const own = (row: Measurement) => row.domain === domain;
    const baseLosses = base
      .filter((row) => row.generalLoss !== null && (row.domain === null || own(row)))
      .map((row) => ({ n: row.modelSize / 1e9, loss: row.generalLoss! }));
    const points = [...base.filter((row) => own(row) && isComplete(row)), ...complete.filter(own)].map(point);
    return domainData(domain ?? 'domain', points, baseLosses);
  });
}

function domainData(domain: string, points: MeasuredPoint[], further: readonly BaseLoss[]): DomainData {
  const own = points
    .filter((point) => point.tokens === 0)
    .map((point) => ({ n: point.modelSize / 1e9, loss: point.generalLoss }));
  return { domain, points, rows: lawRows(points), baseLosses: own.length > 0 ? own : [...further] };
}

/** Names of the sweeps that a runs folder holds. */
export function sweepNames(runsFolder: string): string[] {
  return withStore(runsFolder, (store) => store.sweeps().map(({ name }) => name)) ?? [];
}

/** What a sweep has measured, and its resolved config as it was saved. Throws a UserError for an unknown sweep. */
export function readSweep(
  runsFolder: string,
  name: string,
): { domains: DomainData[]; config: unknown; observations: SweepObservation[] } {
  const read = withStore(runsFolder, (store) => {
    const sweep = store.sweep(name);
    if (!sweep) return null;
    const observations = store.observations(name);
    return { domains: domainsOfSweep(store.runs(name), observations), config: sweep.config, observations };
  });
  if (read) return read;
  const known = sweepNames(runsFolder);
  throw new UserError(
    `there is no sweep ${name} in ${runsFolder}`,
    known.length > 0 ? `There are: ${known.join(', ')}.` : 'Run a sweep first, or name its --runs folder.',
  );
}

function withStore<Result>(
  runsFolder: string,
  use: (store: ReturnType<typeof openResultsStore>) => Result,
): Result | null {
  const path = join(runsFolder, 'results.sqlite');
  if (!existsSync(path)) return null;
  const store = openResultsStore(path);
  try {
    return use(store);
  } finally {
    store.close();
  }
}
