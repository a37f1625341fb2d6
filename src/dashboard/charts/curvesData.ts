import type { Curve } from '../api/sweeps.ts';

export type LossName = 'general' | 'domain';
export type Unit = 'nats' | 'bits';

/** Which curves are looked at; null: all of that kind. */
export interface CurveFilter {
  domain: string | null;
  modelSizes: readonly number[] | null;
  ratios: readonly number[] | null;
  seeds: readonly number[] | null;
  base: boolean;
}

export function chosenCurves(curves: Iterable<Curve>, filter: CurveFilter): Curve[] {
  const has = (chosen: readonly number[] | null, value: number) => chosen === null || chosen.includes(value);
  return [...curves].filter(
    (curve) =>
      has(filter.modelSizes, curve.modelSize) &&
      has(filter.seeds, curve.seed) &&
      (curve.kind === 'base'
        ? filter.base
        : (filter.domain === null || curve.domain === filter.domain) &&
          has(filter.ratios, curve.domainRatio)),
  );
}

/** One loss of a curve, a value for each of its token counts. */
export function lossOf(curve: Curve, loss: LossName, unit: Unit): readonly (number | null)[] {
  if (loss === 'general') return unit === 'nats' ? curve.generalLoss : curve.generalBitsPerByte;
  return unit === 'nats' ? curve.domainLoss : curve.domainBitsPerByte;
}

/** Curves over one common, ascending column of token counts. */
export interface Aligned {
  tokens: number[];
  /** A column a curve; null where it was not measured. */
  losses: (number | null)[][];
}

/** `isLog`: 0 tokens has no place on a logarithmic axis and is left out. */
export function alignCurves(curves: readonly Curve[], loss: LossName, unit: Unit, isLog: boolean): Aligned {
  const all = new Set<number>();
  for (const { tokens } of curves) for (const each of tokens) if (!isLog || each > 0) all.add(each);
  const tokens = [...all].sort((a, b) => a - b);
  const place = new Map(tokens.map((each, at) => [each, at]));
  const losses = curves.map((curve) => {
    const column: (number | null)[] = new Array(tokens.length).fill(null);
    const values = lossOf(curve, loss, unit);
    curve.tokens.forEach((each, at) => {
      const row = place.get(each);
      if (row !== undefined) column[row] = values[at] ?? null;
    });
    return column;
  });
  return { tokens, losses };
}

/** The measured point nearest to a place on the screen, within `reach` pixels; null when none is. */
export function nearestPoint(
  { tokens, losses }: Aligned,
  at: { x: number; y: number },
  toX: (tokens: number) => number,
  toY: (loss: number) => number,
  reach = 36,
): { curve: number; point: number } | null {
  let best: { curve: number; point: number } | null = null;
  let least = reach * reach;
  const near: { point: number; square: number }[] = [];
  tokens.forEach((each, point) => {
    const square = (toX(each) - at.x) ** 2;
    if (square < least) near.push({ point, square });
  });
  losses.forEach((column, curve) => {
    for (const { point, square } of near) {
      const loss = column[point];
      if (loss === null || loss === undefined) continue;
      const distance = square + (toY(loss) - at.y) ** 2;
      if (distance < least) {
        least = distance;
        best = { curve, point };
      }
    }
  });
  return best;
}

/** Rows of a table of curves: one a measurement. */
export function curveRows(curves: readonly Curve[]): (string | number | null)[][] {
  return curves.flatMap((curve) =>
    curve.tokens.map((tokens, at) => [
      ...[curve.label, curve.kind, curve.domain, curve.modelSize, curve.domainRatio, curve.seed, tokens],
      ...[curve.generalLoss[at] ?? null, curve.domainLoss[at] ?? null],
      ...[curve.generalBitsPerByte[at] ?? null, curve.domainBitsPerByte[at] ?? null],
    ]),
  );
}

export const CURVE_COLUMNS = [
  ...['label', 'kind', 'domain', 'model_size', 'domain_ratio', 'seed', 'tokens'],
  ...['general_loss', 'domain_loss', 'general_bits_per_byte', 'domain_bits_per_byte'],
];
