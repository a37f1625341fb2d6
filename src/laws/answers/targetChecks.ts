import { UserError } from '../../common/errors.ts';
import { distinct } from '../fitting/checkRows.ts';
import type { LawObservation } from '../types.ts';
import { count } from './words.ts';

/** Beyond this many times what was measured a prediction is an extrapolation. */
export const EXTRAPOLATION = 3;

/** Whether a target and the ratios asked about were measured; `rows` are those of the general law. */
export function extrapolations(target: { n: number; d: number }, rows: readonly LawObservation[]): string[] {
  if (rows.length === 0) return [];
  const compute = (row: { n: number; d: number }) => row.n * row.d;
  const factor = compute(target) / Math.max(...rows.map(compute));
  const shares = rows.map((row) => 1 - row.ratio);
  const [low, high] = [Math.min(...shares), Math.max(...shares)];
  return [
    ...(factor > EXTRAPOLATION
      ? [
          `the target needs ${factor.toPrecision(2)} × the compute of the largest run measured: an extrapolation`,
        ]
      : []),
    ...(low > 0 || high < 1
      ? [
          `only ratios from ${rounded(low)} to ${rounded(high)} were measured; beyond them the law is untested`,
        ]
      : []),
  ];
}

/** Whether more tokens are asked for than any run read, d in billions. */
export function tooManyTokens(d: number, rows: readonly LawObservation[]): string[] {
  if (rows.length === 0) return [];
  const largest = Math.max(...rows.map((row) => row.d));
  return d > EXTRAPOLATION * largest
    ? [
        `it takes ${count(d)} tokens, ${(d / largest).toPrecision(2)} times those of the longest run measured: an extrapolation`,
      ]
    : [];
}

/** Whether a ratio of the predicted loss' own corpus lies below all that were measured, 0 aside. */
export function belowRatios(ratio: number, rows: readonly LawObservation[]): string[] {
  const least = Math.min(...rows.map((row) => row.ratio).filter((each) => each > 0));
  return Number.isFinite(least) && ratio < least * (1 - 1e-9)
    ? [`the smallest ratio measured is ${rounded(least)}; below it the law is untested`]
    : [];
}

/** Whether a size lies outside those measured, n in billions. */
export function outsideSizes(n: number, rows: readonly LawObservation[]): boolean {
  const { smallest, largest } = sizesOf(rows);
  return n < smallest / 1.001 || n > largest * 1.001;
}

/** Sizes measured, billions. Throws a UserError when there are no rows. */
export function sizesOf(rows: readonly LawObservation[]): { smallest: number; largest: number } {
  const sizes = rows.map((row) => row.n);
  if (sizes.length === 0) {
    throw new UserError('no row says which sizes were measured', 'Give the rows that the law was fitted to.');
  }
  return { smallest: Math.min(...sizes), largest: Math.max(...sizes) };
}

/** Where the target itself was measured: do the runs on either side of the answer say the same? */
export function measuredCheck(
  target: { n: number; d: number },
  rows: readonly LawObservation[],
  domainRatio: number,
  limit: number,
): string[] {
  const at = rows.filter((row) => isNear(row.n, target.n) && isNear(row.d, target.d));
  const mean = (ratio: number) => {
    const losses = at.filter((row) => Math.abs(1 - row.ratio - ratio) <= 1e-9).map((row) => row.loss);
    return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
  };
  const ratios = distinct(at.map((row) => 1 - row.ratio));
  const within = ratios.filter((ratio) => mean(ratio) <= limit);
  const beyond = ratios.filter((ratio) => mean(ratio) > limit);
  const [lastWithin, firstBeyond] = [Math.max(...within), Math.min(...beyond)];
  if (beyond.length > 0 && domainRatio > firstBeyond) {
    return [
      `the run measured at ratio ${rounded(firstBeyond)} is already above the limit: the law is too hopeful there`,
    ];
  }
  if (within.length > 0 && domainRatio < lastWithin) {
    return [
      `the run measured at ratio ${rounded(lastWithin)} is still within the limit: the law is too careful there`,
    ];
  }
  return [];
}

const isNear = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-6 * b;
const rounded = (ratio: number): number => Number(ratio.toFixed(4));
