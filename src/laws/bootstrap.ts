import { makeRandom } from '../common/random.ts';
import { designStatus } from './checkRows.ts';
import { type FitOptions, fitLaw, refit } from './fit.ts';
import type { LawForm } from './forms/form.ts';
import { parameterNames } from './forms/form.ts';
import { percentileInterval } from './predict.ts';
import type { LawFit, LawObservation, LawParameters } from './types.ts';

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

  const generalByRun = byRun(rows.general);
  const domainByRun = byRun(rows.domain);
  const names = [...generalByRun.keys()].filter((name) => domainByRun.has(name)).sort();
  const random = makeRandom('resampled runs', options.seed);
  const replicates: { general: LawParameters[]; domain: LawParameters[] } = { general: [], domain: [] };
  for (let k = 0; k < options.resamples; k++) {
    const counts = draw(names, random.integer, (some) => {
      const drawn = take(generalByRun, some);
      return designStatus(form, drawn) === null;
    });
    if (!counts) break;
    const how = { delta: general.delta, iterations: REFIT_ITERATIONS };
    replicates.general.push(refit(form, take(generalByRun, counts), [general.parameters], how));
    replicates.domain.push(refit(form, take(domainByRun, counts), [domain.parameters], how));
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

function byRun(rows: readonly LawObservation[]): Map<string, LawObservation[]> {
  const runs = new Map<string, LawObservation[]>();
  for (const row of rows) {
    const of = runs.get(row.run);
    if (of) of.push(row);
    else runs.set(row.run, [row]);
  }
  return runs;
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

/** The drawn runs' rows; a run drawn twice weighs twice. */
function take(
  runs: ReadonlyMap<string, LawObservation[]>,
  counts: ReadonlyMap<string, number>,
): LawObservation[] {
  return [...counts].flatMap(([name, count]) =>
    runs.get(name)!.map((row) => ({ ...row, weight: (row.weight ?? 1) * count })),
  );
}
