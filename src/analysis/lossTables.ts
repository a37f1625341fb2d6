import { UserError } from '../common/errors.ts';
import type { LawObservation } from '../laws/types.ts';
import type { Measurement } from '../measurements/readMeasurements.ts';

/** The rows of one loss, as laws take them: N and D in billions, the ratio being that of the corpus whose loss it is. */
export interface LossTable {
  loss: string;
  domain: string | null;
  rows: LawObservation[];
}

/** Inputs of forms that are counts, and so go over into billions. */
const COUNT_INPUTS = new Set(['meanModelSize', 'uniqueTokens']);

/**
 * Where some rows name a domain, those that name none are base models' own training, before any mixture: no law of mixtures is
 * fitted to them.
 */
export function withoutBaseTraining(measurements: readonly Measurement[]): {
  mixtures: Measurement[];
  leftOut: number;
} {
  const hasDomains = measurements.some((row) => row.domain !== null);
  const mixtures = measurements.filter((row) => !hasDomains || row.domain !== null);
  return { mixtures, leftOut: measurements.length - mixtures.length };
}

/**
 * One table a loss and domain. Without a ratio column every row has ratio 1: only forms that are blind to it can be fitted.
 * `lossName`: what a loss of no named corpus is called; its ratio is taken as the share of its own corpus. Throws a UserError
 * when no row has a loss.
 */
export function lossTables(measurements: readonly Measurement[], lossName = 'loss'): LossTable[] {
  const losses = [
    { name: 'general_loss', of: (row: Measurement) => row.generalLoss, ratio: (r: number) => 1 - r },
    { name: 'domain_loss', of: (row: Measurement) => row.domainLoss, ratio: (r: number) => r },
    { name: lossName, of: (row: Measurement) => row.loss, ratio: (r: number) => r },
  ];
  const domains = [...new Set(measurements.map((row) => row.domain))].sort((a, b) =>
    (a ?? '') < (b ?? '') ? -1 : 1,
  );
  const tables = domains.flatMap((domain) =>
    losses.flatMap(({ name, of, ratio }): LossTable[] => {
      const rows = measurements
        .filter((row) => row.domain === domain && of(row) !== null)
        .map((row) => observationOf(row, of(row)!, row.domainRatio === null ? 1 : ratio(row.domainRatio)));
      return rows.length === 0 ? [] : [{ loss: name, domain, rows }];
    }),
  );
  if (tables.length === 0)
    throw new UserError('no row with tokens above 0 has a loss', 'Check the columns and --where.');
  return tables;
}

export function observationOf(row: Measurement, loss: number, ratio: number): LawObservation {
  return {
    n: row.modelSize / 1e9,
    d: row.tokens / 1e9,
    ratio,
    loss,
    // Seeds make different runs, also where a file names only the configuration.
    run: row.seed === null ? row.run : `${row.run} s${row.seed}`,
    ...(row.weight === null ? {} : { weight: row.weight }),
    ...(Object.keys(row.inputs).length === 0
      ? {}
      : {
          inputs: Object.fromEntries(
            Object.entries(row.inputs).map(([name, value]) => [
              name,
              COUNT_INPUTS.has(name) ? value / 1e9 : value,
            ]),
          ),
        }),
  };
}
