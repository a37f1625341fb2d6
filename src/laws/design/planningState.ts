import type { LawPoint } from '../types.ts';
import { type Scores, scoresOf } from './estimator.ts';
import { type Frame, logSlopes, makeFrame, membersByRun } from './frame.ts';
import { addUp, type Information, priorInformation, runInformation } from './information.ts';
import { checkNoise, estimateNoise } from './noise.ts';
import type { CandidateRun, FittedLoss, NoiseModel } from './types.ts';

/** A fitted law as a plan sees it: what its rows say about its parameters, and what further runs would say. */
export interface PlanningState {
  frame: Frame;
  noise: NoiseModel;
  prior: Information;
  /** Of the existing runs and the prior. */
  have: Information;
  ofRun(points: readonly LawPoint[]): Information;
}

/**
 * A trace of prior knowledge (each parameter known to ten times its own size) keeps matrices regular where the runs leave
 * a direction open; it hardly matters where they do not (priorShare tells).
 */
const PRIOR_DEVIATIONS = 10;
const LEAST_SIZE = 1e-3;

/** Throws a UserError when there is no fit, or when its noise can be neither estimated nor is given. */
export function planningState({ fit, rows }: FittedLoss, given: NoiseModel | undefined): PlanningState {
  const frame = makeFrame(fit, rows);
  if (given) checkNoise(given);
  const noise = given ?? estimateNoise(frame);
  const scores: Scores = scoresOf(noise, fit);
  const ofRun = (points: readonly LawPoint[], weights?: readonly number[]): Information => {
    const told = telling(points, noise);
    return runInformation(logSlopes(frame, told), noise, scores, told === points ? weights : undefined);
  };
  const prior = priorInformation(
    frame.free.map((j) => 1 / (PRIOR_DEVIATIONS * Math.max(LEAST_SIZE, Math.abs(frame.vector[j]!))) ** 2),
  );
  const runs = membersByRun(frame.rows).map((members) => members.map((i) => frame.rows[i]!));
  const existing = runs.map((run) =>
    ofRun(
      run,
      run.map((row) => row.weight ?? 1),
    ),
  );
  return { frame, noise, prior, have: addUp([prior, ...existing]), ofRun: (points) => ofRun(points) };
}

/**
 * The points of a run that count: all, or the last one where the noise of single rows was never seen, since it would
 * otherwise pass for zero and every bend along a run for exact.
 */
export function telling<Point extends LawPoint>(
  points: readonly Point[],
  noise: NoiseModel,
): readonly Point[] {
  if (noise.row > 0 || points.length === 1) return points;
  return [points.reduce((last, point) => (point.d > last.d ? point : last))];
}

/** Where a run's losses of a corpus are measured; `share`: of that corpus, as a function of the domain ratio. */
export function pointsOf(run: CandidateRun, share: (domainRatio: number) => number): LawPoint[] {
  return run.evaluateAt.map((d) => ({ n: run.n, d, ratio: share(run.domainRatio) }));
}

export const generalShare = (domainRatio: number): number => 1 - domainRatio;
export const domainShare = (domainRatio: number): number => domainRatio;
