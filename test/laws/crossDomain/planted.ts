import { makeRandom } from '../../../src/common/random.ts';
import type { DomainRows } from '../../../src/laws/crossDomain/fitCrossDomain.ts';
import { positiveK } from '../../../src/laws/crossDomain/forms.ts';
import type { DomainProbes, Probe, TrajectoryPoint } from '../../../src/laws/crossDomain/probes.ts';
import { lawValue, toVector } from '../../../src/laws/forms/form.ts';
import { l3 } from '../../../src/laws/forms/l3.ts';
import { PLANTED } from '../planted.ts';

export const F = 0.05;
export const MU = 0.8;
export const W2 = 0.3;

/** Six domains that differ in their floor only, and what their first steps would have shown. */
export const PROBES: Record<string, Probe> = {
  code: { k1: 4.3, k2: 0.4, k3: 0.3 },
  math: { k1: 3.9, k2: 0.6, k3: 0.5 },
  law: { k1: 2.9, k2: 0.2, k3: 0.15 },
  music: { k1: 5.4, k2: 1.0, k3: 0.9 },
  chemistry: { k1: 3.4, k2: 0.35, k3: 0.2 },
  medical: { k1: 3.1, k2: 0.5, k3: 0.35 },
};
export const NAMES = Object.keys(PROBES);

export const floorOf = ({ k1, k2 }: Probe): number => F / positiveK(1 / k1 + W2 * k2).value ** MU;

/** Rows of a K3 cross-domain law, for some domains; `noise` per row. */
export function plantedDomains(names: readonly string[] = NAMES, noise = 0): DomainRows[] {
  return names.map((domain) => {
    const random = makeRandom('planted domain', domain);
    const floor = floorOf(PROBES[domain]!);
    const rows = [6e-6, 1.4e-5, 5.6e-5].flatMap((n) =>
      [0, 0.1, 0.33, 0.67, 0.9, 1].flatMap((ratio) =>
        [6e-5, 1.5e-4, 3e-4, 6e-4].map((d) => ({
          n,
          d,
          ratio,
          run: `${domain} ${n} ${ratio}`,
          loss:
            (lawValue(l3, toVector(l3, PLANTED), { n, d, ratio }) + floor) *
            Math.exp(noise * random.normal()),
        })),
      ),
    );
    return { domain, general: rows, ofDomain: rows };
  });
}

export const probesOf = (names: readonly string[] = NAMES): DomainProbes[] =>
  names.map((domain) => ({
    domain,
    general: PROBES[domain]!,
    ofDomain: PROBES[domain]!,
    at: { n: 6e-6, domainRatio: 0.67, k1: 3e-6, k2: 1.5e-5, k3: 3e-5 },
    cost: 3e-5,
  }));

/** A trajectory whose losses follow a known curve: 5 − 100·sqrt(d) for the domain, 3 + 10·d for the general corpus. */
export function trajectory(
  domain: string,
  n: number,
  domainRatio: number,
  run = `${domain} ${n} ${domainRatio}`,
): TrajectoryPoint[] {
  return [0, 1e-6, 5e-6, 1e-5, 5e-5, 1e-4].map((d) => ({
    domain,
    run,
    n,
    d,
    domainRatio,
    generalLoss: 3 + 10 * d,
    domainLoss: 5 - 100 * Math.sqrt(d),
  }));
}
