import type { Answer } from '../api/laws.ts';

export type PathPoint = Answer['tradeOff'][number];

export interface LossRow {
  domainRatio: number;
  loss: number;
  low: number | null;
  high: number | null;
}

/** One loss along the ratio, where the law has a value. */
export function lossRows(path: readonly PathPoint[], loss: 'general' | 'domain'): LossRow[] {
  return path.flatMap((point) => {
    const value = loss === 'general' ? point.generalLoss : point.domainLoss;
    const interval = loss === 'general' ? point.generalInterval : point.domainInterval;
    if (value === null) return [];
    const { domainRatio } = point;
    return [{ domainRatio, loss: value, low: interval?.low ?? null, high: interval?.high ?? null }];
  });
}

export interface ParetoRow {
  domainRatio: number;
  generalLoss: number;
  domainLoss: number;
  /** Neither loss can be had lower without the other rising. */
  isBest: boolean;
  isWithinLimit: boolean;
}

/** Both losses of every ratio, with whether another ratio beats them in both. */
export function paretoRows(answer: Answer): ParetoRow[] {
  return answer.tradeOff.flatMap(({ domainRatio, generalLoss, domainLoss, isPareto }) =>
    generalLoss === null || domainLoss === null
      ? []
      : [
          {
            ...{ domainRatio, generalLoss, domainLoss },
            isBest: isPareto,
            isWithinLimit: generalLoss <= answer.generalLossLimit,
          },
        ],
  );
}

/** The point of a path nearest to a ratio; null when it has none. */
export function nearestTo<Point extends { domainRatio: number }>(
  points: readonly Point[],
  ratio: number | null,
): Point | null {
  if (ratio === null) return null;
  let best: Point | null = null;
  for (const point of points) {
    if (!best || Math.abs(point.domainRatio - ratio) < Math.abs(best.domainRatio - ratio)) best = point;
  }
  return best;
}

export const TRADE_OFF_COLUMNS = [
  ...[
    'domain_ratio',
    'general_loss',
    'general_low',
    'general_high',
    'domain_loss',
    'domain_low',
    'domain_high',
  ],
  'is_pareto',
];

export function tradeOffTable(answer: Answer): (number | boolean | null)[][] {
  return answer.tradeOff.map((point) => [
    ...[
      point.domainRatio,
      point.generalLoss,
      point.generalInterval?.low ?? null,
      point.generalInterval?.high ?? null,
    ],
    ...[point.domainLoss, point.domainInterval?.low ?? null, point.domainInterval?.high ?? null],
    point.isPareto,
  ]);
}
