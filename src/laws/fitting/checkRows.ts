import { UserError } from '../../common/errors.ts';
import type { LawForm } from '../forms/form.ts';
import type { FitStatus, LawObservation } from '../types.ts';

/**
 * Refuses rows that no law can be fitted to, by name. `anySign`: what is fitted may be negative, as a change of
 * loss is; `zeroTokens`: rows of base models are welcome.
 */
export function checkRows(
  rows: readonly LawObservation[],
  { anySign = false, zeroTokens = false }: { anySign?: boolean; zeroTokens?: boolean } = {},
): void {
  for (const row of rows) {
    const problems = [
      !(row.n > 0 && Number.isFinite(row.n)) && `n is ${row.n}, not a positive number of billions`,
      !((row.d > 0 || (zeroTokens && row.d === 0)) && Number.isFinite(row.d)) &&
        `d is ${row.d}, not a positive number of billions (D = 0 is the base model)`,
      !(row.ratio >= 0 && row.ratio <= 1) && `ratio is ${row.ratio}, not in 0…1`,
      !(Number.isFinite(row.loss) && (anySign || row.loss > 0)) && `loss is ${row.loss}, not positive`,
      row.weight !== undefined &&
        !(row.weight >= 0 && Number.isFinite(row.weight)) &&
        `weight is ${row.weight}`,
    ].filter((problem) => problem !== false);
    if (problems.length > 0) {
      throw new UserError(
        `run ${row.run}, d = ${row.d}: ${problems.join('; ')}`,
        'Leave such rows out before fitting, or mend them.',
      );
    }
  }
}

/** Distinct values, up to a relative difference of 1e-9. */
export function distinct(values: readonly number[]): number[] {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.filter((value, i) => i === 0 || value - sorted[i - 1]! > 1e-9 * Math.abs(value));
}

/** Whether the rows can tell a form's parameters apart at all. */
export function designStatus(
  form: LawForm,
  rows: readonly LawObservation[],
): { status: FitStatus; detail: string } | null {
  const sizes = distinct(rows.map((row) => row.n)).length;
  const tokens = distinct(rows.map((row) => row.d)).length;
  const ratios = distinct(rows.map((row) => row.ratio)).length;
  const { needs } = form;
  const short = (status: FitStatus, what: string, got: number, wanted: number) => ({
    status,
    detail: `${got} distinct ${got === 1 ? what.replace(/s$/, '') : what} where ${form.name} needs ${wanted}: its parameters cannot be told apart`,
  });
  if (sizes < needs.sizes) return short('too-few-sizes', 'model sizes', sizes, needs.sizes);
  if (tokens < needs.tokens) return short('too-few-tokens', 'token counts', tokens, needs.tokens);
  if (ratios < needs.ratios) return short('too-few-ratios', 'ratios', ratios, needs.ratios);
  return null;
}

/** What a person should know about the design and the fitted surface, in plain words. */
export function designWarnings(rows: readonly LawObservation[]): string[] {
  const warnings: string[] = [];
  const sizes = distinct(rows.map((row) => row.n)).length;
  if (sizes <= 2)
    warnings.push(
      `only ${sizes} model size${sizes === 1 ? '' : 's'}: nothing tests how loss depends on size`,
    );
  const correlation = correlate(
    rows.map((row) => Math.log(row.n)),
    rows.map((row) => Math.log(row.d)),
  );
  if (Math.abs(correlation) > 0.5) {
    warnings.push(
      `tokens and model size move together (correlation of log N and log D ${correlation.toFixed(2)}): their effects are hard to tell apart`,
    );
  }
  const repeated = rows.filter(
    (row) => (row.inputs?.uniqueTokens ?? Number.POSITIVE_INFINITY) < row.d * (1 - 1e-9),
  );
  if (repeated.length > 0) {
    warnings.push(
      `${repeated.length} of ${rows.length} rows read tokens more than once, which counts for less (arXiv 2305.16264): try the form repetition-aware`,
    );
  }
  return warnings;
}

function correlate(x: readonly number[], y: readonly number[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const mx = mean(x);
  const my = mean(y);
  let xy = 0;
  let xx = 0;
  let yy = 0;
  x.forEach((value, i) => {
    xy += (value - mx) * (y[i]! - my);
    xx += (value - mx) ** 2;
    yy += (y[i]! - my) ** 2;
  });
  return xx * yy === 0 ? 0 : xy / Math.sqrt(xx * yy);
}
