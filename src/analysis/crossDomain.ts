import { baseLossAt } from '../laws/answers/baseLoss.ts';
import { generalLossLimit } from '../laws/answers/bestRatio.ts';
import { type CrossDomainLaws, type DomainRows, fitCrossDomain } from '../laws/crossDomain/fitCrossDomain.ts';
import { K_KINDS, type KKind } from '../laws/crossDomain/forms.ts';
import {
  type HoldOutResult,
  holdOutDomains,
  type MethodSummary,
  refuseTooFew,
  summariseHoldOuts,
} from '../laws/crossDomain/holdOuts.ts';
import {
  type DomainProbes,
  measureProbes,
  type ProbeOptions,
  type TrajectoryPoint,
} from '../laws/crossDomain/probes.ts';
import type { DomainData } from './domainData.ts';

export interface CrossDomainReport {
  domains: string[];
  probes: DomainProbes[];
  /** Tokens of all probes over the training tokens of all CPT runs. */
  probeShare: number;
  laws: Record<KKind, CrossDomainLaws>;
  holdOuts: HoldOutResult[];
  summary: MethodSummary[];
  /** The K that foretold unseen domains best. */
  best: KKind;
  seconds: number;
}

export interface CrossDomainOptions {
  /** Usage 1's question, n and d in billions; null: the largest size and tokens measured. */
  target: { n: number; d: number } | null;
  tolerance: number;
  probe?: Partial<ProbeOptions>;
  onStep?: (what: string) => void;
}

/**
 * The last stage of a sweep over several domains: K of each domain from its first steps, one law over all domains for
 * each K, and how well each K foretells domains that it has not seen.
 */
export function crossDomainReport(
  data: readonly DomainData[],
  { target, tolerance, probe, onStep = () => {} }: CrossDomainOptions,
): CrossDomainReport {
  const beganMs = performance.now();
  refuseTooFew(data.length);
  const probes = data.map((each) => measureProbes(each.domain, trajectoriesOf(each), probe));
  const domains = data.map(rowsOf);
  const laws = Object.fromEntries(
    K_KINDS.map((kind) => {
      onStep(`cross-domain law with ${kind}`);
      return [kind, fitCrossDomain(kind, domains, probes, { starts: 48 })];
    }),
  ) as Record<KKind, CrossDomainLaws>;
  const holdOuts = holdOutDomains({
    domains,
    probes,
    questionOf: (domain) => questionOf(data.find((each) => each.domain === domain)!, target, tolerance),
    onFold: (fold, folds, fitted) =>
      onStep(`hold-out ${fold + 1} of ${folds}: fitted to ${fitted.join(', ')}`),
  });
  const summary = summariseHoldOuts(holdOuts);
  const best = [...K_KINDS].sort((a, b) => errorOf(summary, a) - errorOf(summary, b))[0]!;
  return {
    domains: data.map(({ domain }) => domain),
    probes,
    probeShare:
      probes.reduce((sum, each) => sum + each.cost, 0) /
      data.reduce((sum, each) => sum + trainedTokens(each), 0),
    laws,
    holdOuts,
    summary,
    best,
    seconds: (performance.now() - beganMs) / 1000,
  };
}

const errorOf = (summary: readonly MethodSummary[], kind: KKind): number => {
  const own = summary.find(({ method }) => method === kind)!;
  return own.general.meanRelativeError + own.ofDomain.meanRelativeError;
};

export function trajectoriesOf({ domain, points }: DomainData): TrajectoryPoint[] {
  return points.map((point) => ({
    domain,
    run: point.run,
    n: point.modelSize / 1e9,
    d: point.tokens / 1e9,
    domainRatio: point.domainRatio,
    generalLoss: point.generalLoss,
    domainLoss: point.domainLoss,
  }));
}

export const rowsOf = ({ domain, rows }: DomainData): DomainRows => ({
  domain,
  general: rows.general,
  ofDomain: rows.domain,
});

/** CPT tokens of all runs of a domain, billions. */
export function trainedTokens({ points }: DomainData): number {
  const last = new Map<string, number>();
  for (const { run, tokens } of points) last.set(run, Math.max(tokens, last.get(run) ?? 0));
  return [...last.values()].reduce((sum, tokens) => sum + tokens, 0) / 1e9;
}

export function questionOf(
  { points, baseLosses }: DomainData,
  target: { n: number; d: number } | null,
  tolerance: number,
): { n: number; d: number; generalLossLimit: number } | null {
  if (baseLosses.length === 0) return null;
  const n = target?.n ?? Math.max(...points.map((point) => point.modelSize)) / 1e9;
  const d = target?.d ?? Math.max(...points.map((point) => point.tokens)) / 1e9;
  return { n, d, generalLossLimit: generalLossLimit(baseLossAt(baseLosses, n).loss, { tolerance }) };
}
