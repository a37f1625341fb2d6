import { makeRandom } from '../../common/random.ts';
import { type LawForm, parameterNames, toParameters, toVector } from '../forms/form.ts';
import { percentileInterval } from '../predict.ts';
import type { ConstraintKind, LawFit, LawObservation, LawParameters } from '../types.ts';
import { designStatus } from './checkRows.ts';
import { boxOf, constrainedForm, fitConstrained, withMinTokens } from './constrain.ts';
import { type FitOptions, fitLaw, objectiveOf } from './fit.ts';
import { makeProblem } from './objective.ts';
import { polish } from './polish.ts';
import { fromBillions, inOrder, prepare, toBillions } from './prepare.ts';

export interface ResampleOptions extends Partial<FitOptions> {
  resamples: number;
  /** Coverage of the intervals. */
  level: number;
  seed: number;
  /** Loss may not rise with its corpus' share; null: no such condition. */
  constraint?: ConstraintKind | null;
}

export interface LawPair {
  general: LawFit;
  domain: LawFit;
}

/** Draws without a sound design in a row after which resampling is given up. */
const MAX_REDRAWS = 50;
const REFIT_ITERATIONS = 40;

/** Both laws of a domain: see fitResampled. */
export function fitPair(
  form: LawForm,
  rows: { general: readonly LawObservation[]; domain: readonly LawObservation[] },
  options: ResampleOptions,
): LawPair {
  const [general, domain] = fitResampled(form, [rows.general, rows.domain], options);
  return { general: general!, domain: domain! };
}

/**
 * Fits a form to each of several losses of the same runs and, for intervals, fits them again to resampled runs. Whole runs
 * are drawn with replacement, never single checkpoints: those of one run share its luck, so that drawing them singly
 * would promise far too narrow intervals. All losses see the same draws (replicate i of one belongs to replicate i of the
 * others), because an answer rests on all. A draw that leaves too few sizes, token counts or ratios is drawn again.
 * Rows are joined by run name. Deterministic for a seed.
 */
export function fitResampled(
  form: LawForm,
  losses: readonly (readonly LawObservation[])[],
  options: ResampleOptions,
): LawFit[] {
  const constraint = options.constraint ?? null;
  const fits = losses.map((rows) =>
    constraint ? fitConstrained(form, rows, constraint, options) : fitLaw(form, rows, options),
  );
  const usable = (fit: LawFit) => fit.starts > 0 && !fit.status.startsWith('too-few');
  if (options.resamples === 0 || !fits.every(usable)) return fits;

  const refits = losses.map((rows, i) => weightedRefit(form, rows, fits[i]!, constraint));
  const runs = losses.map((rows) => new Set(rows.map((row) => row.run)));
  const names = [...runs[0]!].filter((name) => runs.every((some) => some.has(name))).sort();
  const random = makeRandom('resampled runs', options.seed);
  const replicates: LawParameters[][] = losses.map(() => []);
  for (let k = 0; k < options.resamples; k++) {
    const counts = draw(names, random.integer, (some) =>
      losses.every(
        (rows) =>
          designStatus(
            form,
            rows.filter((row) => some.has(row.run)),
          ) === null,
      ),
    );
    if (!counts) {
      const warning = 'too few runs to resample: no intervals';
      return fits.map((fit) => ({ ...fit, warnings: [...fit.warnings, warning] }));
    }
    for (const [i, refit] of refits.entries()) replicates[i]!.push(refit(counts));
  }
  return fits.map((fit, i) => withIntervals(form, fit, replicates[i]!, options.level));
}

function withIntervals(form: LawForm, fit: LawFit, replicates: LawParameters[], level: number): LawFit {
  const intervals = Object.fromEntries(
    parameterNames(form).map((name) => [
      name,
      percentileInterval(
        replicates.map((parameters) => parameters[name]!),
        level,
      ),
    ]),
  );
  return { ...fit, intervals, replicates };
}

/** Refits with each run's rows weighing as often as it was drawn, warm from the fit: the rows are laid out once. */
function weightedRefit(
  plain: LawForm,
  given: readonly LawObservation[],
  fit: LawFit,
  constraint: ConstraintKind | null,
): (counts: ReadonlyMap<string, number>) => LawParameters {
  const { constrained: form, toPlain } = constraint
    ? constrainedForm(plain, constraint, boxOf(given))
    : { constrained: plain, toPlain: (parameters: LawParameters) => parameters };
  const covered = given.filter((row) => form.ratios === 'all' || row.ratio > 0);
  const rows = inOrder(constraint ? withMinTokens(covered) : covered);
  const data = prepare(form, rows);
  const objective = objectiveOf({ objective: fit.objective.kind, delta: fit.delta });
  // Under a condition C is counted from its least value: the search for a start there is short, and so it is made.
  const start = constraint
    ? fitLaw(form, rows, { objective: fit.objective.kind, delta: fit.delta, starts: 32 }).parameters
    : fit.parameters;
  const vector = fromBillions(form, toVector(form, start), data);
  const weights = new Float64Array(rows.length);
  const problem = makeProblem(form, data, objective, weights);
  return (counts) => {
    rows.forEach((row, i) => {
      weights[i] = (row.weight ?? 1) * (counts.get(row.run) ?? 0);
    });
    const end = polish(problem, vector, REFIT_ITERATIONS);
    return toPlain(toParameters(form, toBillions(form, end.vector, data)));
  };
}

/** How often each run was drawn, or null when no draw had a design that can be fitted. */
function draw(
  names: readonly string[],
  integer: (bound: number) => number,
  sound: (counts: Map<string, number>) => boolean,
): Map<string, number> | null {
  for (let attempt = 0; attempt < MAX_REDRAWS; attempt++) {
    const counts = new Map<string, number>();
    for (let i = 0; i < names.length; i++) {
      const name = names[integer(names.length)]!;
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    if (sound(counts)) return counts;
  }
  return null;
}
