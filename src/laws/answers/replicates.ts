import { percentileInterval } from '../predict.ts';
import type { Interval, LawFit, LawParameters } from '../types.ts';

/** Share of resampled fits that may disagree on whether there is an answer before it counts as not identified. */
export const MOST_DISSENT = 0.3;

/** The laws of one domain: which parameters a decision is made with. */
export interface PairOfLaws {
  general: { form: string; parameters: LawParameters };
  domain: { form: string; parameters: LawParameters };
}

/** Resampled pairs: replicate i of the general law belongs to replicate i of the domain law, from the same draw of runs. */
export function replicatedPairs(general: LawFit, domain: LawFit): PairOfLaws[] {
  const count = Math.min(general.replicates.length, domain.replicates.length);
  return Array.from({ length: count }, (_, i) => ({
    general: { form: general.form, parameters: general.replicates[i]! },
    domain: { form: domain.form, parameters: domain.replicates[i]! },
  }));
}

/** Interval of some numbers of which null means "none"; null when all are. */
export function intervalOf(values: readonly (number | null)[], level: number): Interval | null {
  const found = values.filter((value): value is number => value !== null && Number.isFinite(value));
  return found.length === 0 ? null : percentileInterval(found, level);
}

/** Why a fit cannot carry an answer; null when it can. */
export function unusable(name: string, fit: LawFit): string | null {
  return fit.starts === 0 || fit.status.startsWith('too-few') || fit.status === 'singular-design'
    ? `the ${name} law cannot be fitted: ${fit.statusDetail}`
    : null;
}
