import { UserError } from '../common/errors.ts';
import { largestFeasible } from '../laws/answers/bestRatio.ts';
import { fitCrossDomain, predictCrossDomain } from '../laws/crossDomain/fitCrossDomain.ts';
import type { KKind } from '../laws/crossDomain/forms.ts';
import { type LossError, lossError } from '../laws/crossDomain/holdOuts.ts';
import { type DomainProbes, measureProbes, type ProbeOptions } from '../laws/crossDomain/probes.ts';
import { crossDomainReport, questionOf, rowsOf, trajectoriesOf } from './crossDomain.ts';
import type { DomainData } from './domainData.ts';

export interface Foretold {
  domain: string;
  fittedTo: string[];
  kind: KKind;
  /** Why this K: hold-outs among the known domains, or the paper's choice where there are too few. */
  kindReason: string;
  probe: DomainProbes;
  /** Largest ratio within the tolerance; null when none is, or when no base loss is known. */
  domainRatio: number | null;
  question: { n: number; d: number; generalLossLimit: number } | null;
  /** Both losses along the ratio at the target. */
  losses: { domainRatio: number; generalLoss: number; domainLoss: number }[];
  /** Against the target's own later measurements, where it has any; nothing was fitted to them. */
  measured: { general: LossError; ofDomain: LossError; rows: number } | null;
}

export interface ForetellOptions {
  target: { n: number; d: number } | null;
  tolerance: number;
  kind: KKind | null;
  probe?: Partial<ProbeOptions>;
  onStep?: (what: string) => void;
}

/**
 * Foretells a new domain from its first steps and the laws of others (arXiv 2406.01375 section 3.2). Of the new domain only
 * the probe's points are used; later ones, where there are any, only tell how good the forecast was. Throws a UserError for
 * fewer than two known domains, or when the target is one of them.
 */
export function foretellDomain(
  known: readonly DomainData[],
  target: DomainData,
  options: ForetellOptions,
): Foretold {
  const { onStep = () => {}, tolerance } = options;
  if (known.some(({ domain }) => domain === target.domain)) {
    throw new UserError(
      `${target.domain} is among the domains that are fitted`,
      'Name another --target, or leave that sweep out.',
    );
  }
  if (known.length < 2) {
    throw new UserError(
      `a cross-domain law cannot be fitted to ${known.length} domain${known.length === 1 ? '' : 's'}`,
      'It takes at least two besides the target: name more sweeps.',
    );
  }
  const { kind, reason } = chooseKind(known, options);
  onStep(`cross-domain law with ${kind} over ${known.map(({ domain }) => domain).join(', ')}`);
  const probes = known.map((each) => measureProbes(each.domain, trajectoriesOf(each), options.probe));
  const laws = fitCrossDomain(kind, known.map(rowsOf), probes);
  const probe = measureProbes(target.domain, trajectoriesOf(target), options.probe);
  const question = questionOf(target, options.target, tolerance);
  const at = question ?? {
    n: Math.max(...target.points.map((point) => point.modelSize)) / 1e9,
    d: Math.max(...target.points.map((point) => point.tokens)) / 1e9,
  };
  const general = (ratio: number) =>
    predictCrossDomain(laws, 'general', probe, [{ n: at.n, d: at.d, ratio: 1 - ratio }])[0]!;
  const ofDomain = (ratio: number) =>
    predictCrossDomain(laws, 'ofDomain', probe, [{ n: at.n, d: at.d, ratio }])[0]!;
  const { rows } = target;
  const later = (of: 'general' | 'domain') => rows[of].filter((row) => row.d > probe.at.k3 * (1 + 1e-9));
  const errorOf = (of: 'general' | 'domain') =>
    lossError(
      later(of).map((row) => row.loss),
      predictCrossDomain(laws, of === 'general' ? 'general' : 'ofDomain', probe, later(of)),
    );
  return {
    domain: target.domain,
    fittedTo: laws.domains,
    kind,
    kindReason: reason,
    probe,
    domainRatio: question ? largestFeasible((ratio) => general(ratio) <= question.generalLossLimit) : null,
    question,
    losses: Array.from({ length: 11 }, (_, k) => ({
      domainRatio: k / 10,
      generalLoss: general(k / 10),
      domainLoss: ofDomain(k / 10),
    })),
    measured:
      later('general').length > 1
        ? { general: errorOf('general'), ofDomain: errorOf('domain'), rows: later('general').length }
        : null,
  };
}

function chooseKind(
  known: readonly DomainData[],
  { kind, tolerance, probe, onStep }: ForetellOptions,
): { kind: KKind; reason: string } {
  if (kind) return { kind, reason: 'as asked' };
  if (known.length < 3) {
    return { kind: 'K3', reason: 'the paper’s choice: with two domains nothing can be held out' };
  }
  const report = crossDomainReport(known, {
    target: null,
    tolerance,
    ...(probe ? { probe } : {}),
    ...(onStep ? { onStep } : {}),
  });
  return {
    kind: report.best,
    reason: `lowest error over ${report.summary[0]!.holdOuts} hold-outs among the known domains`,
  };
}
