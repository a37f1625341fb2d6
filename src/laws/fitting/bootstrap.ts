import { makeRandom } from '../../common/random.ts';
import type { LawForm } from '../forms/form.ts';
import { parameterNames, toParameters, toVector } from '../forms/form.ts';
import { percentileInterval } from '../predict.ts';
import type { LawFit, LawObservation, LawParameters } from '../types.ts';
import { designStatus } from './checkRows.ts';
import { type FitOptions, fitLaw, objectiveOf } from './fit.ts';
import { makeProblem } from './objective.ts';
import { polish } from './polish.ts';
import { fromBillions, inOrder, prepare, toBillions } from './prepare.ts';

export interface ResampleOptions extends Partial<FitOptions> {
  resamples: number;
  /** Coverage of the intervals. */
  level: number;
  seed: number;
}

export interface LawPair {
  general: LawFit;
  domain: LawFit;
}

/** Draws without a sound design in a row after which resampling is given up. */
const MAX_REDRAWS = 50;
const REFIT_ITERATIONS = 40;

/**
 * Fits both laws of a domain and, for intervals, fits them again to resampled runs. Whole runs are drawn with
 * replacement, never single checkpoints: those of one run share its luck, so that drawing them singly would promise
 * far too narrow intervals. Both laws see the same draws (replicate i of one belongs to replicate i of the other),
 * because an answer rests on both. A draw that leaves too few sizes, token counts or ratios is drawn again.
 * Rows are joined by run name. Deterministic for a seed.
 */
export function fitPair(
  form: LawForm,
  rows: { general: readonly LawObservation[]; domain: readonly LawObservation[] },
  options: ResampleOptions,
): LawPair {
  const general = fitLaw(form, rows.general, options);
  const domain = fitLaw(form, rows.domain, options);
  const usable = (fit: LawFit) => fit.starts > 0 && !fit.status.startsWith('too-few');
  if (options.resamples === 0 || !usable(general) || !usable(domain)) return { general, domain };

  const refitGeneral = weightedRefit(form, rows.general, general);
  const refitDomain = weightedRefit(form, rows.domain, domain);
  const names = runNames(rows.general).filter((name) => rows.domain.some((row) => row.run === name));
  const random = makeRandom('resampled runs', options.seed);
  const replicates: { general: LawParameters[]; domain: LawParameters[] } = { general: [], domain: [] };
  for (let k = 0; k < options.resamples; k++) {
    const counts = draw(names, random.integer, (some) => {
      const drawn = rows.general.filter((row) => some.has(row.run));
      return designStatus(form, drawn) === null;
    });
    if (!counts) break;
    replicates.general.push(refitGeneral(counts));
    replicates.domain.push(refitDomain(counts));
  }
  if (replicates.general.length < options.resamples) {
    const warning = 'too few runs to resample: no intervals';
    return {
      general: { ...general, warnings: [...general.warnings, warning] },
      domain: { ...domain, warnings: [...domain.warnings, warning] },
    };
  }
  return {
    general: withIntervals(form, general, replicates.general, options.level),
    domain: withIntervals(form, domain, replicates.domain, options.level),
  };
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

function runNames(rows: readonly LawObservation[]): string[] {
  return [...new Set(rows.map((row) => row.run))].sort();
}

/** Refits with each run's rows weighing as often as it was drawn, warm from the fit: the rows are laid out once. */
function weightedRefit(
  form: LawForm,
  given: readonly LawObservation[],
  fit: LawFit,
): (counts: ReadonlyMap<string, number>) => LawParameters {
  const rows = inOrder(given.filter((row) => form.ratios === 'all' || row.ratio > 0));
  const data = prepare(form, rows);
  const objective = objectiveOf({ objective: fit.objective.kind, delta: fit.delta });
  const start = fromBillions(form, toVector(form, fit.parameters), data);
  const weights = new Float64Array(rows.length);
  const problem = makeProblem(form, data, objective, weights);
  return (counts) => {
    rows.forEach((row, i) => {
      weights[i] = (row.weight ?? 1) * (counts.get(row.run) ?? 0);
    });
    return toParameters(form, toBillions(form, polish(problem, start, REFIT_ITERATIONS).vector, data));
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
