import { percentileInterval } from '../predict.ts';
import type { LawFit } from '../types.ts';
import type { Quantity } from './answer.ts';
import { priorShare } from './information.ts';
import type { PlanningState } from './planningState.ts';
import type { Budget, CandidateRun, PredictedInterval } from './types.ts';

/** A straight line through the answer is not to be relied on much further than this. */
const WIDE = 0.15;
const PRIOR_MATTERS = 0.05;
const LEAST_SHARE = 0.05;
const LEAST_RESAMPLES = 20;
const DISAGREEMENT = 2;

/** What is wrong with the fit that a plan starts from. */
export function fitWarnings(fit: LawFit, { frame, noise }: PlanningState): string[] {
  const warnings: string[] = [];
  const held = frame.form.parameters.filter((_, i) => !frame.free.includes(i)).map(({ name }) => name);
  if (held.length > 0)
    warnings.push(
      `${held.join(', ')} at a bound: held there, so that the half widths leave out what is not known of ${held.length === 1 ? 'it' : 'them'}`,
    );
  if (fit.status !== 'converged' && fit.status !== 'at-bound')
    warnings.push(`the fit to plan from is not sound (${fit.status}): ${fit.statusDetail}`);
  if (noise.row === 0)
    warnings.push(
      'the noise of single rows cannot be told from that of runs: each run counts as its last row alone',
    );
  return warnings;
}

/** Where the straight line through the answer is doubtful. */
export function precisionWarnings(
  { have, prior }: PlanningState,
  quantity: Quantity,
  before: PredictedInterval,
): string[] {
  const warnings: string[] = [];
  const fromPrior = priorShare(have.fisher, prior.fisher, quantity.gradient);
  if (fromPrior > PRIOR_MATTERS)
    warnings.push(
      'the existing runs leave a combination of parameters open that the answer rests on (a nearly singular design): the half width before is a mere lower limit',
    );
  if (quantity.kind === 'domain-ratio' && !(before.halfWidth <= WIDE))
    warnings.push(
      `the half width before, ${before.halfWidth.toPrecision(2)}, is too wide for a straight line: plan again once the first of these runs are in`,
    );
  return warnings;
}

/** Resampled fits (their answers to the question) that scatter otherwise than the straight line says. */
export function resamplingWarnings(
  answers: readonly (number | null)[],
  quantity: Quantity,
  before: PredictedInterval,
): string[] {
  if (quantity.kind !== 'domain-ratio' || answers.length < LEAST_RESAMPLES) return [];
  const { low, high } = percentileInterval(
    answers.map((ratio) => ratio ?? 0),
    before.level,
  );
  const measured = (high - low) / 2;
  const factor = before.halfWidth / measured;
  if (factor < DISAGREEMENT && factor > 1 / DISAGREEMENT) return [];
  return [
    `the half width before is ${before.halfWidth.toPrecision(2)}, but fits to resampled runs scatter by ${measured.toPrecision(2)}: ` +
      'noise that is a misfit of the form, or a straight line that does not hold; compare plans by how much they narrow, not by their widths',
  ];
}

/** What to mind about the suggested runs. */
export function runWarnings(suggested: readonly CandidateRun[], budget: Budget): string[] {
  const warnings: string[] = [];
  if (suggested.length < budget.runs)
    warnings.push(`the budget pays for ${suggested.length} of the ${budget.runs} runs asked for`);
  const keys = suggested.map(({ n, domainRatio, d }) => `${n} ${domainRatio} ${d}`);
  if (new Set(keys).size < keys.length)
    warnings.push(
      'the same run comes more than once: train each copy with a seed of its own, or at ratios close by, since copies cannot show a misfit',
    );
  if (suggested.some(({ domainRatio }) => domainRatio > 1 - LEAST_SHARE))
    warnings.push(
      'a suggested run has a general share below 0.05, where laws of this family are not reliable (arXiv 2406.01375 App. I.3)',
    );
  return warnings;
}
