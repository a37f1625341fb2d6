import { distinct } from '../fitting/checkRows.ts';
import type { LawObservation } from '../types.ts';

export type Protocol = 'model-size' | 'tokens' | 'ratio' | 'forward' | 'largest-size';

/** What is fitted and what is held out. The two share no row, and a fit is given `fit` only. */
export interface Fold {
  protocol: Protocol;
  /** In words, e.g. `without ratios 0.1 and 0.5`. */
  label: string;
  /** Whether every held-out point lies inside the range of what was fitted, in the direction that was held out. */
  kind: 'interpolation' | 'extrapolation';
  fit: LawObservation[];
  heldOut: LawObservation[];
}

export const PROTOCOLS: Readonly<Record<Protocol, string>> = {
  'model-size': 'each model size in turn (arXiv 2406.01375 Table 2)',
  tokens: 'each third of the tokens in turn (Table 3)',
  ratio: 'every two of the ratios (Table 4)',
  forward: 'tokens beyond the first half, from the first half',
  'largest-size': 'the largest model size, from all smaller ones',
};

/**
 * Hold-outs as the D-CPT paper made them (arXiv 2406.01375 section 4.2) and two that it did not: more tokens, and a
 * larger model, than any that was fitted. Folds with fewer than `leastRows` rows to fit are not made.
 */
export function makeFolds(rows: readonly LawObservation[], leastRows = 12): Fold[] {
  const sizes = distinct(rows.map((row) => row.n));
  const tokens = distinct(rows.map((row) => row.d));
  const ratios = distinct(rows.map((row) => row.ratio));
  const split = (
    protocol: Protocol,
    label: string,
    kind: Fold['kind'],
    isHeldOut: (row: LawObservation) => boolean,
  ): Fold => ({
    protocol,
    label,
    kind,
    fit: rows.filter((row) => !isHeldOut(row)),
    heldOut: rows.filter(isHeldOut),
  });
  const same = (a: number, b: number) => Math.abs(a - b) <= 1e-9 * Math.abs(b);

  const bySize = sizes.map((n, i) =>
    split(
      'model-size',
      `without N = ${Number((n * 1e9).toPrecision(3)).toLocaleString('en-US')}`,
      i > 0 && i < sizes.length - 1 ? 'interpolation' : 'extrapolation',
      (row) => same(row.n, n),
    ),
  );
  const [lowest, highest] = [tokens[0]!, tokens.at(-1)!];
  const third = (row: LawObservation) =>
    Math.min(2, Math.floor((3 * (row.d - lowest)) / (highest - lowest || 1)));
  const byTokens = ['first', 'middle', 'last'].map((name, i) =>
    split(
      'tokens',
      `without the ${name} third of the tokens`,
      i === 1 ? 'interpolation' : 'extrapolation',
      (row) => third(row) === i,
    ),
  );
  const byRatio = ratios.flatMap((a, i) =>
    ratios
      .slice(i + 1)
      .map((b) =>
        split(
          'ratio',
          `without ratios ${Number(a.toFixed(4))} and ${Number(b.toFixed(4))}`,
          i === 0 || same(b, ratios.at(-1)!) ? 'extrapolation' : 'interpolation',
          (row) => same(row.ratio, a) || same(row.ratio, b),
        ),
      ),
  );
  const forward = split(
    'forward',
    'only the first half of the tokens',
    'extrapolation',
    (row) => row.d > highest / 2,
  );
  const largest = split('largest-size', 'without the largest model size', 'extrapolation', (row) =>
    same(row.n, sizes.at(-1)!),
  );
  const enough = (fold: Fold) => fold.fit.length >= leastRows && fold.heldOut.length > 0;
  return [
    ...(sizes.length > 2 ? bySize : []),
    ...(tokens.length > 3 ? byTokens : []),
    ...(ratios.length > 4 ? byRatio : []),
    ...(tokens.length > 3 ? [forward] : []),
    ...(sizes.length > 2 ? [largest] : []),
  ].filter(enough);
}
