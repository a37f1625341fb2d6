import { predictFit, predictionInterval } from '../predict.ts';
import type { Interval, LawFit } from '../types.ts';

export interface TradeOffPoint {
  domainRatio: number;
  generalLoss: number;
  domainLoss: number;
  generalInterval: Interval | null;
  domainInterval: Interval | null;
}

/** Both predicted losses at a target (billions) along the domain ratio, at `points` evenly spaced ratios from 0 to 1. */
export function tradeOffCurve(
  general: LawFit,
  domain: LawFit,
  target: { n: number; d: number },
  points = 101,
): TradeOffPoint[] {
  return Array.from({ length: points }, (_, k) => {
    const domainRatio = k / (points - 1);
    const generalPoint = { ...target, ratio: 1 - domainRatio };
    const domainPoint = { ...target, ratio: domainRatio };
    return {
      domainRatio,
      generalLoss: predictFit(general, generalPoint),
      domainLoss: predictFit(domain, domainPoint),
      generalInterval: predictionInterval(general, generalPoint),
      domainInterval: predictionInterval(domain, domainPoint),
    };
  });
}
