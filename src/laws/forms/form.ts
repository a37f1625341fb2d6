import type { LawParameters, LawPoint } from '../types.ts';

export interface ParameterInfo {
  name: string;
  /** In words, for tables: e.g. `nats per token`. */
  unit: string;
  /** Bounds for N and D in billions; linear parameters are bounded below by 0 and unbounded above. */
  lower: number;
  upper: number;
}

/**
 * One parametrised surface of a loss, linear in some of its parameters once the others (`shape`) are fixed:
 * L = Σ_j linear_j · basis_j(shape; N, D, ratio).
 */
export interface LawForm {
  name: string;
  formula: string;
  /** Paper and equation. */
  source: string;
  linear: readonly ParameterInfo[];
  shape: readonly ParameterInfo[];
  /** Basis functions at a point, one per linear parameter. */
  basis(shape: readonly number[], point: LawPoint): number[];
  /** ∂basis_j/∂shape_k, rows by linear parameter. */
  basisGradient(shape: readonly number[], point: LawPoint): number[][];
  /** ∂basis_j/∂ratio. */
  basisRatioSlope(shape: readonly number[], point: LawPoint): number[];
  /**
   * By what each linear parameter is multiplied when N and D are divided by nUnit and dUnit: the fitter works near 1
   * whatever the models' size, and gives back parameters for billions.
   */
  linearScale(shape: readonly number[], nUnit: number, dUnit: number): number[];
  /** What it takes to tell the parameters apart: distinct values of N, D and ratio. */
  needs: { sizes: number; tokens: number; ratios: number };
  /** What the formula says where a corpus is absent or alone. */
  limits: { ratio0: string; ratio1: string };
}

/** Parameter names in the order of fits: linear, then shape. */
export function parameterNames(form: LawForm): string[] {
  return [...form.linear, ...form.shape].map(({ name }) => name);
}

export function toVector(form: LawForm, parameters: LawParameters): number[] {
  return parameterNames(form).map((name) => {
    const value = parameters[name];
    if (value === undefined) throw new RangeError(`parameter ${name} of ${form.name} is missing`);
    return value;
  });
}

export function toParameters(form: LawForm, vector: readonly number[]): LawParameters {
  return Object.fromEntries(parameterNames(form).map((name, i) => [name, vector[i]!]));
}

/** Predicted loss, nats per token. */
export function lawValue(form: LawForm, vector: readonly number[], point: LawPoint): number {
  const basis = form.basis(vector.slice(form.linear.length), point);
  return basis.reduce((sum, each, j) => sum + each * vector[j]!, 0);
}

/** ∂L/∂parameter, in the order of parameterNames. */
export function lawGradient(form: LawForm, vector: readonly number[], point: LawPoint): number[] {
  const shape = vector.slice(form.linear.length);
  const ofShape = form.basisGradient(shape, point);
  return [
    ...form.basis(shape, point),
    ...form.shape.map((_, k) => ofShape.reduce((sum, row, j) => sum + vector[j]! * row[k]!, 0)),
  ];
}

/** ∂L/∂ratio, nats per token per unit of ratio. */
export function lawRatioSlope(form: LawForm, vector: readonly number[], point: LawPoint): number {
  const slopes = form.basisRatioSlope(vector.slice(form.linear.length), point);
  return slopes.reduce((sum, each, j) => sum + each * vector[j]!, 0);
}
