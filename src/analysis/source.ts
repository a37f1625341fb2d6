import { existsSync } from 'node:fs';
import { UserError } from '../common/errors.ts';
import type { ColumnMap } from '../measurements/columns.ts';
import { readMeasurements } from '../measurements/readMeasurements.ts';
import type { CountUnits } from '../measurements/units.ts';
import { type DomainData, domainsOfMeasurements, readSweep, sweepNames } from './domainData.ts';
import { refuseProblems } from './fitFiles.ts';

export interface SourceOptions {
  runsFolder: string;
  map?: ColumnMap;
  units?: CountUnits;
  where?: string;
  skipBadRows: boolean;
  /** Only this domain, where the source has several. */
  domain?: string;
}

/**
 * Measurements by what a person typed: a file, or the name of a sweep in the runs folder (a sweep's name goes first). Throws a
 * UserError that lists the sweeps there are.
 */
export async function readSource(source: string, options: SourceOptions): Promise<DomainData[]> {
  const sweeps = sweepNames(options.runsFolder);
  const domains = sweeps.includes(source)
    ? readSweep(options.runsFolder, source).domains
    : await readFile(source, options, sweeps);
  if (options.domain === undefined) return domains;
  const chosen = domains.filter(({ domain }) => domain === options.domain);
  if (chosen.length === 0) {
    throw new UserError(
      `${source} has no domain ${options.domain}`,
      `It has: ${domains.map(({ domain }) => domain).join(', ')}.`,
    );
  }
  return chosen;
}

async function readFile(
  path: string,
  options: SourceOptions,
  sweeps: readonly string[],
): Promise<DomainData[]> {
  if (!existsSync(path)) {
    throw new UserError(
      `${path} is neither a sweep in ${options.runsFolder} nor a file`,
      sweeps.length > 0
        ? `Sweeps: ${sweeps.join(', ')}.`
        : 'Name a table of measurements, or run a sweep first.',
    );
  }
  const read = await readMeasurements([path], options);
  refuseProblems(read.problems, options.skipBadRows);
  return domainsOfMeasurements(read);
}

/** The sweep that is meant when none is named: the only one there is. Throws a UserError that lists them otherwise. */
export function onlySweep(runsFolder: string): string {
  const names = sweepNames(runsFolder);
  if (names.length === 1) return names[0]!;
  throw new UserError(
    names.length === 0
      ? `there is no sweep in ${runsFolder}`
      : `there are ${names.length} sweeps in ${runsFolder}`,
    names.length === 0 ? 'Run one first, or name a table of measurements.' : `Name one: ${names.join(', ')}.`,
  );
}
