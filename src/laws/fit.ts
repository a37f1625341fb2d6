import { checkRows, designStatus, designWarnings, distinct } from './checkRows.ts';
import { type LawForm, lawRatioSlope, parameterNames, toParameters, toVector } from './forms/form.ts';
import { symmetricEigenvalues } from './linearAlgebra.ts';
import { curvature, type FitRow } from './objective.ts';
import { type Polished, polish } from './polish.ts';
import { fitQuality } from './quality.ts';
import { globalSearch } from './search.ts';
import type { FitStatus, LawFit, LawObservation, LawParameters } from './types.ts';

export interface FitOptions {
  /** Huber threshold on log loss. */
  delta: number;
  /** Shapes tried by the global search. */
  candidates: number;
  /** The best of them, which are polished. */
  starts: number;
}

/** delta as in arXiv 2203.15556 and 2406.01375; it decides exponents (it moves published ones by a quarter), so it is recorded. */
export const DEFAULT_FIT: FitOptions = { delta: 1e-3, candidates: 256, starts: 16 };

const FIRST_ITERATIONS = 60;
const LAST_ITERATIONS = 500;
/** From here on a matrix has no direction left to tell apart in float64 after squaring. */
const SINGULAR_CONDITION = 1e7;

/** Rows in units near 1. */
interface Prepared {
  rows: FitRow[];
  nUnit: number;
  dUnit: number;
}

/**
 * Fits a form to observations of one loss: summed log-Huber, float64, variable projection from many low-discrepancy
 * starts, then exact-gradient polishing inside bounds. Soft trouble is a status on the result; malformed rows throw a
 * UserError that names them. The same rows in any order give the same bits. Nothing but these rows is looked at.
 */
export function fitLaw(
  form: LawForm,
  given: readonly LawObservation[],
  options: Partial<FitOptions> = {},
): LawFit {
  const { delta, candidates, starts } = { ...DEFAULT_FIT, ...options };
  checkRows(given);
  const observations = inOrder(given);
  const design = designStatus(form, observations);
  const prepared = prepare(observations);
  const first = globalSearch(form, prepared.rows, delta, candidates)
    .slice(0, starts)
    .map((vector) => polish(form, prepared.rows, delta, vector, FIRST_ITERATIONS))
    .sort((a, b) => a.value - b.value);
  if (first.length === 0) return emptyFit(form, delta, design?.detail ?? 'no start gave a positive loss');
  const polished = first
    .slice(0, 4)
    .map(({ vector }) => polish(form, prepared.rows, delta, vector, LAST_ITERATIONS))
    .sort((a, b) => a.value - b.value);
  const best = polished[0]!;
  const reached = [...polished, ...first.slice(4)];
  const vector = toBillions(form, best.vector, prepared);
  const conditionNumber = scaledCondition(form, best.vector, prepared.rows, delta);
  const startsNearBest = reached.filter(({ value }) => value <= best.value * 1.01 + 1e-15).length;
  const { status, detail } =
    design ?? judge(form, best, conditionNumber, `${startsNearBest} of ${first.length} starts agree`);
  return {
    form: form.name,
    parameters: toParameters(form, vector),
    status,
    statusDetail: detail,
    quality: fitQuality(form, vector, observations, delta),
    delta,
    gradientNorm: best.gradientNorm,
    starts: first.length,
    startsNearBest,
    conditionNumber,
    intervals: null,
    replicates: [],
    warnings: [...designWarnings(observations), ...slopeWarnings(form, vector, observations)],
  };
}

/** A refit from a known solution, for resampled rows: a few steps instead of a search. Returns parameters in billions. */
export function refit(
  form: LawForm,
  observations: readonly LawObservation[],
  from: readonly LawParameters[],
  options: { delta: number; iterations: number },
): LawParameters {
  const prepared = prepare(inOrder(observations));
  const best = from
    .map((parameters) => fromBillions(form, toVector(form, parameters), prepared))
    .map((vector) => polish(form, prepared.rows, options.delta, vector, options.iterations))
    .sort((a, b) => a.value - b.value)[0]!;
  return toParameters(form, toBillions(form, best.vector, prepared));
}

/** By value and run: sums then do not depend on the order that rows came in. */
function inOrder(rows: readonly LawObservation[]): LawObservation[] {
  const byName = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
  return [...rows].sort(
    (a, b) => a.n - b.n || a.d - b.d || a.ratio - b.ratio || a.loss - b.loss || byName(a.run, b.run),
  );
}

