import type { FitOptions } from '../fitting/fit.ts';
import { fitLaw } from '../fitting/fit.ts';
import { lawValues, toVector } from '../forms/form.ts';
import type { LawFit, LawObservation, LawPoint } from '../types.ts';
import { crossDomainForms, type KKind } from './forms.ts';
import type { DomainProbes, Probe } from './probes.ts';

/** What laws of one domain are fitted to. */
export interface DomainRows {
  domain: string;
  general: readonly LawObservation[];
  ofDomain: readonly LawObservation[];
}

export interface CrossDomainLaws {
  kind: KKind;
  general: LawFit;
  ofDomain: LawFit;
  domains: string[];
}

const withProbe = <Point extends LawPoint>(points: readonly Point[], probe: Probe): Point[] =>
  points.map((point) => ({ ...point, inputs: { ...point.inputs, ...probe } }));

/**
 * One law for each of the two losses over all the domains given (arXiv 2406.01375 Eq 7). Domains are joined with their
 * probes by name and put in the order of their names, so that the order given changes nothing.
 */
export function fitCrossDomain(
  kind: KKind,
  domains: readonly DomainRows[],
  probes: readonly DomainProbes[],
  options: Partial<FitOptions> = {},
): CrossDomainLaws {
  const sorted = [...domains].sort((a, b) => (a.domain < b.domain ? -1 : 1));
  const rows = (of: 'general' | 'ofDomain') =>
    sorted.flatMap((domain) => withProbe(domain[of], probeOf(domain.domain, probes)[of]));
  const form = crossDomainForms[kind];
  return {
    kind,
    general: fitLaw(form, rows('general'), options),
    ofDomain: fitLaw(form, rows('ofDomain'), options),
    domains: sorted.map(({ domain }) => domain),
  };
}

/** Losses of a domain that its probe alone describes; ratio: the share of the corpus whose loss it is. */
export function predictCrossDomain(
  laws: CrossDomainLaws,
  of: 'general' | 'ofDomain',
  probes: DomainProbes,
  points: readonly LawPoint[],
): Float64Array {
  const form = crossDomainForms[laws.kind];
  return lawValues(form, toVector(form, laws[of].parameters), withProbe(points, probes[of]));
}

export function probeOf(domain: string, probes: readonly DomainProbes[]): DomainProbes {
  const found = probes.find((each) => each.domain === domain);
  if (!found) throw new RangeError(`domain ${domain} has no probe`);
  return found;
}
