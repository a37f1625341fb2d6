import type { LawParameters, LawPoint } from '../types.ts';
import { type Columns, columnsOf, type InputInfo } from './columns.ts';

export type { InputInfo } from './columns.ts';

/** Where the global search takes its starts from, for N and D near 1 and losses of a few nats. */
export interface StartRange {
  low: number;
  high: number;
  /** Even steps of the value, or of its logarithm. */
  steps: 'linear' | 'log';
}

export interface ParameterInfo {
  name: string;
  /** In words, for tables: e.g. `nats per token`. */
  unit: string;
  /** Bounds for N and D in billions. A linear parameter is bounded below by 0 or by −∞ and unbounded above. */
  lower: number;
  upper: number;
  /** Needed by parameters that are not linear. */
  start?: StartRange;
}

/** What evaluate fills: arrays of one number a row. */
export interface Evaluation {
  /** Predicted loss, nats per token. */
  value: Float64Array;
  /** ∂L/∂parameter, one array a parameter; null when not wanted. For a linear parameter this is its basis function. */
  gradient: Float64Array[] | null;
  /** ∂L/∂ratio; null when not wanted. */
  ratioSlope: Float64Array | null;
  /** Room for the form's own intermediate values. */
  scratch: Float64Array[];
}

/**
 * One parametrised surface of a loss. The first `linear` parameters enter linearly once the others (the shape) are
 * fixed: L = rest(shape) + Σ_j linear_j · basis_j(shape). All rows are evaluated in one call: a fit calls it thousands of times.
 */
export interface LawForm {
  name: string;
  formula: string;
  /** Paper and equation. */
  source: string;
  /** Linear parameters first. */
  parameters: readonly ParameterInfo[];
  linear: number;
  inputs: readonly InputInfo[];
  /** How many scratch arrays evaluate uses. */
  scratch: number;
  evaluate(vector: ArrayLike<number>, at: Columns, out: Evaluation): void;
  /**
   * By what each parameter is multiplied when N and D are divided by nUnit and dUnit: the fitter works near 1 whatever
   * the models' size, and gives back parameters for billions.
   */
  unitFactors(vector: ArrayLike<number>, nUnit: number, dUnit: number): number[];
  /** What it takes to tell the parameters apart: distinct values of N, D and ratio. */
  needs: { sizes: number; tokens: number; ratios: number };
  /** `positive`: the formula diverges at ratio 0, so such rows cannot be fitted or predicted. */
  ratios: 'all' | 'positive';
  /** True where D does not enter: rows at D = 0, the base models, can be fitted. */
  tokensFromZero?: boolean;
  /** What the formula says where a corpus is absent or alone. */
  limits: { ratio0: string; ratio1: string };
  /** A simpler form that this one contains: its solution is one more start. Vectors in the fitter's units. */
  contains?: { form: LawForm; lift(vector: readonly number[]): number[] };
}

export function parameterNames(form: LawForm): string[] {
  return form.parameters.map(({ name }) => name);
}

export function toVector(form: LawForm, parameters: LawParameters): number[] {
  return parameterNames(form).map((name) => {
    const value = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
    if (value === undefined) throw new RangeError(`parameter ${name} of ${form.name} is missing`);
    return value;
  });
}

export function toParameters(form: LawForm, vector: ArrayLike<number>): LawParameters {
  return Object.fromEntries(parameterNames(form).map((name, i) => [name, vector[i]!]));
}

/** Room for evaluating `count` rows. */
export function evaluationFor(
  form: LawForm,
  count: number,
  wanted: { gradient?: boolean; ratioSlope?: boolean } = {},
): Evaluation {
  const arrays = (many: number) => Array.from({ length: many }, () => new Float64Array(count));
  return {
    value: new Float64Array(count),
    gradient: wanted.gradient ? arrays(form.parameters.length) : null,
    ratioSlope: wanted.ratioSlope ? new Float64Array(count) : null,
    scratch: arrays(form.scratch),
  };
}

/** Predicted losses at some points, nats per token. Throws RangeError when an input that the form needs is missing. */
export function lawValues(
  form: LawForm,
  vector: readonly number[],
  points: readonly LawPoint[],
): Float64Array {
  const out = evaluationFor(form, points.length);
  form.evaluate(vector, columnsOf(form, points), out);
  return out.value;
}

/** Predicted loss at one point, nats per token. */
export function lawValue(form: LawForm, vector: readonly number[], point: LawPoint): number {
  return lawValues(form, vector, [point])[0]!;
}

/** ∂L/∂parameter at a point, in the order of the form's parameters. */
export function lawGradient(form: LawForm, vector: readonly number[], point: LawPoint): number[] {
  const out = evaluationFor(form, 1, { gradient: true });
  form.evaluate(vector, columnsOf(form, [point]), out);
  return out.gradient!.map((column) => column[0]!);
}

/** ∂L/∂parameter at every point: rows by point, columns by parameter. */
export function lawJacobian(
  form: LawForm,
  vector: readonly number[],
  points: readonly LawPoint[],
): number[][] {
  const out = evaluationFor(form, points.length, { gradient: true });
  form.evaluate(vector, columnsOf(form, points), out);
  return points.map((_, i) => out.gradient!.map((column) => column[i]!));
}

/** ∂L/∂ratio at every point, nats per token per unit of ratio. */
export function lawRatioSlopes(
  form: LawForm,
  vector: readonly number[],
  points: readonly LawPoint[],
): Float64Array {
  const out = evaluationFor(form, points.length, { ratioSlope: true });
  form.evaluate(vector, columnsOf(form, points), out);
  return out.ratioSlope!;
}

/** ∂L/∂ratio at one point, nats per token per unit of ratio. */
export function lawRatioSlope(form: LawForm, vector: readonly number[], point: LawPoint): number {
  return lawRatioSlopes(form, vector, [point])[0]!;
}
