import { makeRandom, type Random } from '../../common/random.ts';
import { objectiveOf } from '../fitting/fit.ts';
import { lawValue, toVector } from '../forms/form.ts';
import { generalPoint, ratioSolver } from './answer.ts';
import { candidateRuns, costOf, within } from './candidates.ts';
import { membersByRun } from './frame.ts';
import type { PlanInputs } from './nextRuns.ts';
import { generalShare, planningState, pointsOf, telling } from './planningState.ts';
import { type SimulatedRun, type SimulatedWidth, simulate } from './simulate.ts';
import type { CandidateRun, Cost, NoiseModel, RunPlan } from './types.ts';

export interface VerifyOptions {
  /** Simulated sweeps per plan; 200 when absent. */
  simulations?: number;
  seed?: number;
  /**
   * Laws to simulate from: the fit, or its resampled fits, which also asks what the plan is worth where the fit is wrong.
   * The resampled ones when absent and there are any.
   */
  truth?: 'fit' | 'replicates';
}

/** Measured, not predicted: what refits to simulated sweeps scatter. Half widths in the plan's quantity. */
export interface PlanCheck {
  quantity: RunPlan['quantity'];
  now: SimulatedWidth;
  withPlan: SimulatedWidth;
  /** With as many runs drawn at random from the candidates, at nearly the plan's cost; others in every simulation. */
  withRandomRuns: SimulatedWidth;
  /** Mean cost of the random sets, to be held against the plan's. */
  randomCost: Cost;
  level: number;
  noise: NoiseModel;
}

/** Random sets looked at for one of the plan's cost, and from which share of it on a set will do. */
const DRAWS = 64;
const NEAR = 0.95;

/**
 * Whether a plan is worth its runs: sweeps are simulated with the existing runs alone, with the plan's, and with random
 * ones of the same cost, and the law is refitted to each. A fit without any feasible ratio counts as ratio 0.
 * Deterministic for a seed.
 */
export function verifyPlan(inputs: PlanInputs, plan: RunPlan, options: VerifyOptions = {}): PlanCheck {
  const { simulations = 200, seed = 1 } = options;
  const { fit } = inputs.general;
  const level = inputs.level ?? 0.9;
  const { frame, noise } = planningState(inputs.general, inputs.noise ?? plan.noise);
  const { form } = frame;
  const resampled = options.truth !== 'fit' && fit.replicates.length > 0;
  const truths = (resampled ? fit.replicates : [fit.parameters]).map((each) => toVector(form, each));
  const solve = ratioSolver(form, inputs.question);
  const end = generalPoint(inputs.question, plan.domainRatio ?? 0);
  const simulation = {
    form,
    truths,
    noise,
    objective: objectiveOf({ objective: fit.objective.kind, delta: fit.delta }),
    measure: (vector: readonly number[]) =>
      plan.quantity === 'domain-ratio' ? (solve(vector) ?? 0) : lawValue(form, vector, end),
    simulations,
    seed,
    level,
  };

  const existing = membersByRun(frame.rows).map((members): SimulatedRun => {
    const rows = telling(
      members.map((i) => frame.rows[i]!),
      noise,
    );
    return { points: rows, weights: rows.map((row) => row.weight ?? 1) };
  });
  const simulated = (runs: readonly CandidateRun[]): SimulatedRun[] =>
    runs.map((run) => ({ points: telling(pointsOf(run, generalShare), noise) }));
  const planned = simulated(plan.runs);
  const candidates = candidateRuns(form, inputs.candidates);
  const random = Array.from({ length: simulations }, (_, k) =>
    randomRuns(candidates, plan.runs, makeRandom('random runs', seed, k)),
  );
  const randomCosts = random.map(costOf);
  const mean = (values: readonly number[]) => values.reduce((sum, each) => sum + each, 0) / values.length;
  return {
    quantity: plan.quantity,
    now: simulate(simulation, existing),
    withPlan: simulate(simulation, existing, () => planned),
    withRandomRuns: simulate(simulation, existing, (index) => simulated(random[index]!)),
    randomCost: {
      tokens: mean(randomCosts.map(({ tokens }) => tokens)),
      flops: mean(randomCosts.map(({ flops }) => flops)),
    },
    level,
    noise,
  };
}

/**
 * As many runs as planned, drawn at random: the first set that costs nearly what the plan does, and never more, in tokens and in
 * FLOP; else the planned sizes and tokens with random ratios.
 */
function randomRuns(
  candidates: readonly CandidateRun[],
  planned: readonly CandidateRun[],
  random: Random,
): CandidateRun[] {
  const most = costOf(planned);
  for (let draw = 0; draw < DRAWS; draw++) {
    const runs = planned.map(() => candidates[random.integer(candidates.length)]!);
    const cost = costOf(runs);
    const isNear = cost.tokens >= NEAR * most.tokens && cost.flops >= NEAR * most.flops;
    if (isNear && within(cost, { runs: runs.length, ...most })) return runs;
  }
  return planned.map((run) => {
    const alike = candidates.filter(({ n, d }) => n === run.n && d === run.d);
    return alike[random.integer(alike.length)]!;
  });
}
