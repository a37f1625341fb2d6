import type { RunRow, SweepDetail } from '../api/sweeps.ts';

/** What is asked about a domain’s laws; counts in parameters and tokens. */
export interface Question {
  modelSize: number;
  tokens: number;
  /** Share by which the general loss may rise. */
  tolerance: number;
  /** The same in nats; then it counts instead of the share. */
  toleranceNats: number | null;
  /** Tokens of domain text that there are; null: enough. */
  domainTokens: number | null;
}

/** What was measured of a domain: where the sliders begin, and what lies beyond. */
export interface MeasuredRange {
  modelSizes: readonly number[];
  leastTokens: number;
  mostTokens: number;
}

/** Runs are measured at many token counts on the way: a tenth of the shortest is about where that begins. */
const FIRST_SHARE = 0.1;

export function measuredRange(sweep: SweepDetail, rows: readonly RunRow[], domain: string): MeasuredRange {
  const totals = rows
    .filter((row) => row.kind === 'cpt' && row.domain === domain)
    .map(({ totalTokens }) => totalTokens);
  return {
    modelSizes: sweep.modelSizes,
    leastTokens: totals.length > 0 ? Math.min(...totals) * FIRST_SHARE : 1e4,
    mostTokens: totals.length > 0 ? Math.max(...totals) : 1e6,
  };
}

/** The question of an address; what it leaves out is the config’s own target. */
export function questionOf(
  query: URLSearchParams,
  target: SweepDetail['targets'][string] | undefined,
  { modelSizes, mostTokens }: MeasuredRange,
): Question {
  const number = (name: string): number | null => {
    const value = Number(query.get(name) ?? Number.NaN);
    return Number.isFinite(value) && value > 0 ? value : null;
  };
  const tolerance = query.has('tolerance') ? Number(query.get('tolerance')) : Number.NaN;
  return {
    modelSize: number('modelSize') ?? target?.modelSize ?? Math.max(...modelSizes, 1),
    tokens: number('tokens') ?? target?.tokens ?? mostTokens,
    tolerance: tolerance >= 0 && tolerance <= 1 ? tolerance : (target?.tolerance ?? 0.03),
    toleranceNats: number('toleranceNats'),
    domainTokens: number('domainTokens'),
  };
}

/** The question as a query; a tolerance in nats goes before one in percent. */
export function questionQuery(question: Question): Record<string, number | null> {
  const { modelSize, tokens, tolerance, toleranceNats, domainTokens } = question;
  return {
    ...{ modelSize, tokens, domainTokens, toleranceNats },
    tolerance: toleranceNats === null ? tolerance : null,
  };
}
