import { UserError } from '../../common/errors.ts';
import { designStatus } from '../fitting/checkRows.ts';
import { DEFAULT_FIT, objectiveOf } from '../fitting/fit.ts';
import { type LawForm, toVector } from '../forms/form.ts';
import { lawForm } from '../forms/registry.ts';
import type { LawParameters } from '../types.ts';
import { checkQuestion, ratioSolver } from './answer.ts';
import { candidateRuns, costOf } from './candidates.ts';
import { checkNoise } from './noise.ts';
import { generalShare, pointsOf, telling } from './planningState.ts';
import { type SimulatedRun, simulate } from './simulate.ts';
import type { CandidateRun, DesignQuestion, NoiseModel, SizeChoice, TokenPlan } from './types.ts';

/** A sweep that could be made: every size with every ratio, `seeds` times. */
export interface PlannedSweep {
  sizes: readonly SizeChoice[];
  /** Domain ratios, 0…1. */
  ratios: readonly number[];
  seeds: number;
  tokens: TokenPlan;
}

export interface PowerInputs {
  /** The general law that is assumed (parameters in billions), e.g. from an earlier sweep of such models. */
  law: { form: string; parameters: LawParameters };
  /** ASSUMED_NOISE when absent. */
  noise?: NoiseModel;
  question: DesignQuestion;
  sweeps: readonly PlannedSweep[];
  /** Half width wanted for the best domain ratio. */
  halfWidth: number;
  /** Coverage; 0.9 when absent. */
  level?: number;
  /** Simulated sweeps per design; 200 when absent. */
  simulations?: number;
  seed?: number;
}

export interface PowerRow {
  sizes: number;
  ratios: number;
  seeds: number;
  runs: number;
  /** Training tokens of all runs, billions. */
  tokens: number;
  flops: number;
  /** Of the best domain ratio, measured on simulated sweeps; null where the design cannot fit the law. */
  halfWidth: number | null;
  /** Why there is no half width. */
  note: string | null;
}

export interface PowerTable {
  /** The cheapest first (FLOP, then runs). */
  rows: PowerRow[];
  /** The cheapest design that reaches the half width; null when none of those looked at does. */
  reached: PowerRow | null;
  verdict: string;
  /** The best ratio under the assumed law. */
  domainRatio: number;
  level: number;
  assumptions: string[];
}

/**
 * Noise that is assumed when none is given: an order of magnitude. A sweep of the demo corpora (36 runs of 6 to 56 thousand
 * parameters, one seed) scatters around L3 by 1.7 % between runs and 0.8 % along one, misfit of the form included.
 */
export const ASSUMED_NOISE: NoiseModel = { run: 0.01, row: 0.005 };

/** All combinations of some sets of ratios and some numbers of seeds, e.g. to see a design grow. */
export function growingSweeps(design: {
  sizes: readonly SizeChoice[];
  ratios: readonly (readonly number[])[];
  seeds: readonly number[];
  tokens: TokenPlan;
}): PlannedSweep[] {
  const { sizes, tokens } = design;
  return design.ratios.flatMap((ratios) => design.seeds.map((seeds) => ({ sizes, ratios, seeds, tokens })));
}

/**
 * How many runs it takes until the best ratio of usage 1 is known to a given half width, before any is made: for each design,
 * sweeps are simulated from the assumed law, refitted (from the truth), and the scatter of their answers is measured.
 * True only as far as the assumed law and noise are. Deterministic for a seed. Throws a UserError when
 * the assumed law puts the answer at an end of its range, where half widths mean nothing, or a design is malformed.
 */
