import { makeRandom } from '../../common/random.ts';
import { makeProblem } from '../fitting/objective.ts';
import { polish } from '../fitting/polish.ts';
import { prepare } from '../fitting/prepare.ts';
import { type LawForm, toParameters, toVector } from '../forms/form.ts';
import type { LawFit, LawObservation, LawParameters } from '../types.ts';
import { type Conditions, type LargestFeasible, largestFeasible } from './feasible.ts';
import { cmrDomainTokens, cmrGeneralTokens, cmrRatio } from './forms.ts';
import { ratioLoss, ratioRows } from './ratioLaw.ts';
import { combinedTerms, domainTerms, generalTerms, type TokenLaws, tokenRows } from './tokenLaws.ts';
import { finalChanges, type RatioGroup } from './trajectories.ts';

const REFIT_ITERATIONS = 40;

type Counts = ReadonlyMap<string, number>;

/** What the answer of one model size rests on. */
export interface Evidence {
  modelSize: number;
  /** T_max, in billions. */
  tokens: number;
  baseGeneralLoss: number;
  toleranceNats: number;
  lambda: number;
  ratios: { group: RatioGroup; laws: TokenLaws | string }[];
  /** Of general loss; null with fewer than three ratios. */
  ratioLaw: LawFit | null;
}

/**
 * The critical ratio of resampled runs: at every ratio as many runs as there are, drawn with replacement, token laws and
 * the ratio law fitted anew (warm from those of all runs). Whole runs, because checkpoints of one run share its luck;
 * within a ratio, because a handful of chosen ratios is a design, not a sample. Deterministic for a seed.
 */
export function resampledAnswers(
  evidence: Evidence,
  options: { resamples: number; seed: number },
): LargestFeasible[] {
  const { modelSize, tokens, toleranceNats, ratios } = evidence;
  const limit = evidence.baseGeneralLoss + toleranceNats;
  const conditionsOf = ratios.map((ratio) => remembered(conditionsAt(evidence, ratio)));
  const rows = ratioRows(
    ratios.map(({ group }) => group),
    'general',
    evidence.baseGeneralLoss,
    tokens,
    modelSize,
  );
  const refitRatioLaw = evidence.ratioLaw && refitter(cmrRatio, rows, evidence.ratioLaw);
  const random = makeRandom('critical ratio: runs within ratios', options.seed);
  return Array.from({ length: options.resamples }, () => {
    const all = new Map<string, number>();
    const measured = ratios.map(({ group: { runs } }, i) => {
      const counts = new Map<string, number>();
      for (const _ of runs) {
        const run = runs[random.integer(runs.length)]!;
        counts.set(run, (counts.get(run) ?? 0) + 1);
        all.set(run, counts.get(run)!);
      }
      return conditionsOf[i]!(counts);
    });
    const law = refitRatioLaw?.(all);
    return largestFeasible(measured, law ? (ratio) => ratioLoss(law, ratio) - limit : null);
  });
}

/** Both conditions at one ratio, for a draw of its runs. */
function conditionsAt(
  { tokens, modelSize, toleranceNats, lambda }: Evidence,
  { group, laws }: Evidence['ratios'][number],
): (counts: Counts) => Conditions {
  const finals = finalChanges(group, tokens);
  const refit = (form: LawForm, loss: 'general' | 'domain', fit: LawFit) =>
    refitter(form, tokenRows(group, loss, tokens, modelSize), fit);
  const general = typeof laws === 'string' ? null : refit(cmrGeneralTokens, 'general', laws.generalFit);
  const domain = typeof laws === 'string' ? null : refit(cmrDomainTokens, 'domain', laws.domainFit);
  return (counts) => {
    const drawn = finals.reduce((sum, each) => sum + (counts.get(each.run) ?? 0) * each.general, 0);
    const excess = drawn / group.runs.length - toleranceNats;
    if (!general || !domain) return { ratio: group.domainRatio, excess, slope: null };
    const terms = combinedTerms(
      { general: generalTerms(general(counts)), domain: domainTerms(domain(counts)) },
      lambda,
    );
    return { ratio: group.domainRatio, excess, slope: terms.reduce((sum, { slope }) => sum + slope, 0) };
  };
}

/** Fits a form again with each run's rows weighing as often as it was drawn. */
function refitter(
  form: LawForm,
  rows: readonly LawObservation[],
  fit: LawFit,
): (counts: Counts) => LawParameters {
  const weights = new Float64Array(rows.length);
  const problem = makeProblem(form, prepare(form, rows), { kind: 'least-squares' }, weights);
  // The forms of this folder have no parameter that depends on the units of N or D, so none is converted.
  const start = toVector(form, fit.parameters);
  return (counts) => {
    rows.forEach((row, i) => {
      weights[i] = counts.get(row.run) ?? 0;
    });
    return toParameters(form, polish(problem, start, REFIT_ITERATIONS).vector);
  };
}

/** A few runs have few distinct draws: each is fitted once. */
function remembered<Result>(compute: (counts: Counts) => Result): (counts: Counts) => Result {
  const known = new Map<string, Result>();
  return (counts) => {
    const key = JSON.stringify([...counts].sort());
    const before = known.get(key);
    if (before !== undefined) return before;
    const result = compute(counts);
    known.set(key, result);
    return result;
  };
}
