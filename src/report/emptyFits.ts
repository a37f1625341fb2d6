import type { LawFit, RatioRecommendation } from '../laws/types.ts';
import type { DomainAnswer } from './types.ts';

/**
 * The answer with every number that rests on a fit without a solution (`starts` 0) made absent: such a fit carries
 * zeros, which must not be shown as if they were results.
 */
export function withoutEmptyFits(answer: DomainAnswer): DomainAnswer {
  const generalEmpty = answer.generalLaw.starts === 0;
  const domainEmpty = answer.domainLaw.starts === 0;
  if (!generalEmpty && !domainEmpty) return answer;
  const { recommendation } = answer;
  const known: RatioRecommendation = {
    ...recommendation,
    predictedDomainLoss: null,
    ...(generalEmpty ? { domainRatio: null, interval: null, predictedGeneralLoss: null } : {}),
  };
  return {
    ...answer,
    generalLaw: emptied(answer.generalLaw),
    domainLaw: emptied(answer.domainLaw),
    recommendation: known,
  };
}

function emptied(fit: LawFit): LawFit {
  if (fit.starts > 0) return fit;
  const absent = <T extends object>(numbers: T): T =>
    Object.fromEntries(Object.keys(numbers).map((name) => [name, Number.NaN])) as T;
  return {
    ...fit,
    parameters: absent(fit.parameters),
    quality: absent(fit.quality),
    gradientNorm: Number.NaN,
    conditionNumber: Number.NaN,
    intervals: null,
    replicates: [],
  };
}
