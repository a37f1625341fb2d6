import { NONE } from '../common/numbers.ts';
import { lawForm } from '../laws/forms/registry.ts';
import { predictAll } from '../laws/predict.ts';
import type { LawFit, LawPoint } from '../laws/types.ts';
import { heldOutError } from '../laws/validation/recommendForm.ts';
import type { FormValidation } from '../laws/validation/validate.ts';
import { statusWords } from './answerText.ts';
import type { FittedLoss } from './fitTypes.ts';

/** A fit that found no solution carries zeros, which must not be shown as if they were results. */
export const isSolved = (fit: LawFit): boolean => fit.starts > 0;

/** Whose losses these are, in words: `general_loss of math`. */
export const lossName = ({ loss, domain }: Pick<FittedLoss, 'loss' | 'domain'>): string =>
  domain === null ? loss : `${loss} of ${domain}`;

/**
 * The fit that figures and parameters show: the recommended form's, else the only one's, else the one with the lowest
 * mean Huber on the rows it was fitted to. null when no fit found a solution.
 */
export function shownFit({ fits, recommendation }: FittedLoss): LawFit | null {
  const solved = fits.filter(isSolved);
  const recommended = solved.find((fit) => fit.form === recommendation?.form);
  if (recommended) return recommended;
  const error = (fit: LawFit): number =>
    Number.isFinite(fit.quality.huberMean) ? fit.quality.huberMean : Number.POSITIVE_INFINITY;
  return solved.reduce<LawFit | null>(
    (best, fit) => (best === null || error(fit) < error(best) ? fit : best),
    null,
  );
}

/** Whether the shown fit is one to rely on: recommended, or the only one asked for. */
export const isChosen = ({ fits, recommendation }: FittedLoss, shown: LawFit): boolean =>
  recommendation === null ? fits.length === 1 : recommendation.form === shown.form;

/** A form or baseline with its fit and its held-out errors, as far as there are any. */
export interface FormRow {
  name: string;
  kind: FormValidation['kind'];
  fit: LawFit | null;
  validation: FormValidation | null;
  /** Mean over protocols of the mean over folds of the mean relative error; NaN when not validated. */
  error: number;
}

/** Forms and baselines, the lowest held-out error first; in the order asked for where there is none. */
export function formRows({ fits, validation }: FittedLoss): FormRow[] {
  const results = validation ?? [];
  const rows: FormRow[] = fits.map((fit) => {
    const result = results.find(({ name }) => name === fit.form) ?? null;
    return {
      name: fit.form,
      kind: 'law',
      fit,
      validation: result,
      error: result ? heldOutError(result) : Number.NaN,
    };
  });
  const others = results
    .filter(({ name }) => !fits.some((fit) => fit.form === name))
    .map(
      (result): FormRow => ({
        name: result.name,
        kind: result.kind,
        fit: null,
        validation: result,
        error: heldOutError(result),
      }),
    );
  const rank = ({ error }: FormRow): number => (Number.isFinite(error) ? error : Number.MAX_VALUE);
  return [...rows, ...others].sort((a, b) => rank(a) - rank(b));
}

/** A row's status in a word or two, for tables. */
export function statusCell({ kind, fit }: FormRow): string {
  if (kind === 'baseline') return 'baseline';
  if (!fit) return 'not fitted';
  return isSolved(fit) ? fit.status.replaceAll('-', ' ') : 'no solution';
}

/** Rows that a form has no value for, as far as they were counted. */
export const uncoveredRows = ({ validation }: FormRow): number => validation?.uncovered ?? 0;

/** What the statuses of these fits mean, one sentence; empty when all converged. */
export function statusNote({ fits }: FittedLoss): string {
  const found = [...new Set(fits.filter(isSolved).map(({ status }) => status))].filter(
    (status) => status !== 'converged',
  );
  return found.length === 0
    ? ''
    : `Status: ${found.map((status) => `${status.replaceAll('-', ' ')}, ${statusWords(status)}`).join('; ')}.`;
}

/** Predictions at many points in one call; NaN where the fit has no solution or the form no value. */
export function predictedLosses(fit: LawFit, points: readonly LawPoint[]): Float64Array {
  if (!isSolved(fit)) return new Float64Array(points.length).fill(Number.NaN);
  const covered = lawForm(fit.form).ratios === 'all' ? points : points.filter((point) => point.ratio > 0);
  const values = predictAll(fit, covered);
  if (covered.length === points.length) return values;
  let at = 0;
  return Float64Array.from(points, (point) => (point.ratio > 0 ? values[at++]! : Number.NaN));
}

/** A sentence computed from numbers, without the words that stand for missing ones. */
export const plain = (text: string): string =>
  text
    .replaceAll(/condition number 1\.8e\+308/g, 'singular')
    .replaceAll(/[-−]?\b(?:NaN|Infinity|undefined)\b/g, NONE)
    .trim();
