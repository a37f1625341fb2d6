import { predictAll } from '../predict.ts';
import type { Interval, LawFit } from '../types.ts';
import { intervalOf, replicatedPairs } from './replicates.ts';

export interface ParetoPoint {
  domainRatio: number;
  generalLoss: number;
  domainLoss: number;
  generalInterval: Interval | null;
  domainInterval: Interval | null;
}

export interface ParetoFront {
  /** Ratios of which no other is better in both losses, ascending. */
  points: ParetoPoint[];
  /** Where the front bends most: the point farthest from the line between its ends. A hint, not an answer; null on a front of fewer than 3. */
  knee: number | null;
}

/** General against domain loss over all mixtures at a target (billions); `steps` ratios are looked at. */
export function paretoFront(
  general: LawFit,
  domain: LawFit,
  target: { n: number; d: number },
  level: number,
  steps = 100,
): ParetoFront {
  const ratios = Array.from({ length: steps + 1 }, (_, k) => k / steps);
  const generalPoints = ratios.map((r) => ({ ...target, ratio: 1 - r }));
  const domainPoints = ratios.map((r) => ({ ...target, ratio: r }));
  const generalLosses = predictAll(general, generalPoints);
  const domainLosses = predictAll(domain, domainPoints);
  const pairs = replicatedPairs(general, domain).map((pair) => ({
    general: predictAll(pair.general, generalPoints),
    domain: predictAll(pair.domain, domainPoints),
  }));
  const finite = ratios.flatMap((_, i) =>
    Number.isFinite(generalLosses[i]!) && Number.isFinite(domainLosses[i]!) ? [i] : [],
  );
  const dominated = (i: number) =>
    finite.some(
      (j) =>
        generalLosses[j]! <= generalLosses[i]! &&
        domainLosses[j]! <= domainLosses[i]! &&
        (generalLosses[j]! < generalLosses[i]! || domainLosses[j]! < domainLosses[i]!),
    );
  const points = finite
    .filter((i) => !dominated(i))
    .map(
      (i): ParetoPoint => ({
        domainRatio: ratios[i]!,
        generalLoss: generalLosses[i]!,
        domainLoss: domainLosses[i]!,
        generalInterval: intervalOf(
          pairs.map((pair) => pair.general[i]!),
          level,
        ),
        domainInterval: intervalOf(
          pairs.map((pair) => pair.domain[i]!),
          level,
        ),
      }),
    );
  return { points, knee: kneeOf(points) };
}

function kneeOf(points: readonly ParetoPoint[]): number | null {
  if (points.length < 3) return null;
  const [first, last] = [points[0]!, points.at(-1)!];
  const width = last.generalLoss - first.generalLoss || 1;
  const height = last.domainLoss - first.domainLoss || 1;
  // In units of the front's own extent both ends lie on the line x = y.
  const distance = (point: ParetoPoint) =>
    Math.abs(
      (point.generalLoss - first.generalLoss) / width - (point.domainLoss - first.domainLoss) / height,
    );
  return points.reduce((a, b) => (distance(b) > distance(a) ? b : a)).domainRatio;
}
