import type { Interval } from '../laws/types.ts';

/** How one parameter of a law moved. */
export interface DriftedParameter {
  name: string;
  before: number;
  after: number;
  /** Of the older version; null where it has none. */
  interval: Interval | null;
  /**
   * Whether `after` lies outside `interval`; null without one. No finding by itself: parameters make up for one another, and
   * leave their intervals with benign new data while predictions stay.
   */
  outside: boolean | null;
}

/** A measured point, in parameters and tokens. */
export interface PlacedPoint {
  modelSize: number;
  tokens: number;
  /** Share of the corpus whose loss it is. */
  ratio: number;
}

/** A new observation that the older law did not expect; losses in nats per token. */
export interface PointOutside extends PlacedPoint {
  run: string;
  loss: number;
  predicted: number;
  low: number;
  high: number;
  /** Further from the prediction than twice the band. */
  far: boolean;
}

/** One law of a domain, from one version to the next. */
export interface LawDrift {
  loss: 'general' | 'domain';
  form: { before: string; after: string };
  observations: {
    before: number;
    after: number;
    /** That only the newer, or only the older version has. */
    added: number;
    gone: number;
  };
  parameters: DriftedParameter[];
  /** Newer against older predictions at the newer version's observations, nats per token. */
  predictions: {
    meanAbsolute: number;
    largest: number;
    at: PlacedPoint | null;
    /** Of how many the newer prediction lies outside the older law's band. */
    outsideBand: number;
    checked: number;
  };
  /** New observations against the older law's band. */
  band: {
    level: number;
    checked: number;
    expectedOutside: number;
    /** New runs, and those with more than half of their new points outside. */
    runs: { checked: number; outside: number };
    outside: PointOutside[];
  };
}

export interface DriftReport {
  versions: [older: number, newer: number];
  laws: LawDrift[];
  /** The best domain ratio; null where there was none. */
  ratio: {
    before: number | null;
    after: number | null;
    beforeInterval: Interval | null;
    afterInterval: Interval | null;
    /** Whether `after` lies outside `beforeInterval`; null without one. */
    outside: boolean | null;
  };
  /** What deserves a look, a sentence each. Empty: the laws stand as they were. */
  findings: string[];
}

/** What became of one domain of one sweep. */
export type LawOutcome = {
  sweep: string;
  /** null when the sweep could not be read that far. */
  domain: string | null;
} & (
  | { status: 'first'; version: number; observations: number; domainRatio: number | null }
  /** `drift` is null when the older version had found no law to compare with. */
  | {
      status: 'new';
      version: number;
      observations: number;
      domainRatio: number | null;
      drift: DriftReport | null;
    }
  | { status: 'unchanged'; version: number; observations: number; domainRatio: number | null }
  | { status: 'too-few'; observations: number; reason: string }
  | { status: 'failed'; reason: string; nextStep: string | null }
);

export interface RefitResult {
  /** ISO 8601, UTC. */
  startedAt: string;
  seconds: number;
  /** Late results that were taken in before; null when nobody looked for any. */
  lateResults: number | null;
  laws: LawOutcome[];
  warnings: string[];
}
