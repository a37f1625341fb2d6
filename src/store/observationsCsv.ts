import type { SweepObservation } from './types.ts';

type Column = [name: string, value: (row: SweepObservation, sweep: string) => string | number | null];

/**
 * The columns of `observations.csv`, one row a measurement:
 * - `model_size` non-embedding parameters, `total_parameters` all of them; `tokens` trained in this run when measured
 * - `domain_ratio` share of domain tokens; `domain` and `domain_…` are empty in base runs
 * - `…_loss` and `…_standard_error` in nats per token, over the whole validation set
 */
const COLUMNS: Column[] = [
  ['sweep', (_, sweep) => sweep],
  ['run', (row) => row.run],
  ['seed', (row) => row.seed],
  ['domain', (row) => row.domain],
  ['model_size', (row) => row.modelSize],
  ['total_parameters', (row) => row.totalParameters],
  ['tokens', (row) => row.tokens],
  ['domain_ratio', (row) => row.domainRatio],
  ['general_loss', (row) => row.generalLoss],
  ['domain_loss', (row) => row.domainLoss],
  ['general_standard_error', (row) => row.generalStandardError],
  ['domain_standard_error', (row) => row.domainStandardError],
  ['general_bits_per_byte', (row) => row.generalBitsPerByte],
  ['domain_bits_per_byte', (row) => row.domainBitsPerByte],
];

/**
 * A tidy table for pandas, R and DuckDB: RFC 4180 with a header and \n line ends, numbers with every digit needed to
 * read back the same float64.
 */
export function observationsCsv(sweepName: string, rows: readonly SweepObservation[]): string {
  const lines = [COLUMNS.map(([name]) => name)];
  for (const row of rows) lines.push(COLUMNS.map(([, value]) => cell(value(row, sweepName))));
  return lines.map((line) => `${line.join(',')}\n`).join('');
}

function cell(value: string | number | null): string {
  if (value === null) return '';
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
