import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { crossDomainReport } from '../analysis/crossDomain.ts';
import { domainsOfSweep } from '../analysis/domainData.ts';
import { writeFileAtomic } from '../common/atomicFile.ts';
import { UserError } from '../common/errors.ts';
import { resolveConfig } from '../config/resolveConfig.ts';
import { resolvedConfigYaml } from '../config/resolvedConfigYaml.ts';
import { treeOf } from '../config/tree.ts';
import type { SweepReportInput } from '../report/types.ts';
import { writeSweepReport } from '../report/writeSweepReport.ts';
import { observationsCsv } from '../store/observationsCsv.ts';
import { openResultsStore } from '../store/results.ts';
import { answerSweep } from './answer.ts';
import { loadProvenance } from './provenance.ts';
import { runsLayout } from './runsLayout.ts';

/** A law over domains needs some to fit and one to foretell. */
const LEAST_DOMAINS = 3;

/** Everything that a report shows, from the store and the sweep's folder. Throws a UserError for an unknown sweep. */
export function collectSweep(
  runsFolder: string,
  name: string,
  onStep: (what: string) => void = () => {},
): SweepReportInput {
  const layout = runsLayout(runsFolder);
  if (!existsSync(layout.store)) {
    throw new UserError(
      `there is no results store in ${runsFolder}`,
      'Run a sweep first, or name its --runs folder.',
    );
  }
  const store = openResultsStore(layout.store);
  try {
    const sweep = store.sweep(name);
    const provenance = loadProvenance(layout.sweep(name));
    if (!sweep || !provenance) {
      const known = store.sweeps().map((each) => each.name);
      throw new UserError(
        `there is no sweep ${name} in ${runsFolder}`,
        known.length > 0 ? `There are: ${known.join(', ')}.` : 'Run a sweep first.',
      );
    }
    const { config } = resolveConfig(treeOf(sweep.config, `the saved config of ${name}`));
    const runs = store.runs(name);
    const observations = store.observations(name);
    const { resamples } = config.law;
    const answers = answerSweep({ config, runs, observations }, (domain) =>
      onStep(`the laws of ${domain}, and ${resamples} fits to resampled runs for the intervals`),
    );
    const collected = {
      sweep,
      configYaml: resolvedConfigYaml(config),
      runs,
      observations,
      answers,
      ...provenance,
    };
    const domains = domainsOfSweep(runs, observations).filter(({ rows }) => rows.general.length > 0);
    if (domains.length < LEAST_DOMAINS) return collected;
    try {
      const tolerance = Math.max(...answers.map((answer) => answer.recommendation.target.tolerance));
      return { ...collected, crossDomain: crossDomainReport(domains, { target: null, tolerance, onStep }) };
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      return { ...collected, notes: [...collected.notes, `no cross-domain law: ${error.message}`] };
    }
  } finally {
    store.close();
  }
}

/** Writes report.html, report.md, figures and observations.csv; returns their paths, the page first. */
export function writeSweepFiles(runsFolder: string, input: SweepReportInput): string[] {
  const folder = runsLayout(runsFolder).sweep(input.sweep.name);
  const csv = join(folder, 'observations.csv');
  writeFileAtomic(csv, observationsCsv(input.sweep.name, input.observations));
  return [...writeSweepReport(input, folder), csv];
}
