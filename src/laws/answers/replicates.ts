import { UserError } from '../../common/errors.ts';
import { percentileInterval } from '../predict.ts';
import type { Interval, LawFit, LawParameters } from '../types.ts';
import type { NamedLaw } from './lossSurface.ts';

/** The laws of one domain: what a decision is made with. */
export interface PairOfLaws {
  general: NamedLaw;
  domain: NamedLaw;
}

/** Equally good fits of one law that are paired with those of the other; all pairs of more would take too long. */
const MOST_EQUALLY_GOOD = 20;

/**
 * Resampled pairs: replicate i of the general law belongs to replicate i of the domain law, from the same draw of runs
 * (fitting/bootstrap.ts). None when one law was not resampled; throws a UserError when their numbers differ.
 */
export function replicatedPairs(general: LawFit, domain: LawFit): PairOfLaws[] {
  const [ofGeneral, ofDomain] = [general.replicates, domain.replicates];
  if (ofGeneral.length === 0 || ofDomain.length === 0) return [];
  if (ofGeneral.length !== ofDomain.length) {
    throw new UserError(
      `the general law has ${ofGeneral.length} resampled fits and the domain law ${ofDomain.length}: they are not of the same draws`,
      'Fit and resample both laws together.',
    );
  }
  return ofGeneral.map((parameters, i) => pairOf(general, domain, parameters, ofDomain[i]!));
}

/**
 * Every equally good general law with every equally good domain law: their luck is not shared, so any may go with any.
 * Of more than 20 of one law, 20 that are spread evenly from the best to the worst.
 */
export function equallyGoodPairs(general: LawFit, domain: LawFit): PairOfLaws[] {
  const ofDomain = spread(orItself(domain));
  return spread(orItself(general)).flatMap((parameters) =>
    ofDomain.map((each) => pairOf(general, domain, parameters, each)),
  );
}

const pairOf = (
  general: LawFit,
  domain: LawFit,
  ofGeneral: LawParameters,
  ofDomain: LawParameters,
): PairOfLaws => ({
  general: { form: general.form, parameters: ofGeneral },
  domain: { form: domain.form, parameters: ofDomain },
});

const orItself = (fit: LawFit): LawParameters[] =>
  fit.nearOptimal.length > 0 ? fit.nearOptimal : [fit.parameters];

function spread<T>(items: readonly T[]): T[] {
  if (items.length <= MOST_EQUALLY_GOOD) return [...items];
  const step = (items.length - 1) / (MOST_EQUALLY_GOOD - 1);
  return Array.from({ length: MOST_EQUALLY_GOOD }, (_, k) => items[Math.round(k * step)]!);
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
