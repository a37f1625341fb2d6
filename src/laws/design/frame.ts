import { UserError } from '../../common/errors.ts';
import { fromBillions, inOrder, prepare } from '../fitting/prepare.ts';
import { type Columns, columnsOf } from '../forms/columns.ts';
import { evaluationFor, type LawForm, toVector } from '../forms/form.ts';
import { lawForm } from '../forms/registry.ts';
import type { LawFit, LawObservation, LawPoint } from '../types.ts';

/**
 * A law in the fitter's units (N and D divided by their geometric means, so that its matrices are well scaled), with
 * the rows that it was fitted to.
 */
export interface Frame {
  form: LawForm;
  vector: number[];
  /** Indices of parameters that are free to move: not at a bound. */
  free: number[];
  rows: LawObservation[];
  columns(points: readonly LawPoint[]): Columns;
}

/** Throws a UserError when the fit has no solution, or a form that a plan cannot be made for. */
export function makeFrame(
  fit: Pick<LawFit, 'form' | 'parameters' | 'starts'>,
  given: readonly LawObservation[],
): Frame {
  const form = lawForm(fit.form);
  if (form.inputs.length > 0) {
    throw new UserError(
      `${form.name} needs more than N, D and ratio (${form.inputs.map(({ name }) => name).join(', ')}), which planned runs do not have`,
      'Plan with a law of N, D and ratio alone, e.g. L3.',
    );
  }
  const rows = inOrder(given.filter((row) => (row.weight ?? 1) > 0 && covers(form, row.ratio)));
  if (fit.starts === 0 || rows.length === 0) {
    throw new UserError(
      `there is no ${form.name} fit to plan from`,
      'Plan the first runs with power(), which assumes a law; or fit another form.',
    );
  }
  const data = prepare(form, rows);
  const vector = fromBillions(form, toVector(form, fit.parameters), data);
  const free = form.parameters.flatMap(({ lower, upper }, i) =>
    vector[i]! > lower && vector[i]! < upper ? [i] : [],
  );
  return { form, vector, free, rows, columns: (points) => columnsOf(form, points, data.nUnit, data.dUnit) };
}

/** Whether a form has a value at a ratio of its corpus. */
export function covers(form: LawForm, ratio: number): boolean {
  return form.ratios === 'all' || ratio > 0;
}

export interface Slopes {
  /** Predicted loss at each point, nats per token. */
  value: Float64Array;
  /** ∂L/∂(free parameter), by point. */
  byParameter: number[][];
  byRatio: Float64Array;
}

/** Values and slopes of a frame's law at some points. */
export function slopesAt(frame: Frame, points: readonly LawPoint[]): Slopes {
  const out = evaluationFor(frame.form, points.length, { gradient: true, ratioSlope: true });
  frame.form.evaluate(frame.vector, frame.columns(points), out);
  return {
    value: out.value,
    byParameter: points.map((_, i) => frame.free.map((j) => out.gradient![j]![i]!)),
    byRatio: out.ratioSlope!,
  };
}

/** ∂ log L/∂(free parameter) at some points: rows of the Jacobian of log loss. */
export function logSlopes(frame: Frame, points: readonly LawPoint[]): number[][] {
  const { value, byParameter } = slopesAt(frame, points);
  return byParameter.map((row, i) => row.map((slope) => slope / value[i]!));
}

/** Indices of the rows of each run. */
export function membersByRun(rows: readonly LawObservation[]): number[][] {
  const byRun = new Map<string, number[]>();
  rows.forEach((row, i) => {
    const members = byRun.get(row.run);
    if (members) members.push(i);
    else byRun.set(row.run, [i]);
  });
  return [...byRun.values()];
}
