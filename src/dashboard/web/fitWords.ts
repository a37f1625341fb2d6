import { fixed, percent, significant, whole } from '../../common/numbers.ts';
import type { FitView } from '../api/laws.ts';

const STATUS_WORDS: Record<string, string> = {
  converged: 'converged',
  'at-bound': 'a parameter stands at its bound',
  'iteration-limit': 'stopped before it was done',
  'grid-edge': 'the best start lies at the edge of the grid',
  'singular-design': 'parameters cannot be told apart',
  'too-few-sizes': 'too few model sizes',
  'too-few-tokens': 'too few token counts',
  'too-few-ratios': 'too few ratios',
};

/** A fit’s status in words; one that is not known yet keeps its own. */
export const fitStatus = (status: string): string => STATUS_WORDS[status] ?? status.replaceAll('-', ' ');

/** What a fit is made of and how good it is: a name and a value each. */
export function fitFacts(fit: FitView): [name: string, value: string][] {
  return [
    ['Rows', whole(fit.rows)],
    ['R²', fixed(fit.r2, 4)],
    ['Mean error', fit.meanAbsoluteError === null ? '–' : `${fixed(fit.meanAbsoluteError, 4)} nats`],
    ['Mean relative error', percent(fit.meanRelativeError)],
    ['Starts that agree', `${fit.startsNearBest} of ${fit.starts}`],
    ['Resampled fits', whole(fit.resamples)],
    ['Condition number', power(fit.conditionNumber)],
    ['Huber δ', significant(fit.delta)],
  ];
}

/** Rows outside their band, and whether they are more than chance would put there. */
export function outsideWords(outside: number, expected: number, inAll: number): string {
  const around = Math.round(expected);
  // Twice the deviation of a Poisson count: rows of one run move together, so this is a hint, not a test.
  const isMany = outside > expected + 2 * Math.sqrt(Math.max(1, expected));
  return `${outside} of ${inAll} rows lie outside the band; about ${around} would by chance${isMany ? ': the law misses something here' : ''}.`;
}

/** A large number by its power of ten: 1.2e7. */
function power(value: number | null): string {
  if (value === null || value < 1e4) return significant(value, 2);
  // Beyond what float64 can tell apart.
  if (value > 1e17) return '∞';
  return value.toExponential(1).replace('e+', 'e');
}
