import { UserError } from '../../common/errors.ts';
import { normalQuantile } from '../fitting/normal.ts';
import { toVector } from '../forms/form.ts';
import { checkQuestion, generalPoint, type Quantity, quantityOf, ratioSolver } from './answer.ts';
import { candidateRuns, checkBudget, costOf } from './candidates.ts';
import { slopesAt } from './frame.ts';
import { addUp, fitVariance } from './information.ts';
import { domainShare, generalShare, planningState, pointsOf } from './planningState.ts';
import { fitWarnings, precisionWarnings, resamplingWarnings, runWarnings } from './planWarnings.ts';
import { selectRuns } from './select.ts';
import type {
  Budget,
  CandidateGrid,
  CandidateRun,
  DesignQuestion,
  FittedLoss,
  NoiseModel,
  PredictedInterval,
  RunPlan,
} from './types.ts';

export interface PlanInputs {
  /** The law of the general loss, which alone decides the ratio, and its rows. */
  general: FittedLoss;
  /** The law of the domain loss; its precision at the answer is reported. */
  domain: FittedLoss | null;
  question: DesignQuestion;
  candidates: CandidateGrid;
  budget: Budget;
  /** Coverage of the half widths; 0.9 when absent. */
  level?: number;
  /** Noise of the general loss; estimated from its fit's residuals when absent. */
  noise?: NoiseModel;
}

/**
 * The runs that would narrow the answer of usage 1 most. The best ratio is an implicit function of the general law's
 * parameters; its variance at the fit's tangent plane is g'M⁻¹g, with M the information of whole runs (rows of a run share
 * its luck), and runs are chosen to make that small: a locally c-optimal design (Chernoff 1953; Fedorov 1972). Parameters at
 * a bound are held there. Half widths are those of the fit as it is (Huber's loss, rows taken for independent). All of
 * this trusts the form: c-optimal runs crowd where the form says that they tell most, and cannot show it to be wrong.
 * Deterministic. Throws a UserError when nothing is affordable, the candidates are malformed, or there is no fit.
 */
export function nextRuns(inputs: PlanInputs): RunPlan {
  const { general, question, budget, level = 0.9 } = inputs;
  checkQuestion(question, level);
  const state = planningState(general, inputs.noise);
  const { form } = state.frame;
  const runs = candidateRuns(form, inputs.candidates);
  checkBudget(runs, budget);
  const solve = ratioSolver(form, question);
  const domainRatio = solve(toVector(form, general.fit.parameters));
  const quantity = quantityOf(state.frame, question, domainRatio);
  const information = runs.map((run) => state.ofRun(pointsOf(run, generalShare)));
  const chosen = selectRuns(
    state.have.fisher,
    quantity.gradient,
    runs.map((run, i) => ({ run, fisher: information[i]!.fisher })),
    budget,
  );

  if (chosen.length === 0) {
    throw new UserError(
      'the parameters of this law cannot be told apart at working precision, whatever runs are added',
      'Plan with a form of fewer parameters, or give a noise of runs and rows that is not next to nothing.',
    );
  }

  const z = normalQuantile(level);
  const halfWidths = [0, ...chosen].map((_, count) => {
    const known = addUp([state.have, ...chosen.slice(0, count).map((i) => information[i]!)]);
    return z * Math.sqrt(fitVariance(known, quantity.gradient));
  });
  const suggested = chosen.map((i, k) => ({ ...runs[i]!, halfWidthAfter: halfWidths[k + 1]! }));
  const before = intervalOf(quantity, halfWidths[0]!, level);
  const after = intervalOf(quantity, halfWidths.at(-1)!, level);
  const domain = domainPrecision(inputs, suggested, domainRatio ?? 0, z);
  return {
    quantity: quantity.kind,
    domainRatio,
    before,
    after,
    runs: suggested,
    cost: costOf(suggested),
    domainLoss: domain.halfWidths,
    noise: state.noise,
    warnings: [
      ...quantity.warnings,
      ...fitWarnings(general.fit, state),
      ...precisionWarnings(state, quantity, before),
      ...resamplingWarnings(
        general.fit.replicates.map((each) => solve(toVector(form, each))),
        quantity,
        before,
      ),
      ...runWarnings(suggested, budget),
      ...domain.warnings,
    ],
  };
}

function intervalOf({ kind, value }: Quantity, halfWidth: number, level: number): PredictedInterval {
  const highest = kind === 'domain-ratio' ? 1 : Number.POSITIVE_INFINITY;
  return {
    low: Math.max(0, value - halfWidth),
    high: Math.min(highest, value + halfWidth),
    level,
    halfWidth,
  };
}

/** How well the domain loss at the answer would be known, from the law of the domain loss alone. */
function domainPrecision(
  { domain, question }: PlanInputs,
  suggested: readonly CandidateRun[],
  domainRatio: number,
  z: number,
): { halfWidths: RunPlan['domainLoss']; warnings: string[] } {
  if (!domain) return { halfWidths: null, warnings: [] };
  try {
    const state = planningState(domain, undefined);
    const { byParameter } = slopesAt(state.frame, [
      { ...generalPoint(question, domainRatio), ratio: domainRatio },
    ]);
    const halfWidth = (runs: readonly CandidateRun[]): number => {
      const known = addUp([state.have, ...runs.map((run) => state.ofRun(pointsOf(run, domainShare)))]);
      return z * Math.sqrt(fitVariance(known, byParameter[0]!));
    };
    return { halfWidths: { before: halfWidth([]), after: halfWidth(suggested) }, warnings: [] };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { halfWidths: null, warnings: [`no half width of the domain loss: ${error.message}`] };
  }
}
