import { type Columns, columnsOf } from '../forms/columns.ts';
import type { LawForm } from '../forms/form.ts';
import type { LawObservation, LawPoint } from '../types.ts';
import { distinct } from './checkRows.ts';

/** Rows in units near 1, column by column. */
export interface FitData {
  at: Columns;
  loss: Float64Array;
  logLoss: Float64Array;
  weight: Float64Array;
  /** Billions in one unit of N and of D. */
  nUnit: number;
  dUnit: number;
  /** Rows from here on are not measurements but conditions: what the law must say at a point (see pinned). */
  pinnedFrom: number;
}

/** A condition on a fit: the law says `loss` at this point. */
export interface Pin {
  point: LawPoint;
  loss: number;
  weight: number;
}

/** Columns of some rows, in the order that they come in. */
export function prepare(form: LawForm, rows: readonly LawObservation[], pins: readonly Pin[] = []): FitData {
  // Of distinct values: the units, and so every bit of the fit, do not depend on how often a run was resampled.
  const nUnit = geometricMean(distinct(rows.map((row) => row.n)));
  const dUnit = geometricMean(distinct(rows.map((row) => row.d).filter((d) => d > 0)));
  const loss = Float64Array.from([...rows.map((row) => row.loss), ...pins.map((pin) => pin.loss)]);
  return {
    at: columnsOf(form, [...rows, ...pins.map((pin) => pin.point)], nUnit, dUnit),
    loss,
    logLoss: loss.map(Math.log),
    weight: Float64Array.from([...rows.map((row) => row.weight ?? 1), ...pins.map((pin) => pin.weight)]),
    nUnit,
    dUnit,
    pinnedFrom: rows.length,
  };
}

/** By value and run: sums then do not depend on the order that rows came in. */
export function inOrder<Row extends LawObservation>(rows: readonly Row[]): Row[] {
  const byName = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
  return [...rows].sort(
    (a, b) => a.n - b.n || a.d - b.d || a.ratio - b.ratio || a.loss - b.loss || byName(a.run, b.run),
  );
}

/** Parameters for billions from those in the fitter's units, and back. */
export function toBillions(form: LawForm, vector: readonly number[], { nUnit, dUnit }: FitData): number[] {
  const factors = form.unitFactors(vector, nUnit, dUnit);
  return vector.map((value, i) => value / factors[i]!);
}

export function fromBillions(form: LawForm, vector: readonly number[], { nUnit, dUnit }: FitData): number[] {
  const factors = form.unitFactors(vector, nUnit, dUnit);
  return vector.map((value, i) => value * factors[i]!);
}

function geometricMean(values: readonly number[]): number {
  if (values.length === 0) return 1;
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}
