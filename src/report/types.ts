import type { CrossDomainLaws } from '../laws/crossDomain/fitCrossDomain.ts';
import type { HoldOutResult, MethodSummary } from '../laws/crossDomain/holdOuts.ts';
import type { DomainProbes } from '../laws/crossDomain/probes.ts';
import type { LawFit, LawObservation, RatioRecommendation } from '../laws/types.ts';
import type { RunRecord, SweepObservation, SweepRecord, SweepRunRecord } from '../store/types.ts';

export interface CorpusFacts {
  name: string;
  description: string;
  synthetic: boolean;
  trainTokens: number;
  trainDocuments: number;
  trainShard: string;
  validationShard: string;
  /** Tokens used at every evaluation. */
  validationTokens: number;
  /** (exact + near duplicates of training documents) / validation documents. */
  overlapShare: number;
}

/** The answer for one domain. */
export interface DomainAnswer {
  domain: string;
  generalLaw: LawFit;
  domainLaw: LawFit;
  /** The very rows each law was fitted to. */
  generalRows: LawObservation[];
  domainRows: LawObservation[];
  /** How many observations the fit left out, and the rule in words. */
  excluded: { count: number; rule: string };
  recommendation: RatioRecommendation;
}

/** What the tables show of the cross-domain stage. */
export interface CrossDomainContent {
  probes: readonly DomainProbes[];
  probeShare: number;
  laws: Readonly<Record<string, CrossDomainLaws>>;
  holdOuts: readonly HoldOutResult[];
  summary: readonly MethodSummary[];
  best: string;
}

/** Everything a report shows; plain data, so that it can be rebuilt from the store at any time. */
export interface SweepReportInput {
  sweep: SweepRecord;
  /** The resolved config as YAML. */
  configYaml: string;
  corpora: CorpusFacts[];
  runs: (RunRecord & SweepRunRecord)[];
  observations: SweepObservation[];
  answers: DomainAnswer[];
  /** How domains foretell one another; absent with fewer than three. */
  crossDomain?: CrossDomainContent;
  /** Name → version or description: project, node, engine, processor, … */
  environment: Record<string, string>;
  wallSeconds: number;
  notes: string[];
}
