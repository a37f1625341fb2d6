import type { FitStatus, LawFit, LawParameters, RatioRecommendation } from '../laws/types.ts';
import type { DomainAnswer, SweepReportInput } from '../report/types.ts';
import type { RunTally } from './tally.ts';

export interface FitSummary {
  form: string;
  parameters: LawParameters;
  intervals: LawFit['intervals'];
  r2: number;
  huberSum: number;
  huberMean: number;
  mae: number;
  status: FitStatus;
  statusDetail: string;
  warnings: string[];
}

export interface DomainSummary {
  fits: { general: FitSummary; domain: FitSummary };
  recommendation: RatioRecommendation;
}

/** What `--json` prints: one object. `fits` and `recommendation` are those of `domain`, the config's first. */
export interface SweepSummary extends Partial<DomainSummary> {
  sweep: string;
  runs: Pick<RunTally, 'total' | 'trained' | 'reused' | 'failed' | 'diverged'>;
  observations: number;
  domain?: string;
  /** Every domain's answer, by name. */
  domains: Record<string, DomainSummary>;
  /** Hold-outs over domains, where there are three or more. */
  crossDomain?: SweepReportInput['crossDomain'];
  trainedTokens: number;
  wallSeconds: number;
  report: string;
}

export function summarise(
  input: SweepReportInput,
  tally: RunTally,
  wallSeconds: number,
  report: string,
): SweepSummary {
  const { trainedTokens, ...runs } = tally;
  const domains = Object.fromEntries(input.answers.map((answer) => [answer.domain, domainSummary(answer)]));
  const first = input.answers[0]?.domain;
  return {
    sweep: input.sweep.name,
    runs,
    observations: input.observations.length,
    ...(first === undefined ? {} : { domain: first, ...domains[first]! }),
    domains,
    ...(input.crossDomain ? { crossDomain: input.crossDomain } : {}),
    trainedTokens,
    wallSeconds,
    report,
  };
}

function domainSummary(answer: DomainAnswer): DomainSummary {
  return {
    fits: { general: fitSummary(answer.generalLaw), domain: fitSummary(answer.domainLaw) },
    recommendation: answer.recommendation,
  };
}

function fitSummary({
  form,
  parameters,
  intervals,
  quality,
  status,
  statusDetail,
  warnings,
}: LawFit): FitSummary {
  const { r2, huberSum, huberMean, mae } = quality;
  return { form, parameters, intervals, r2, huberSum, huberMean, mae, status, statusDetail, warnings };
}
