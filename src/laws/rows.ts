import type { LawObservation } from './types.ts';

/** One measured point of a CPT run, in tokens and parameters (not billions). */
export interface MeasuredPoint {
  run: string;
  modelSize: number;
  tokens: number;
  warmupTokens: number;
  domainRatio: number;
  generalLoss: number;
  domainLoss: number;
}

export interface LawRows {
  general: LawObservation[];
  domain: LawObservation[];
  excluded: { count: number; rule: string };
}

/** A law has a D of its own at every point only where the learning rate has been constant for as long as it rose. */
const WARMUPS_TO_WAIT = 2;

/**
 * The rows that laws are fitted to. D = 0 is never one of them (the D term diverges there; it is the base model), and
 * neither are points before twice the warm-up: there, the rate still rises or the step into the new mixture is not
 * over, which a power of D does not describe. Each corpus' ratio is its own share.
 */
export function lawRows(points: readonly MeasuredPoint[]): LawRows {
  const kept = points.filter(
    (point) => point.tokens > 0 && point.tokens >= WARMUPS_TO_WAIT * point.warmupTokens,
  );
  const row = (point: MeasuredPoint, ratio: number, loss: number): LawObservation => ({
    n: point.modelSize / 1e9,
    d: point.tokens / 1e9,
    ratio,
    loss,
    run: point.run,
  });
  return {
    general: kept.map((point) => row(point, 1 - point.domainRatio, point.generalLoss)),
    domain: kept.map((point) => row(point, point.domainRatio, point.domainLoss)),
    excluded: {
      count: points.length - kept.length,
      rule: `points at D = 0 and before ${WARMUPS_TO_WAIT} × the warm-up tokens of the learning rate`,
    },
  };
}