export function power(inputs: PowerInputs): PowerTable {
  const { law, question, sweeps, level = 0.9, simulations = 200, seed = 1 } = inputs;
  const noise = inputs.noise ?? ASSUMED_NOISE;
  checkQuestion(question, level);
  checkNoise(noise);
  if (sweeps.length === 0) throw new UserError('no design to look at', 'List at least one planned sweep.');
  if (!(inputs.halfWidth > 0))
    throw new UserError(`a half width of ${inputs.halfWidth} cannot be reached`, 'Ask for e.g. 0.05.');
  const form = lawForm(law.form);
  const truth = toVector(form, law.parameters);
  const solve = ratioSolver(form, question);
  const domainRatio = solve(truth);
  if (domainRatio === null || domainRatio === 0 || domainRatio === 1) {
    throw new UserError(
      domainRatio === null
        ? 'under the assumed law no ratio is within the tolerance'
        : `under the assumed law the best ratio is ${domainRatio}, the end of its range`,
      'Change the tolerance or the target, or assume another law.',
    );
  }
  const objective = objectiveOf(DEFAULT_FIT);
  const measure = (vector: readonly number[]) => solve(vector) ?? 0;
  const rows = sweeps
    .map((sweep): PowerRow => {
      const runs = runsOf(form, sweep);
      const { tokens, flops } = costOf(runs);
      const about = {
        sizes: sweep.sizes.length,
        ratios: sweep.ratios.length,
        seeds: sweep.seeds,
        runs: runs.length,
        tokens,
        flops,
      };
      const simulated = runs.map(
        (run): SimulatedRun => ({ points: telling(pointsOf(run, generalShare), noise) }),
      );
      const short = unfit(form, simulated);
      if (short) return { ...about, halfWidth: null, note: short };
      const { halfWidth } = simulate(
        { form, truths: [truth], noise, objective, measure, simulations, seed, level },
        simulated,
      );
      return { ...about, halfWidth, note: null };
    })
    .sort((a, b) => a.flops - b.flops || a.runs - b.runs);
  const reached = rows.find((row) => row.halfWidth !== null && row.halfWidth <= inputs.halfWidth) ?? null;
  return {
    rows,
    reached,
    verdict: verdictOf(rows, reached, inputs.halfWidth, level),
    domainRatio,
    level,
    assumptions: [
      `${form.name} with the parameters given holds, and its best ratio is ${domainRatio.toFixed(3)}`,
      `noise of log loss: ${noise.run} between runs and ${noise.row} along a run${inputs.noise ? '' : ' (not measured: a default)'}`,
      'the search finds the right optimum, and the base loss is exact',
    ],
  };
}

function runsOf(form: LawForm, { sizes, ratios, seeds, tokens }: PlannedSweep): CandidateRun[] {
  if (!Number.isInteger(seeds) || seeds < 1)
    throw new UserError(`${seeds} seeds of a planned sweep`, 'Plan 1 seed or more.');
  const once = candidateRuns(form, { sizes, ratios, tokens: [tokens] });
  return Array.from({ length: seeds }, () => once).flat();
}

function unfit(form: LawForm, runs: readonly SimulatedRun[]): string | null {
  const rows = runs.flatMap(({ points }) => points.map((point) => ({ ...point, loss: 1, run: '' })));
  if (rows.length < form.parameters.length)
    return `${rows.length} rows for the ${form.parameters.length} parameters of ${form.name}`;
  return designStatus(form, rows)?.detail ?? null;
}

function verdictOf(
  rows: readonly PowerRow[],
  reached: PowerRow | null,
  wanted: number,
  level: number,
): string {
  const name = `± ${wanted} (${Number((100 * level).toPrecision(3))} %)`;
  if (reached) {
    const worse = rows
      .slice(rows.indexOf(reached) + 1)
      .some(({ halfWidth }) => halfWidth !== null && halfWidth > wanted);
    return (
      `${reached.runs} runs (${reached.sizes} sizes × ${reached.ratios} ratios × ${reached.seeds} seeds) give ± ${reached.halfWidth!.toPrecision(2)}, within ${name}` +
      (worse ? '; a dearer design does not: where runs are spent matters' : '')
    );
  }
  const widths = rows.flatMap(({ halfWidth }) => (halfWidth === null ? [] : [halfWidth]));
  const most = Math.max(...rows.map(({ runs }) => runs));
  return widths.length === 0
    ? `none of the designs looked at, of up to ${most} runs, can fit the law`
    : `${name} is not reached within the runs looked at (up to ${most}); the best of them gives ± ${Math.min(...widths).toPrecision(2)}`;
}
