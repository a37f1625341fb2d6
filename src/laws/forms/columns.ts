import type { LawPoint } from '../types.ts';

/** A column beside N, D and ratio that a form needs. `n` and `d`: in billions of parameters or tokens. */
export interface InputInfo {
  name: string;
  unit: 'n' | 'd' | '1' | 'other';
  meaning: string;
}

/** The rows of a fit, column by column: what every evaluation of a form reads. */
export interface Columns {
  count: number;
  /** N and D, in the units that the columns were made with (billions by default). */
  n: Float64Array;
  d: Float64Array;
  logN: Float64Array;
  logD: Float64Array;
  ratio: Float64Array;
  /** −∞ at ratio 0. */
  logRatio: Float64Array;
  inputs: Readonly<Record<string, Float64Array>>;
}

/** Columns of some points for a form. Throws RangeError when a point lacks an input that the form needs. */
export function columnsOf(
  form: { name: string; inputs: readonly InputInfo[] },
  points: readonly LawPoint[],
  nUnit = 1,
  dUnit = 1,
): Columns {
  const n = Float64Array.from(points, (point) => point.n / nUnit);
  const d = Float64Array.from(points, (point) => point.d / dUnit);
  const ratio = Float64Array.from(points, (point) => point.ratio);
  const inputs = Object.fromEntries(
    form.inputs.map(({ name, unit }) => {
      const per = unit === 'n' ? nUnit : unit === 'd' ? dUnit : 1;
      return [name, Float64Array.from(points, (point) => inputOf(point, name, form.name) / per)];
    }),
  );
  return {
    count: points.length,
    n,
    d,
    logN: n.map(Math.log),
    logD: d.map(Math.log),
    ratio,
    logRatio: ratio.map(Math.log),
    inputs,
  };
}

function inputOf(point: LawPoint, name: string, form: string): number {
  const value = point.inputs && Object.hasOwn(point.inputs, name) ? point.inputs[name] : undefined;
  if (value === undefined) throw new RangeError(`${form} needs the input ${name} at every point`);
  return value;
}
