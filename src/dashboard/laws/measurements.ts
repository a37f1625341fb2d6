import { existsSync, statSync } from 'node:fs';
import { type DomainData, readSweep } from '../../analysis/domainData.ts';
import { fitFor, type RecommendOptions } from '../../analysis/recommend.ts';
import { canonicalHash } from '../../common/canonical.ts';
import { UserError } from '../../common/errors.ts';
import type { LawPair } from '../../laws/fitting/bootstrap.ts';
import { runsLayout } from '../../sweep/runsLayout.ts';

/** Of sweeps' measurements, and of fitted pairs of laws. */
const MOST_SWEEPS = 8;
const MOST_PAIRS = 40;

/** What npm run recommend assumes when it is told nothing else. */
export const DEFAULTS: Omit<RecommendOptions, 'form' | 'modelSize' | 'tokens' | 'tolerance'> = {
  ...{ delta: 1e-3, starts: 128, resamples: 200, level: 0.9, seed: 1, constraint: null },
};

export interface SweepData {
  domains: DomainData[];
  config: unknown;
}

export interface Measurements {
  readonly runsFolder: string;
  /** Read again only when the store has changed. Throws a UserError for an unknown sweep. */
  sweep(name: string): SweepData;
  /** Throws a UserError for a domain of which nothing was measured that a law can be fitted to. */
  domain(sweep: string, domain: string): DomainData;
  /** Both laws, fitted once to the same rows. */
  laws(data: DomainData, form: string, onStep: (what: string) => void): LawPair;
}

export function openMeasurements(runsFolder: string): Measurements {
  const sweeps = new Map<string, { stamp: string; data: SweepData }>();
  const pairs = new Map<string, LawPair>();
  const hashes = new WeakMap<DomainData, string>();

  const sweep = (name: string): SweepData => {
    const stamp = stampOf(runsLayout(runsFolder).store);
    const known = sweeps.get(name);
    if (known?.stamp === stamp) return known.data;
    const { domains, config } = readSweep(runsFolder, name);
    const data = { domains, config };
    keep(sweeps, name, { stamp, data }, MOST_SWEEPS);
    return data;
  };

  return {
    runsFolder,
    sweep,
    domain: (name, domain) => {
      const found = sweep(name).domains.filter(({ rows }) => rows.general.length > 0);
      const data = found.find((each) => each.domain === domain);
      if (data) return data;
      throw new UserError(
        `no CPT run of ${domain} has been measured yet`,
        found.length > 0
          ? `Measured so far: ${found.map((each) => each.domain).join(', ')}.`
          : 'Base models are trained first; the law appears with the first CPT runs.',
      );
    },
    laws: (data, form, onStep) => {
      let rows = hashes.get(data);
      if (rows === undefined) {
        rows = canonicalHash({ general: data.rows.general, domain: data.rows.domain });
        hashes.set(data, rows);
      }
      const key = `${data.domain} ${form} ${rows}`;
      const known = pairs.get(key);
      if (known) return known;
      const options = { ...DEFAULTS, form, modelSize: null, tokens: null, tolerance: 0.03, onStep };
      const laws = fitFor(data, options);
      keep(pairs, key, laws, MOST_PAIRS);
      return laws;
    },
  };
}

/** Says whether a store may have changed: its files' sizes and times. */
function stampOf(path: string): string {
  return [path, `${path}-wal`]
    .map((file) => {
      if (!existsSync(file)) return '-';
      const { ino, size, mtimeMs } = statSync(file);
      return `${ino} ${size} ${mtimeMs}`;
    })
    .join(' ');
}

/** The oldest give way. */
function keep<Value>(map: Map<string, Value>, key: string, value: Value, most: number): void {
  map.delete(key);
  map.set(key, value);
  for (const old of map.keys()) {
    if (map.size <= most) break;
    map.delete(old);
  }
}
