import { UserError } from '../../common/errors.ts';
import { makeRandom } from '../../common/random.ts';
import { makeProblem, type Objective } from '../fitting/objective.ts';
import { polish } from '../fitting/polish.ts';
import { fromBillions, prepare, toBillions } from '../fitting/prepare.ts';
import { type LawForm, lawValues } from '../forms/form.ts';
import { percentileInterval } from '../predict.ts';
import type { LawPoint } from '../types.ts';
import type { NoiseModel } from './types.ts';

/** Points of one run where its loss is measured, with the rows' weights in the fit. */
export interface SimulatedRun {
  points: readonly LawPoint[];
  weights?: readonly number[];
}

export interface Simulation {
  form: LawForm;
  /** Parameters (billions) to simulate from, taken in turn. */
  truths: readonly (readonly number[])[];
  noise: NoiseModel;
  objective: Objective;
  /** The quantity that the law is fitted for, as a function of its parameters (billions). */
  measure(vector: readonly number[]): number;
  simulations: number;
  seed: number;
  level: number;
}

/** How far fits to simulated measurements come from the law that these were drawn from. */
export interface SimulatedWidth {
  /** Half of the distance between the ends of the central `level` of the errors. */
  halfWidth: number;
  /** Median error: the fit's bias. */
  bias: number;
  simulations: number;
}

/**
 * Enough for the scatter to settle within 3 % (measured with 200 fits of 72 to 288 rows against 1,000 iterations); single parameters
 * that compensate for each other still move.
 */
const ITERATIONS = 100;
const SETTLED = 1e-5;

/**
 * Draws losses of runs from a law, with noise of runs and of rows, refits the law from the truth (so the global search's own
 * trouble is left out), and looks at the errors of the quantity. `runs` may differ from one simulation to the
 * next (`more`); the noise of `runs` is the same whatever `more` is, so that plans are compared on the same luck.
 * Deterministic for a seed.
 */
export function simulate(
  simulation: Simulation,
  runs: readonly SimulatedRun[],
  more: (index: number) => readonly SimulatedRun[] = none,
): SimulatedWidth {
  const { form, truths, noise, objective, measure, simulations, seed, level } = simulation;
  if (!(simulations >= 1))
    throw new UserError(`${simulations} simulations show nothing`, 'Ask for 100 or more.');
  let refit: ReturnType<typeof refitter> | null = null;
  let laidOut: readonly SimulatedRun[] | null = null;
  const errors = Array.from({ length: simulations }, (_, index) => {
    const added = more(index);
    if (!refit || added !== laidOut) {
      refit = refitter(form, [...runs, ...added], objective);
      laidOut = added;
    }
    const truth = truths[index % truths.length]!;
    const luck = [
      ...luckOf(runs, noise, 'simulated runs', seed, index),
      ...luckOf(added, noise, 'simulated new runs', seed, index),
    ];
    return measure(refit(truth, luck)) - measure(truth);
  });
  const { low, high } = percentileInterval(errors, level);
  const middle = percentileInterval(errors, 0);
  return { halfWidth: (high - low) / 2, bias: middle.low, simulations };
}

const NOTHING: readonly SimulatedRun[] = [];
const none = () => NOTHING;

/** Noise of log loss, row by row. */
function luckOf(
  runs: readonly SimulatedRun[],
  noise: NoiseModel,
  stream: string,
  seed: number,
  index: number,
): number[] {
  const random = makeRandom(stream, seed, index);
  return runs.flatMap(({ points }) => {
    const ofRun = noise.run * random.normal();
    return points.map(() => ofRun + noise.row * random.normal());
  });
}

/** The parameters (billions) that fit losses of these runs, drawn from a truth with some luck, best. */
function refitter(
  form: LawForm,
  runs: readonly SimulatedRun[],
  objective: Objective,
): (truth: readonly number[], luck: readonly number[]) => number[] {
  const rows = runs.flatMap(({ points, weights }) =>
    points.map((point, i) => ({ ...point, loss: 1, run: '', weight: weights?.[i] ?? 1 })),
  );
  const data = prepare(form, rows);
  return (truth, luck) => {
    const loss = lawValues(form, truth, rows).map((value, i) => value * Math.exp(luck[i]!));
    const problem = makeProblem(form, { ...data, loss, logLoss: loss.map(Math.log) }, objective);
    const end = polish(problem, fromBillions(form, truth, data), ITERATIONS, SETTLED);
    return toBillions(form, end.vector, data);
  };
}
