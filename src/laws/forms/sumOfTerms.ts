import type { Columns } from './columns.ts';
import type { Evaluation, LawForm, ParameterInfo } from './form.ts';

/** What a term's evaluate fills; null where not wanted. */
export interface TermValues {
  value: Float64Array;
  /** ∂g/∂shape_k, one array a shape parameter of the term. */
  byShape: readonly Float64Array[] | null;
  byRatio: Float64Array | null;
}

/** coefficient · g(shape; row). Terms that name the same shape parameter share it. */
export interface Term {
  /** null: the coefficient is fixed at 1. */
  coefficient: ParameterInfo | null;
  shape: readonly ParameterInfo[];
  evaluate(shape: readonly number[], at: Columns, out: TermValues): void;
  /** By what the coefficient is multiplied when N and D are divided by the units; 1 when absent. */
  coefficientFactor?(shape: readonly number[], nUnit: number, dUnit: number): number;
  /** The same for the shape parameters; all 1 when absent. */
  shapeFactors?(shape: readonly number[], nUnit: number, dUnit: number): number[];
}

export type SumOfTerms = Omit<
  LawForm,
  'parameters' | 'linear' | 'scratch' | 'evaluate' | 'unitFactors' | 'inputs' | 'ratios'
> & { terms: readonly Term[]; inputs?: LawForm['inputs']; ratios?: LawForm['ratios'] };

/** A form that adds terms up: value, gradient and slope follow from those of the terms. */
export function sumOfTerms({ terms, ...about }: SumOfTerms): LawForm {
  const coefficients = terms.flatMap(({ coefficient }) => (coefficient ? [coefficient] : []));
  const shape = terms
    .flatMap((term) => term.shape)
    .filter((info, i, all) => all.findIndex(({ name }) => name === info.name) === i);
  const parameters = [...coefficients, ...shape];
  const indexOf = (info: ParameterInfo) => parameters.findIndex(({ name }) => name === info.name);
  const parts = terms.map((term) => ({
    term,
    linear: term.coefficient ? indexOf(term.coefficient) : -1,
    shape: term.shape.map(indexOf),
  }));
  const widest = Math.max(...terms.map((term) => term.shape.length));
  const shapeOf = (indices: readonly number[], vector: ArrayLike<number>) => indices.map((i) => vector[i]!);

  const evaluate = (vector: ArrayLike<number>, at: Columns, out: Evaluation): void => {
    out.value.fill(0);
    out.ratioSlope?.fill(0);
    for (const column of out.gradient?.slice(coefficients.length) ?? []) column.fill(0);
    for (const part of parts) {
      const coefficient = part.linear < 0 ? 1 : vector[part.linear]!;
      const own = out.gradient && part.linear >= 0 ? out.gradient[part.linear]! : out.scratch[0]!;
      const byShape = out.gradient ? out.scratch.slice(2, 2 + part.shape.length) : null;
      const byRatio = out.ratioSlope ? out.scratch[1]! : null;
      part.term.evaluate(shapeOf(part.shape, vector), at, { value: own, byShape, byRatio });
      addScaled(out.value, own, coefficient, at.count);
      if (out.ratioSlope) addScaled(out.ratioSlope, byRatio!, coefficient, at.count);
      part.shape.forEach((i, k) => {
        if (out.gradient) addScaled(out.gradient[i]!, byShape![k]!, coefficient, at.count);
      });
    }
  };

  return {
    inputs: [],
    ratios: 'all',
    ...about,
    parameters,
    linear: coefficients.length,
    scratch: 2 + widest,
    evaluate,
    unitFactors: (vector, nUnit, dUnit) => {
      const factors = parameters.map(() => 1);
      for (const { term, linear, shape: indices } of parts) {
        const values = shapeOf(indices, vector);
        if (linear >= 0) factors[linear] = term.coefficientFactor?.(values, nUnit, dUnit) ?? 1;
        term.shapeFactors?.(values, nUnit, dUnit).forEach((factor, k) => {
          factors[indices[k]!] = factor;
        });
      }
      return factors;
    },
  };
}

function addScaled(to: Float64Array, from: Float64Array, factor: number, count: number): void {
  for (let i = 0; i < count; i++) to[i]! += factor * from[i]!;
}
