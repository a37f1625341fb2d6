import { UserError } from '../../common/errors.ts';

/** One measured point of a CPT run; n and d in billions, d = 0 for the base model's own losses. */
export interface TrajectoryPoint {
  domain: string;
  run: string;
  n: number;
  d: number;
  domainRatio: number;
  generalLoss: number;
  domainLoss: number;
}

/** What is read off a domain's first steps, for one of its losses; nats per token. */
export interface Probe {
  k1: number;
  k2: number;
  k3: number;
}

export interface DomainProbes {
  domain: string;
  general: Probe;
  ofDomain: Probe;
  /** Where it was read: model size and ratio of the run, and the tokens of the three points, all in billions. */
  at: { n: number; domainRatio: number; k1: number; k2: number; k3: number };
  /** Training tokens that the probe cost, billions. */
  cost: number;
}

export interface ProbeOptions {
  /** Of the tokens of a full run: where k1 and k2 are read; k3 needs twice the second. */
  k1Share: number;
  k2Share: number;
  /** The measured ratio nearest to this one is used. */
  domainRatio: number;
}

/**
 * arXiv 2406.01375 App. H reads k1 after 1,000 and k2 after 5,000 of 200,000 steps. The paper does not say at which size
 * and ratio: here the smallest model, which is the cheapest, and about two thirds of domain text, where both losses move.
 */
export const DEFAULT_PROBE: ProbeOptions = { k1Share: 0.005, k2Share: 0.025, domainRatio: 0.67 };

/**
 * Measures K's parts for a domain: k1 the loss at the first probe, k2 = L(0) − L(p), k3 = L(0) − 2·L(p) + L(2p). (The
 * paper's own simplification of k3 is wrong algebra.) Losses of several seeds are averaged. The checkpoints at or after
 * the wanted tokens are used. Throws a UserError that names what is missing.
 */
export function measureProbes(
  domain: string,
  points: readonly TrajectoryPoint[],
  options: Partial<ProbeOptions> = {},
): DomainProbes {
  const { k1Share, k2Share, domainRatio } = { ...DEFAULT_PROBE, ...options };
  const own = points.filter((point) => point.domain === domain);
  if (own.length === 0)
    throw new UserError(`no point of ${domain} was measured`, 'Check the names of the domains.');
  const n = Math.min(...own.map((point) => point.n));
  const smallest = own.filter((point) => point.n === n);
  const ratios = [...new Set(smallest.filter((point) => point.d > 0).map((point) => point.domainRatio))];
  if (ratios.length === 0)
    throw new UserError(`${domain}: its smallest model has base losses only`, 'Probe it.');
  const ratio = ratios.reduce((a, b) =>
    Math.abs(b - domainRatio) < Math.abs(a - domainRatio) ||
    (Math.abs(b - domainRatio) === Math.abs(a - domainRatio) && b > a)
      ? b
      : a,
  );
  const runs = smallest.filter((point) => point.domainRatio === ratio);
  const full = Math.max(...own.map((point) => point.d));
  const tokens = [...new Set(runs.map((point) => point.d))].sort((a, b) => a - b);
  const atOrAfter = (wanted: number, what: string): number => {
    const found = tokens.find((d) => d >= wanted * (1 - 1e-9) && d > 0);
    if (found === undefined) {
      throw new UserError(
        `${domain}: no checkpoint at or after ${Math.round(wanted * 1e9).toLocaleString('en-US')} tokens, for ${what}`,
        'Measure more early points (evaluation.firstTokens), or ask for a later probe.',
      );
    }
    return found;
  };
  const mean = (d: number, of: (point: TrajectoryPoint) => number): number => {
    const losses = runs.filter((point) => point.d === d).map(of);
    return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
  };
  if (!tokens.includes(0)) {
    throw new UserError(
      `${domain}: the base model’s losses (0 tokens) are missing`,
      'k2 is counted from them.',
    );
  }
  const d1 = atOrAfter(full * k1Share, 'k1');
  const d2 = atOrAfter(full * k2Share, 'k2');
  const d3 = atOrAfter(2 * d2, 'k3');
  const probe = (of: (point: TrajectoryPoint) => number): Probe => ({
    k1: mean(d1, of),
    k2: mean(0, of) - mean(d2, of),
    // The checkpoint may lie beyond twice d2: the later fall is scaled to a span as long as the first.
    k3: mean(0, of) - mean(d2, of) - (mean(d2, of) - mean(d3, of)) * (d2 / (d3 - d2)),
  });
  return {
    domain,
    general: probe((point) => point.generalLoss),
    ofDomain: probe((point) => point.domainLoss),
    at: { n, domainRatio: ratio, k1: d1, k2: d2, k3: d3 },
    cost: d3 * new Set(runs.map((point) => point.run)).size,
  };
}
