import type { Comparison } from '../api/laws.ts';

export type Compared = Comparison['rows'][number];

/** What a domain of a sweep is called beside others; the sweep stays away where there is but one. */
export function comparedName({ sweep, domain }: Pick<Compared, 'sweep' | 'domain'>, sweeps: number): string {
  return sweeps > 1 ? `${domain} (${sweep})` : domain;
}

export interface TradeRow {
  name: string;
  domainRatio: number;
  /** Rise of the general loss over the base model’s, as a share. */
  rise: number;
  /** Fall of the domain loss below that of ratio 0, nats per token. */
  gain: number;
}

/** Domains on common axes: what is paid in general loss, what is gained in the domain’s own. */
export function tradeRows(rows: readonly Compared[]): TradeRow[] {
  const sweeps = new Set(rows.map(({ sweep }) => sweep)).size;
  return rows.flatMap((row) => {
    const start = row.tradeOff.find(
      ({ domainRatio, domainLoss }) => domainRatio === 0 && domainLoss !== null,
    );
    const zero = start?.domainLoss ?? null;
    if (zero === null || !(row.baseGeneralLoss > 0)) return [];
    const name = comparedName(row, sweeps);
    return row.tradeOff.flatMap(({ domainRatio, generalLoss, domainLoss }) =>
      generalLoss === null || domainLoss === null
        ? []
        : [{ name, domainRatio, rise: generalLoss / row.baseGeneralLoss - 1, gain: zero - domainLoss }],
    );
  });
}

/** Answers with an interval, in the order of their ratio; for a picture of them all. */
export function answerRows(rows: readonly Compared[]) {
  const sweeps = new Set(rows.map(({ sweep }) => sweep)).size;
  return rows
    .filter(({ status, domainRatio }) => status === 'recommended' && domainRatio !== null)
    .map((row) => ({
      name: comparedName(row, sweeps),
      domainRatio: row.domainRatio as number,
      low: row.interval?.low ?? null,
      high: row.interval?.high ?? null,
    }))
    .sort((a, b) => a.domainRatio - b.domainRatio);
}
