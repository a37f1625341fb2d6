import { type TradeOffPoint, tradeOffCurve } from '../laws/answers/tradeOff.ts';
import { predictFit, predictionInterval } from '../laws/predict.ts';
import type { LawFit, LawParameters, LawPoint } from '../laws/types.ts';

/** Coverage of every band that is drawn. */
export const BAND_LEVEL = 0.9;

/** A fit that found no solution has parameters that mean nothing. */
const isFitted = (fit: LawFit): boolean => fit.starts > 0;

/** Predicted losses, one a point; NaN where the fit found no solution or the form has no value. */
export const predictions = (fit: LawFit, points: readonly LawPoint[]): number[] =>
  points.map((point) => (isFitted(fit) ? predictFit(fit, point) : Number.NaN));

/** As predictions, of a resampled fit. */
export const predictionsOf = (
  fit: LawFit,
  parameters: LawParameters,
  points: readonly LawPoint[],
): number[] => points.map((point) => predictFit({ form: fit.form, parameters }, point));

/** The fit's band at each point; null when it was not resampled or nothing finite comes out. */
export const bands = (fit: LawFit, points: readonly LawPoint[]): ({ low: number; high: number } | null)[] =>
  points.map((point) => finiteBand(isFitted(fit) ? predictionInterval(fit, point, BAND_LEVEL) : null));

/** Both laws at a target (billions) along the domain ratio; empty when either found no solution. */
export const tradeOff = (
  general: LawFit,
  domain: LawFit,
  target: { n: number; d: number },
  points: number,
): TradeOffPoint[] =>
  isFitted(general) && isFitted(domain)
    ? tradeOffCurve(general, domain, { n: target.n, d: target.d }, points)
    : [];

export const finiteBand = (
  band: { low: number; high: number } | null,
): { low: number; high: number } | null =>
  band && Number.isFinite(band.low) && Number.isFinite(band.high) ? { low: band.low, high: band.high } : null;
