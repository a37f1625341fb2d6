import type { RunRow } from '../api/sweeps.ts';
import { ascending } from './ranges.ts';

/** The runs of one domain as a grid: a row a model size, a column a domain ratio, one run a seed in each place. */
export interface RunGrid {
  domain: string | null;
  /** Ascending. */
  modelSizes: number[];
  ratios: number[];
  seeds: number[];
  /** Base models by model size, ascending by seed. */
  bases: ReadonlyMap<number, readonly RunRow[]>;
  /** Runs by `placeOf`, ascending by seed. */
  places: ReadonlyMap<string, readonly RunRow[]>;
}

export const placeOf = (modelSize: number, ratio: number): string => `${modelSize} ${ratio}`;

/** One grid a domain, in the order of `domains`; base models stand in each. Without domains, one of the base models alone. */
export function gridsOf(rows: readonly RunRow[], domains: readonly string[]): RunGrid[] {
  const bases = grouped(
    rows.filter(({ kind }) => kind === 'base'),
    (row) => row.modelSize,
  );
  if (domains.length === 0) return bases.size > 0 ? [gridOf(null, [], bases)] : [];
  return domains.map((domain) =>
    gridOf(
      domain,
      rows.filter((row) => row.kind === 'cpt' && row.domain === domain),
      bases,
    ),
  );
}

function gridOf(domain: string | null, rows: readonly RunRow[], bases: RunGrid['bases']): RunGrid {
  return {
    domain,
    modelSizes: ascending([...bases.keys(), ...rows.map(({ modelSize }) => modelSize)]),
    ratios: ascending(rows.map(({ domainRatio }) => domainRatio)),
    seeds: ascending([...rows, ...[...bases.values()].flat()].map(({ seed }) => seed)),
    bases,
    places: grouped(rows, (row) => placeOf(row.modelSize, row.domainRatio)),
  };
}

function grouped<Key>(rows: readonly RunRow[], keyOf: (row: RunRow) => Key): Map<Key, RunRow[]> {
  const groups = new Map<Key, RunRow[]>();
  for (const row of rows) {
    const group = groups.get(keyOf(row));
    if (group) group.push(row);
    else groups.set(keyOf(row), [row]);
  }
  for (const group of groups.values()) group.sort((a, b) => a.seed - b.seed || a.tokens - b.tokens);
  return groups;
}

/** Done share of a run’s tokens, 0…1. */
export function shareOf({ tokens, totalTokens, status }: RunRow): number {
  if (status === 'done') return 1;
  return totalTokens > 0 ? Math.min(1, tokens / totalTokens) : 0;
}

/** The grid’s lines of runs, top to bottom: base models first, then by ratio. What arrow keys walk through. */
export function linesOf(grid: RunGrid): RunRow[][] {
  return grid.modelSizes.map((size) => [
    ...(grid.bases.get(size) ?? []),
    ...grid.ratios.flatMap((ratio) => grid.places.get(placeOf(size, ratio)) ?? []),
  ]);
}

/** Where an arrow key leads to from a run; null when it leads out of the grid. */
export function neighbour(lines: readonly (readonly RunRow[])[], run: string, key: string): string | null {
  const line = lines.findIndex((each) => each.some((row) => row.run === run));
  if (line < 0) return null;
  const at = lines[line]!.findIndex((row) => row.run === run);
  const own = lines[line]!;
  if (key === 'ArrowLeft') return own[at - 1]?.run ?? null;
  if (key === 'ArrowRight') return own[at + 1]?.run ?? null;
  if (key === 'Home') return own[0]?.run ?? null;
  if (key === 'End') return own.at(-1)?.run ?? null;
  const step = key === 'ArrowUp' ? -1 : key === 'ArrowDown' ? 1 : 0;
  const other = step === 0 ? undefined : lines[line + step];
  if (!other || other.length === 0) return null;
  // The same kind, ratio and seed if there is one, else the same place.
  const { kind, domainRatio, seed } = own[at]!;
  const same = other.find((row) => row.kind === kind && row.domainRatio === domainRatio && row.seed === seed);
  return (same ?? other[Math.min(at, other.length - 1)]!).run;
}

export const GRID_COLUMNS = [
  ...[
    'run',
    'label',
    'kind',
    'domain',
    'model_size',
    'domain_ratio',
    'seed',
    'status',
    'tokens',
    'total_tokens',
  ],
  ...['general_loss', 'domain_loss', 'reason'],
];

export const gridRow = (row: RunRow) => [
  ...[row.run, row.label, row.kind, row.domain, row.modelSize, row.domainRatio, row.seed, row.status],
  ...[row.tokens, row.totalTokens, row.generalLoss, row.domainLoss, row.reason],
];