function prepare(observations: readonly LawObservation[]): Prepared {
  const geometricMean = (values: number[]) =>
    Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
  // Of distinct values: the units, and so every bit of the fit, do not depend on how often a run was resampled.
  const nUnit = geometricMean(distinct(observations.map((row) => row.n)));
  const dUnit = geometricMean(distinct(observations.map((row) => row.d)));
  const rows = observations.map((row) => ({
    n: row.n / nUnit,
    d: row.d / dUnit,
    ratio: row.ratio,
    logLoss: Math.log(row.loss),
    weight: row.weight ?? 1,
  }));
  return { rows, nUnit, dUnit };
}

function toBillions(form: LawForm, vector: readonly number[], { nUnit, dUnit }: Prepared): number[] {
  const shape = vector.slice(form.linear.length);
  const scale = form.linearScale(shape, nUnit, dUnit);
  return [...scale.map((each, j) => vector[j]! / each), ...shape];
}

function fromBillions(form: LawForm, vector: readonly number[], { nUnit, dUnit }: Prepared): number[] {
  const shape = vector.slice(form.linear.length);
  const scale = form.linearScale(shape, nUnit, dUnit);
  return [...scale.map((each, j) => vector[j]! * each), ...shape];
}

/** Condition number of the Jacobian with columns of unit length (square root of the Gram matrix' eigenvalue ratio). */
function scaledCondition(
  form: LawForm,
  vector: readonly number[],
  rows: readonly FitRow[],
  delta: number,
): number {
  const { matrix } = curvature(form, vector, rows, delta);
  const kept = matrix.flatMap((row, i) => (row[i]! > 0 ? [i] : []));
  if (kept.length < matrix.length) return Number.MAX_VALUE;
  const scaled = kept.map((i) =>
    kept.map((j) => matrix[i]![j]! / Math.sqrt(matrix[i]![i]! * matrix[j]![j]!)),
  );
  const eigenvalues = symmetricEigenvalues(scaled);
  const smallest = eigenvalues[0]!;
  return smallest > 0 ? Math.sqrt(eigenvalues.at(-1)! / smallest) : Number.MAX_VALUE;
}

function judge(
  form: LawForm,
  best: Polished,
  conditionNumber: number,
  agreement: string,
): { status: FitStatus; detail: string } {
  const names = parameterNames(form);
  const infos = [...form.linear, ...form.shape];
  const held = best.vector.flatMap((value, i) => {
    const { lower, upper } = infos[i]!;
    if (value <= lower) return [`${names[i]} stands at its lower bound ${lower}`];
    if (value >= upper) return [`${names[i]} stands at its upper bound ${upper}`];
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
  return { status: 'converged', detail: agreement };
}

/** Where on the data's own box the law says that more of a corpus makes its loss worse. */
function slopeWarnings(
  form: LawForm,
  vector: readonly number[],
  observations: readonly LawObservation[],
): string[] {
  if (form.needs.ratios < 2) return [];
  const warnings: string[] = [];
  const ds = observations.map((row) => row.d);
  const ratios = observations.map((row) => row.ratio);
  const [low, high] = [Math.min(...ratios), Math.max(...ratios)];
  const n = observations[0]!.n;
  let rising: { ratio: number; d: number } | undefined;
  for (const d of [Math.max(...ds), Math.min(...ds)]) {
    for (let k = 0; k <= 50 && !rising; k++) {
      const ratio = low + ((high - low) * k) / 50;
      if (lawRatioSlope(form, vector, { n, d, ratio }) > 0) rising = { ratio, d };
    }
  }
  if (rising) {
    warnings.push(
      `the law lets this loss rise with its own corpus' share from ratio ${rising.ratio.toFixed(2)} on at D = ${Number((rising.d * 1e9).toPrecision(3)).toLocaleString('en-US')} tokens: do not trust it there`,
    );
  }
  const near = observations.filter((row) => row.ratio < 0.05).length / observations.length;
  if (near > 0) {
    warnings.push(
      `${Math.round(near * 100)} % of the rows have a ratio below 0.05, where loss may rise with tokens and no form of this family follows (arXiv 2406.01375 App. I.3)`,
    );
  }
  return warnings;
}

function emptyFit(form: LawForm, delta: number, detail: string): LawFit {
  const zero = parameterNames(form).map(() => 0);
  return {
    form: form.name,
    parameters: toParameters(form, zero),
    status: 'singular-design',
    statusDetail: detail,
    quality: { r2: 0, huberSum: 0, huberMean: 0, mae: 0, meanRelativeError: 0, rows: 0 },
    delta,
    gradientNorm: 0,
    starts: 0,
    startsNearBest: 0,
    conditionNumber: Number.MAX_VALUE,
    intervals: null,
    replicates: [],
    warnings: [],
  };
}
