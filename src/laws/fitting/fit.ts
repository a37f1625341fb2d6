import { type LawForm, toParameters, toVector } from '../forms/form.ts';
import type { LawFit, LawObservation } from '../types.ts';
import { checkRows, designStatus, designWarnings } from './checkRows.ts';
import { emptyFit, judge, nearOptimalSpread, scaledCondition, slopeWarnings } from './diagnose.ts';
import { makeProblem, type Objective, type Problem } from './objective.ts';
import type { FitOptions } from './options.ts';
import { type Polished, polish } from './polish.ts';
import { type FitData, fromBillions, inOrder, prepare, toBillions } from './prepare.ts';
import { fitQuality } from './quality.ts';
import { globalSearch } from './search.ts';

export type { FitOptions } from './options.ts';

/** delta as in arXiv 2203.15556 and 2406.01375; it decides exponents (it moves published ones by a quarter), so it is recorded. */
export const DEFAULT_FIT: FitOptions = {
  objective: 'log-huber',
  delta: 1e-3,
  starts: 128,
  settledBelow: 1e-10,
  lastIterations: 500,
};

/** Enough for the many fits of a validation table: predictions settle long before parameters do. */
export const QUICK_FIT: Partial<FitOptions> = { starts: 24, settledBelow: 1e-6, lastIterations: 120 };

/** Steps that every start gets, and that the best quarter gets then. */
const ITERATIONS = { every: 8, quarter: 40 };
const LAST = 6;
/** Ends within this share of the best objective count as the same or an equally good optimum. */
export const NEAR_BEST = 0.01;

/**
 * Fits a form to observations of one loss: float64, variable projection from many low-discrepancy starts, then
 * exact-gradient polishing inside bounds. Soft trouble is a status on the result; malformed rows throw a UserError that
 * names them. The same rows in any order give the same bits. Nothing but these rows is looked at.
 */
export function fitLaw(
  form: LawForm,
  given: readonly LawObservation[],
  options: Partial<FitOptions> = {},
): LawFit {
  const chosen = { ...DEFAULT_FIT, ...options };
  checkRows(given, {
    anySign: chosen.objective === 'least-squares',
    zeroTokens: form.tokensFromZero ?? false,
  });
  const covered = form.ratios === 'positive' ? given.filter((row) => row.ratio > 0) : given;
  const leftOut =
    covered.length < given.length
      ? [
          `${form.name} has no value at ratio 0: ${given.length - covered.length} rows of ${given.length} are left out`,
        ]
      : [];
  const rows = inOrder(covered);
  const design = designStatus(form, rows);
  if (rows.length === 0) return emptyFit(form, chosen, design?.detail ?? 'no row can be used');
  const data = prepare(form, rows);
  const problem = makeProblem(form, data, objectiveOf(chosen));
  const ends = optimise(problem, chosen, containedStart(form, rows, chosen, data));
  const best = ends[0];
  if (!best) return emptyFit(form, chosen, design?.detail ?? 'no start gave a positive loss');
  const near = ends.filter(({ value }) => value <= best.value * (1 + NEAR_BEST) + 1e-15);
  const vector = toBillions(form, best.vector, data);
  const conditionNumber = scaledCondition(problem, best.vector);
  const { status, detail } =
    design ?? judge(form, best, conditionNumber, `${near.length} of ${ends.length} starts agree`);
  const nearOptimal = distinctEnds(near).map((end) => toBillions(form, end.vector, data));
  return {
    form: form.name,
    parameters: toParameters(form, vector),
    status,
    statusDetail: detail,
    quality: fitQuality(form, vector, rows, chosen.delta),
    objective: { kind: chosen.objective, value: best.value },
    delta: chosen.delta,
    constraint: null,
    gradientNorm: best.gradientNorm,
    starts: ends.length,
    startsNearBest: near.length,
    nearOptimal: nearOptimal.map((each) => toParameters(form, each)),
    nearOptimalSpread: nearOptimalSpread(form, nearOptimal, rows),
    conditionNumber,
    intervals: null,
    replicates: [],
    warnings: [...leftOut, ...designWarnings(rows), ...slopeWarnings(form, vector, rows)],
  };
}

export function objectiveOf({ objective, delta }: Pick<FitOptions, 'objective' | 'delta'>): Objective {
  return objective === 'log-huber' ? { kind: 'log-huber', delta } : { kind: 'least-squares' };
}

/** Ends of the search from many starts, best first. Every start is polished a little, the promising ones to the end. */
export function optimise(
  problem: Problem,
  { starts, settledBelow, lastIterations }: Pick<FitOptions, 'starts' | 'settledBelow' | 'lastIterations'>,
  extra: readonly (readonly number[])[] = [],
): Polished[] {
  const candidates = [...extra, ...globalSearch(problem, starts).map(({ vector }) => vector)];
  const stage = (ends: readonly Polished[], count: number, iterations: number): Polished[] =>
    [
      ...ends.slice(0, count).map(({ vector }) => polish(problem, vector, iterations, settledBelow)),
      ...ends.slice(count),
    ].sort((a, b) => a.value - b.value);
  const every = candidates
    .map((vector) => polish(problem, vector, ITERATIONS.every, settledBelow))
    .filter(({ value }) => Number.isFinite(value))
    .sort((a, b) => a.value - b.value);
  return stage(stage(every, Math.ceil(every.length / 4), ITERATIONS.quarter), LAST, lastIterations);
}

/** The solution of a simpler form that this one contains, lifted: the richer form then never fits worse. */
function containedStart(
  form: LawForm,
  rows: readonly LawObservation[],
  options: FitOptions,
  data: FitData,
): number[][] {
  if (!form.contains) return [];
  const simpler = fitLaw(form.contains.form, rows, options);
  if (simpler.starts === 0) return [];
  const vector = toVector(form.contains.form, simpler.parameters);
  return [form.contains.lift(fromBillions(form.contains.form, vector, data))];
}

/** One of each: ends whose parameters agree to 0.1 % are the same optimum. */
function distinctEnds(ends: readonly Polished[]): Polished[] {
  const same = (a: Polished, b: Polished) =>
    a.vector.every((value, i) => Math.abs(value - b.vector[i]!) <= 1e-3 * Math.abs(value) + 1e-9);
  return ends.filter((end, i) => !ends.slice(0, i).some((earlier) => same(earlier, end)));
}
