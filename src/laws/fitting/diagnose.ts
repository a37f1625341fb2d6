import { type LawForm, lawRatioSlopes, lawValues, parameterNames, toParameters } from '../forms/form.ts';
import type { FitStatus, LawFit, LawObservation } from '../types.ts';
import { symmetricEigenvalues } from './linearAlgebra.ts';
import type { Problem } from './objective.ts';
import type { FitOptions } from './options.ts';
import type { Polished } from './polish.ts';
import { outsideStarts } from './search.ts';

/** From here on a matrix has no direction left to tell apart in float64 after squaring. */
const SINGULAR_CONDITION = 1e7;

/** Condition number of the Jacobian with columns of unit length (square root of the Gram matrix' eigenvalue ratio). */
export function scaledCondition(problem: Problem, vector: readonly number[]): number {
  const { matrix } = problem.curvature(vector);
  if (matrix.some((row, i) => !(row[i]! > 0))) return Number.MAX_VALUE;
  const scaled = matrix.map((row, i) =>
    row.map((value, j) => value / Math.sqrt(matrix[i]![i]! * matrix[j]![j]!)),
  );
  const eigenvalues = symmetricEigenvalues(scaled);
  const smallest = eigenvalues[0]!;
  return smallest > 0 ? Math.sqrt(eigenvalues.at(-1)! / smallest) : Number.MAX_VALUE;
}

/** The status of a search's best end, with a sentence. */
export function judge(
  form: LawForm,
  best: Polished,
  conditionNumber: number,
  agreement: string,
): { status: FitStatus; detail: string } {
  const held = best.vector.flatMap((value, i) => {
    const { name, lower, upper } = form.parameters[i]!;
    if (value <= lower) return [`${name} stands at its lower bound ${lower}`];
    if (value >= upper) return [`${name} stands at its upper bound ${upper}`];
    return [];
  });
  if (held.length > 0) {
    return {
      status: 'at-bound',
      detail: `${held.join('; ')}: the data do not determine it; predictions may still be good`,
    };
  }
  if (!best.converged) {
    return { status: 'iteration-limit', detail: `still moving after ${best.iterations} steps` };
  }
  if (conditionNumber > SINGULAR_CONDITION) {
    return {
      status: 'singular-design',
      detail: `some parameters compensate for each other entirely (condition number ${conditionNumber.toExponential(1)})`,
    };
  }
  const outside = outsideStarts(form, best.vector);
  if (outside.length > 0) {
    return {
      status: 'grid-edge',
      detail: `${outside.join(', ')} lies beyond the range that starts came from (${agreement})`,
    };
  }
  return { status: 'converged', detail: agreement };
}

/** Largest disagreement on any row among parameter vectors (billions), nats per token. */
export function nearOptimalSpread(
  form: LawForm,
  vectors: readonly (readonly number[])[],
  rows: readonly LawObservation[],
): number {
  const predictions = vectors.map((vector) => lawValues(form, vector, rows));
  return Math.max(
    0,
    ...rows.map((_, i) => {
      const here = predictions.map((each) => each[i]!);
      return Math.max(...here) - Math.min(...here);
    }),
  );
}

/** Where on the data's own box the law says that more of a corpus makes its loss worse. */
export function slopeWarnings(
  form: LawForm,
  vector: readonly number[],
  rows: readonly LawObservation[],
): string[] {
  if (form.needs.ratios < 2) return [];
  const ratios = rows.map((row) => row.ratio);
  const [low, high] = [Math.min(...ratios), Math.max(...ratios)];
  const byTokens = [...rows].sort((a, b) => a.d - b.d);
  const box = [byTokens.at(-1)!, byTokens[0]!].flatMap((row) =>
    Array.from({ length: 51 }, (_, k) => ({ ...row, ratio: low + ((high - low) * k) / 50 })),
  );
  const slopes = lawRatioSlopes(form, vector, box);
  const rising = box.find((_, i) => slopes[i]! > 0);
  const warnings: string[] = [];
  if (rising) {
    warnings.push(
      `the law lets this loss rise with its own corpus' share from ratio ${rising.ratio.toFixed(2)} on at D = ${Number((rising.d * 1e9).toPrecision(3)).toLocaleString('en-US')} tokens: do not trust it there`,
    );
  }
  const near = rows.filter((row) => row.ratio < 0.05).length / rows.length;
  if (near > 0) {
    warnings.push(
      `${Math.round(near * 100)} % of the rows have a ratio below 0.05, where loss may rise with tokens and no form of this family follows (arXiv 2406.01375 App. I.3)`,
    );
  }
  return warnings;
}

/** What is left to say when no solution was found; `starts` is 0. */
export function emptyFit(form: LawForm, { objective, delta }: FitOptions, detail: string): LawFit {
  const zero = parameterNames(form).map(() => 0);
  return {
    form: form.name,
    parameters: toParameters(form, zero),
    status: 'singular-design',
    statusDetail: detail,
    quality: { r2: 0, huberSum: 0, huberMean: 0, mae: 0, meanRelativeError: 0, rows: 0 },
    objective: { kind: objective, value: Number.POSITIVE_INFINITY },
    delta,
    constraint: null,
    gradientNorm: 0,
    starts: 0,
    startsNearBest: 0,
    nearOptimal: [],
    nearOptimalSpread: 0,
    conditionNumber: Number.MAX_VALUE,
    intervals: null,
    replicates: [],
    warnings: [],
  };
}
