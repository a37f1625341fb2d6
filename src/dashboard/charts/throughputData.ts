import type { Throughput } from '../api/queue.ts';

/** More workers than these get one line of their sum. */
const MOST_LINES = 8;

export interface RateLine {
  name: string;
  /** Tokens per second, a value for each time. */
  rates: (number | null)[];
}

/** A line a worker, of the busiest; what the rest do together is one more. Workers of one host are told apart by their ids’ ends. */
export function rateLines({ workers }: Throughput): RateLine[] {
  const total = (rates: readonly (number | null)[]) =>
    rates.reduce<number>((sum, rate) => sum + (rate ?? 0), 0);
  const ordered = [...workers].sort((a, b) => total(b.rates) - total(a.rates) || (a.id < b.id ? -1 : 1));
  const shared = new Map<string, number>();
  for (const { host } of workers) shared.set(host, (shared.get(host) ?? 0) + 1);
  const nameOf = ({ id, host }: { id: string; host: string }) =>
    host !== '' && shared.get(host) === 1 ? host : `${host || 'worker'} ${id.slice(-6)}`;
  const isMany = ordered.length > MOST_LINES;
  const own = isMany ? ordered.slice(0, MOST_LINES - 1) : ordered;
  const lines = own.map((worker) => ({ name: nameOf(worker), rates: worker.rates }));
  if (!isMany) return lines;
  const rest = ordered.slice(MOST_LINES - 1);
  const rates = rest[0]!.rates.map((_, at) => {
    const known = rest.map((worker) => worker.rates[at] ?? null).filter((rate) => rate !== null);
    return known.length > 0 ? known.reduce((sum, rate) => sum + rate, 0) : null;
  });
  return [...lines, { name: `${rest.length} other workers together`, rates }];
}

/** Rows of a table: one a time and worker. */
export function rateRows(times: readonly number[], lines: readonly RateLine[]): (string | number | null)[][] {
  return times.flatMap((time, at) =>
    lines.map(({ name, rates }) => [new Date(time).toISOString(), name, rates[at] ?? null]),
  );
}
