import type { LawFit, LawObservation, LawParameters, RatioRecommendation } from '../types.ts';
import { type BaseLoss, baseLossAt } from './baseLoss.ts';
import { checkLevel, checkPositive } from './checks.ts';
import { estimateOf, type Outcomes, RATIO, spreadWarnings, whyNotIdentified } from './identified.ts';
import { alongRatios, GRID, largestRatioWithin } from './largestRatio.ts';
import { layOut, surfaceOf } from './lossSurface.ts';
import { unusable } from './replicates.ts';
import { extrapolations, measuredCheck } from './targetChecks.ts';
import { allowance, generalLossLimit, type Tolerance } from './tolerance.ts';
import type { AnswerWords, Range } from './types.ts';
import { cannotTell, spreadText } from './words.ts';

export { largestFeasible } from './largestRatio.ts';
export { allowance, generalLossLimit } from './tolerance.ts';

const QUESTION = 'how much domain text to mix';

export interface DecisionInputs {
  generalFit: LawFit;
  domainFit: LawFit;
  /** n and d in billions. */
  target: { n: number; d: number } & Tolerance;
  /** General loss of base models, before CPT. */
  baseLosses: readonly BaseLoss[];
  /** The rows of the general fit: what counts as extrapolation, and a check where the target was measured. */
  generalRows: readonly LawObservation[];
  level: number;
}

export interface RatioAnswer extends RatioRecommendation, AnswerWords {
  /** What the fits within 1 % of the best objective say; null when there is only one, or none finds a ratio. */
  equallyGood: Range | null;
}

/**
 * Usage 1 of the D-CPT law (arXiv 2406.01375 Eq 10): the largest domain ratio whose predicted general loss at the
 * target N and D stays within the tolerance of the base model's. Found by looking at every ratio, so it holds for laws
 * that are not monotone; the same decision is made with every resampled fit, for the interval, and with every equally good
 * one. Throws a UserError for a target that means nothing or a form that needs more than N, D and the ratio.
 */
export function recommendRatio(inputs: DecisionInputs): RatioAnswer {
  const { generalFit, domainFit, target, level } = inputs;
  checkPositive({ n: target.n, d: target.d }, 'Give N and D of the target in billions.');
  checkLevel(level);
  const base = baseLossAt(inputs.baseLosses, target.n);
  const limit = generalLossLimit(base.loss, target);
  const allowed = `${allowance(target)} of the base model's`;
  const grid = alongRatios(target);
  const largest = (parameters: LawParameters) =>
    largestRatioWithin(surfaceOf({ form: generalFit.form, parameters }), target, limit, grid);
  const general = surfaceOf(generalFit);

  const domainRatio = generalFit.starts > 0 ? largest(generalFit.parameters) : null;
  const outcomes: Outcomes = {
    found: domainRatio,
    replicated: generalFit.replicates.map(largest),
    equallyGood: generalFit.starts > 0 ? generalFit.nearOptimal.map(largest) : [],
  };
  const estimate = estimateOf(outcomes, level);
  const common = {
    target,
    domainRatio,
    interval: estimate?.interval ?? null,
    equallyGood: estimate?.equallyGood ?? null,
    baseGeneralLoss: base.loss,
    generalLossLimit: limit,
    predictedGeneralLoss: domainRatio === null ? null : general.at(target.n, target.d, 1 - domainRatio),
    predictedDomainLoss:
      domainRatio === null || domainFit.starts === 0
        ? null
        : surfaceOf(domainFit).at(target.n, target.d, domainRatio),
  };
  const warnings = [...base.warnings, ...extrapolations(target, inputs.generalRows)];

  const trouble = unusable('general', generalFit) ?? whyNotIdentified(outcomes, level, RATIO);
  if (trouble) {
    return { ...common, ...cannotTell(QUESTION, trouble), warnings };
  }
  if (domainRatio === null || estimate === null) {
    const best = Math.min(...general.over(grid).filter(Number.isFinite));
    const reason =
      `no ratio keeps general loss within ${allowed} ${base.loss.toFixed(4)}: ` +
      `the lowest that the law predicts is ${best.toFixed(4)}, the limit is ${limit.toFixed(4)}`;
    return { ...common, status: 'infeasible', sentence: `No mixture will do: ${reason}.`, reason, warnings };
  }
  const reason =
    domainRatio === 1
      ? `every ratio up to 1 keeps general loss within ${allowed}: the limit does not bind`
      : `the largest share that keeps general loss within ${allowed} ${base.loss.toFixed(4)}`;
  return {
    ...common,
    status: 'recommended',
    sentence: `Mix ${domainRatio.toFixed(2)} domain text${spreadText(estimate, RATIO.format)}: ${reason}.`,
    reason,
    warnings: [
      ...warnings,
      ...spreadWarnings(outcomes, level, RATIO),
      ...(1 - domainRatio < 0.1 && domainRatio < 1
        ? [
            'the general share is below 0.1, where no law of this family is reliable (arXiv 2406.01375 App. I.3)',
          ]
        : []),
      ...measuredCheck(target, inputs.generalRows, domainRatio, limit),
      ...(domainFit.starts > 0 ? domainSlope(domainFit, target, domainRatio) : []),
    ],
  };
}

/** Whether the domain law sees its lowest loss below the answer already. */
function domainSlope(fit: LawFit, { n, d }: { n: number; d: number }, domainRatio: number): string[] {
  const losses = surfaceOf(fit).over(
    layOut(Array.from({ length: GRID + 1 }, (_, k) => ({ n, d, ratio: k / GRID }))),
  );
  let best = 0;
  for (let k = 1; k / GRID <= domainRatio; k++) if (losses[k]! < losses[best]!) best = k;
  return best / GRID > domainRatio - 0.02
    ? []
    : [
        `the domain law predicts its lowest loss at ratio ${(best / GRID).toFixed(2)} already; more domain text would not help there`,
      ];
}
