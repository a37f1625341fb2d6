import type { Protocol } from './folds.ts';
import type { FormValidation } from './validate.ts';

export interface FormRecommendation {
  /** null when no law covers every row. */
  form: string | null;
  /** Lowest mean held-out error, whatever its number of parameters; null like `form`. */
  best: string | null;
  beatsBaselines: boolean;
  reason: string;
}

const UNSOUND = /^(too-few|singular)/;
const SAME_ERROR = 0.01;

/**
 * The form to rely on: among laws that cover every row, the one with fewest parameters whose held-out error (mean over folds of
 * the mean relative error) is within one standard error of the lowest (the one-standard-error rule of Breiman et al. 1984).
 * Protocols weigh the same, however many folds they have.
 */
export function recommendForm(results: readonly FormValidation[]): FormRecommendation {
  const complete = results.filter(({ kind, uncovered }) => kind === 'law' && uncovered === 0);
  // A form whose parameters the design cannot tell apart is taken only where there is no other.
  const sound = complete.filter(({ status }) => status === null || !UNSOUND.test(status));
  const laws = sound.length > 0 ? sound : complete;
  const scored = laws
    .map((law) => ({ law, error: heldOutError(law) }))
    .filter(({ error }) => Number.isFinite(error))
    .sort((a, b) => a.error - b.error);
  const best = scored[0];
  if (!best) {
    return { form: null, best: null, beatsBaselines: false, reason: 'no law could be validated on all rows' };
  }
  // Of differences per fold, not of the errors: folds are hard or easy for every form alike.
  const notWorse = ({ law, error }: (typeof scored)[number]) => {
    // A protocol of one fold has no spread: errors that are equal in print are equal.
    if (error <= best.error * (1 + SAME_ERROR)) return true;
    const { mean, standardError } = pairedDifference(law, best.law);
    return mean <= standardError;
  };
  const chosen = scored
    .filter(notWorse)
    .sort((a, b) => a.law.parameters! - b.law.parameters! || a.error - b.error)[0]!;
  const baselines = results
    .filter(({ kind }) => kind === 'baseline')
    .map((baseline) => ({ name: baseline.name, error: heldOutError(baseline) }));
  const better = baselines.filter(({ error }) => error < chosen.error);
  const percent = (share: number) => `${(100 * share).toFixed(2)} %`;
  const why =
    chosen === best
      ? `${best.law.name} has the lowest held-out error, ${percent(best.error)}`
      : `${best.law.name} has the lowest held-out error, ${percent(best.error)}, but ${chosen.law.name} (${chosen.law.parameters} parameters against ${best.law.parameters}) is within one standard error of it, ${percent(chosen.error)}`;
  const against =
    better.length > 0
      ? `; beware: without any law, ${better.map(({ name, error }) => `${name} errs by ${percent(error)}`).join(' and ')}`
      : baselines.length > 0
        ? `; baselines err by ${baselines.map(({ name, error }) => `${percent(error)} (${name})`).join(' and ')}`
        : '';
  return {
    form: chosen.law.name,
    best: best.law.name,
    beatsBaselines: better.length === 0,
    reason: `${why}${against}.`,
  };
}

/** Mean over protocols of the mean over folds of the mean relative error. */
export function heldOutError({ heldOut }: FormValidation): number {
  const means = Object.values(heldOut).map(({ foldErrors }) => average(foldErrors));
  return means.length === 0 ? Number.NaN : average(means);
}

function pairedDifference(a: FormValidation, b: FormValidation): { mean: number; standardError: number } {
  const protocols = Object.keys(b.heldOut) as Protocol[];
  const byProtocol = protocols.map((protocol) => {
    const mine = a.heldOut[protocol]!.foldErrors;
    const other = b.heldOut[protocol]!.foldErrors;
    return mine.map((error, i) => error - other[i]!);
  });
  const mean = average(byProtocol.map(average));
  const variance = byProtocol.reduce((sum, differences) => {
    const centre = average(differences);
    const spread = differences.reduce((total, each) => total + (each - centre) ** 2, 0);
    return sum + (differences.length > 1 ? spread / (differences.length - 1) / differences.length : 0);
  }, 0);
  return { mean, standardError: Math.sqrt(variance) / byProtocol.length };
}

const average = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
