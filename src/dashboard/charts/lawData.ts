import type { LawPoint, LawView, LossView } from '../api/laws.ts';
import { ascending, extent, thinned } from './ranges.ts';

export type LossName = 'general' | 'domain';

export const lossView = (law: LawView, loss: LossName): LossView =>
  loss === 'general' ? law.general : law.ofDomain;

export interface CurveRow {
  modelSize: number;
  domainRatio: number;
  loss: number;
  low: number | null;
  high: number | null;
}

/** Rows of the fitted curves where the law has a value; one model size if named. */
export function curveRows({ curves }: LossView, modelSize: number | null): CurveRow[] {
  return curves
    .filter((curve) => modelSize === null || curve.modelSize === modelSize)
    .flatMap((curve) =>
      curve.ratios.flatMap((domainRatio, at) => {
        const loss = curve.loss[at] ?? null;
        if (loss === null) return [];
        const { modelSize: size } = curve;
        return [
          { modelSize: size, domainRatio, loss, low: curve.low[at] ?? null, high: curve.high[at] ?? null },
        ];
      }),
    );
}

/** Rows with a whole band, for an area. */
export const bandRows = (rows: readonly CurveRow[]): (CurveRow & { low: number; high: number })[] =>
  rows.filter(
    (row): row is CurveRow & { low: number; high: number } => row.low !== null && row.high !== null,
  );

/** The points that belong over the curves: of each run’s last token count. */
export const lastPoints = ({ points }: LossView, modelSize: number | null): LawPoint[] =>
  points.filter((point) => point.isLast && (modelSize === null || point.modelSize === modelSize));

export interface Residual extends LawPoint {
  /** Measured less predicted, nats per token. */
  residual: number;
}

export function residuals({ points }: LossView, modelSize: number | null, most = 1500): Residual[] {
  const chosen = points.flatMap((point): Residual[] =>
    point.predicted !== null && (modelSize === null || point.modelSize === modelSize)
      ? [{ ...point, residual: point.measured - point.predicted }]
      : [],
  );
  return keptOutside(chosen, most);
}

/** Fewer points to draw, but every one outside the band. */
export function keptOutside<Point extends { isOutside: boolean }>(
  points: readonly Point[],
  most: number,
): Point[] {
  const outside = points.filter(({ isOutside }) => isOutside);
  const inside = points.filter(({ isOutside }) => !isOutside);
  return [...thinned(inside, Math.max(0, most - outside.length)), ...outside];
}

/** The same range for both axes, so that the diagonal is one. */
export function identityRange(rows: readonly Residual[]): [number, number] {
  const range = extent(rows.flatMap(({ measured, predicted }) => [measured, predicted])) ?? [0, 1];
  const margin = (range[1] - range[0] || 1) * 0.04;
  return [range[0] - margin, range[1] + margin];
}

export const sizesOf = (law: LawView): number[] =>
  ascending([
    ...law.measured.modelSizes,
    ...law.general.curves.map(({ modelSize }) => modelSize),
    ...law.ofDomain.curves.map(({ modelSize }) => modelSize),
  ]);

/** A loss’s range on a symmetric axis around 0. */
export function symmetricRange(values: readonly number[]): [number, number] {
  const range = extent(values.map(Math.abs));
  const most = (range?.[1] || 0.01) * 1.08;
  return [-most, most];
}

export const POINT_COLUMNS = [
  ...[
    'loss',
    'run',
    'model_size',
    'tokens',
    'domain_ratio',
    'measured',
    'predicted',
    'residual',
    'low',
    'high',
  ],
  'is_outside_band',
];

export const pointRow = (loss: LossName, point: LawPoint) => [
  ...[loss, point.run, point.modelSize, point.tokens, point.domainRatio, point.measured, point.predicted],
  ...[
    point.predicted === null ? null : point.measured - point.predicted,
    point.low,
    point.high,
    point.isOutside,
  ],
];
