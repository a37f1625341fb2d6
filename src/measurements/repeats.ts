import { counted } from './cells.ts';
import type { Measurement, Problem } from './types.ts';

/** How many runs a note names. */
const NAMED_RUNS = 3;

/**
 * Rows that stand twice, or say two things about one measurement, within a file or across files: the first stays, the others
 * are problems. `counts`: what each file's line numbers count.
 */
export function withoutRepeats(
  rows: readonly Measurement[],
  counts: ReadonlyMap<string, 'line' | 'row'>,
): { kept: Measurement[]; problems: Problem[]; notes: string[] } {
  const first = new Map<string, Measurement>();
  const problems: Problem[] = [];
  let contradictionsWithoutSeed = 0;
  const place = (row: Measurement) => `${counts.get(row.file) ?? 'line'} ${row.line}`;
  const kept = rows.filter((row) => {
    const key = whatIsMeasured(row);
    const earlier = first.get(key);
    if (!earlier) {
      first.set(key, row);
      return true;
    }
    const where = `${place(earlier)}${earlier.file === row.file ? '' : ` of ${earlier.file}`}`;
    const isSame =
      earlier.generalLoss === row.generalLoss &&
      earlier.domainLoss === row.domainLoss &&
      earlier.loss === row.loss;
    if (!isSame && row.seed === null) contradictionsWithoutSeed++;
    problems.push({
      file: row.file,
      line: row.line,
      place: place(row),
      column: 'row',
      reason: isSame ? `repeats ${where}` : `has another loss than ${where} for the same run and tokens`,
    });
    return false;
  });
  const notes =
    contradictionsWithoutSeed === 0
      ? []
      : [
          `another loss than an earlier row of the same run and tokens in ${counted(contradictionsWithoutSeed, 'row')}; if these are repeats with other seeds, name the column of seeds (--map seed=COLUMN)`,
        ];
  return { kept, problems, notes };
}

function whatIsMeasured(row: Measurement): string {
  return JSON.stringify([
    row.run,
    row.seed,
    row.domain,
    row.modelSize,
    row.tokens,
    row.domainRatio,
    row.shares,
    row.inputs,
  ]);
}

/**
 * A note when runs have several model sizes or ratios: then the column of runs names something else, and whole runs are
 * what intervals resample.
 */
export function runsThatDiffer(rows: readonly Measurement[]): string[] {
  const mixtures = new Map<string, { run: string; found: Set<string> }>();
  for (const row of rows) {
    const key = JSON.stringify([row.run, row.seed, row.domain]);
    const entry = mixtures.get(key) ?? { run: row.run, found: new Set<string>() };
    entry.found.add(JSON.stringify([row.modelSize, row.domainRatio, row.shares]));
    mixtures.set(key, entry);
  }
  const names = [...mixtures.values()].filter(({ found }) => found.size > 1).map(({ run }) => run);
  if (names.length === 0) return [];
  const named = `${names.slice(0, NAMED_RUNS).join(', ')}${names.length > NAMED_RUNS ? ', …' : ''}`;
  return [
    `several model sizes or mixtures in ${counted(names.length, 'run')} (${named}): the column of runs may name something else`,
  ];
}
