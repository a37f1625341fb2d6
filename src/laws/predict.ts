import { lawValue, lawValues, toVector } from './forms/form.ts';
import { lawForm } from './forms/registry.ts';
import type { Interval, LawFit, LawParameters, LawPoint } from './types.ts';

/** Loss that a form with these parameters (billions) predicts at a point, nats per token. */
export function predict(formName: string, parameters: LawParameters, point: LawPoint): number {
  const form = lawForm(formName);
  return lawValue(form, toVector(form, parameters), point);
}

/** What a fit predicts at a point; meaningless for a fit that found no solution (`starts` 0). */
export function predictFit(fit: Pick<LawFit, 'form' | 'parameters'>, point: LawPoint): number {
  return predict(fit.form, fit.parameters, point);
}

/** Predictions at many points, in one call. */
export function predictAll(
  fit: Pick<LawFit, 'form' | 'parameters'>,
  points: readonly LawPoint[],
): Float64Array {
  const form = lawForm(fit.form);
  return lawValues(form, toVector(form, fit.parameters), points);
}

/** Percentile interval of the prediction over the fit's resampled runs; null without them. */
export function predictionInterval(fit: LawFit, point: LawPoint, level = 0.9): Interval | null {
  if (fit.replicates.length === 0) return null;
  return percentileInterval(
    fit.replicates.map((parameters) => predict(fit.form, parameters, point)),
    level,
  );
}

/** The central `level` of some numbers, linear between order statistics. Throws RangeError on none. */
export function percentileInterval(values: readonly number[], level: number): Interval {
  if (values.length === 0) throw new RangeError('an interval of no values');
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): number => {
    const position = share * (sorted.length - 1);
    const below = Math.floor(position);
    const above = Math.min(sorted.length - 1, below + 1);
    return sorted[below]! + (position - below) * (sorted[above]! - sorted[below]!);
  };
  return { low: at((1 - level) / 2), high: at((1 + level) / 2), level };
}
