import { UserError } from '../../common/errors.ts';
import { distinct } from '../fitting/checkRows.ts';
import type { BaseLosses, SizeTrajectories, TrajectoryRow } from './types.ts';

/** A measured point as changes from the run's own base model, nats per token. */
export interface Change {
  run: string;
  domainRatio: number;
  /** In billions. */
  tokens: number;
  general: number;
  domain: number;
}

/** The runs of one domain ratio, up to T_max. */
export interface RatioGroup {
  domainRatio: number;
  runs: string[];
  changes: Change[];
}

export interface Trajectories {
  /** T_max, in billions. */
  tokens: number;
  /** By ratio, ascending; ratio 0 is left out. */
  groups: RatioGroup[];
  warnings: string[];
}

/** Token counts of one checkpoint, written down by different runs. */
const SAME = 1e-6;
const same = (a: number, b: number): boolean => Math.abs(a - b) <= SAME * Math.max(a, b);

/**
 * Checks one model size's rows and groups them by ratio, as changes from the base model. Throws a UserError that names
 * the row when a number is malformed, a run has two ratios or two rows at one token count, or the runs share no token
 * count to compare them at.
 */
export function readTrajectories(size: SizeTrajectories, tokens: number | null): Trajectories {
  if (!(size.modelSize > 0 && Number.isFinite(size.modelSize))) {
    throw new UserError(
      `model size ${size.modelSize} is not a positive number of billions`,
      'Give the size in billions of parameters.',
    );
  }
  checkBase(size.base, `the base model of size ${size.modelSize}`);
  for (const [run, base] of Object.entries(size.runBases ?? {}))
    checkBase(base, `the base model of run ${run}`);
  for (const row of size.rows) checkRow(row);
  checkRuns(size.rows);

  const warnings: string[] = [];
  const positive = inOrder(size.rows.filter((row) => row.domainRatio > 0));
  if (size.rows.some((row) => row.domainRatio === 0)) {
    warnings.push('runs at domain ratio 0 are left out: the critical ratio is one of positive ratios');
  }
  if (positive.length === 0) return { tokens: tokens ?? 0, groups: [], warnings };
  const last = sharedTokens(positive, tokens);
  const kept = positive.filter((row) => row.tokens <= last || same(row.tokens, last));
  if (kept.length < positive.length) {
    warnings.push(
      `${positive.length - kept.length} points beyond T_max = ${last} billion tokens are not used: not every run has them`,
    );
  }
  const changes = kept.map((row): Change => {
    const base = size.runBases && Object.hasOwn(size.runBases, row.run) ? size.runBases[row.run]! : size.base;
    return {
      run: row.run,
      domainRatio: row.domainRatio,
      tokens: same(row.tokens, last) ? last : row.tokens,
      general: row.generalLoss - base.generalLoss,
      domain: row.domainLoss - base.domainLoss,
    };
  });
  const groups = distinct(changes.map((change) => change.domainRatio)).map((domainRatio) => {
    const own = changes.filter((change) => Math.abs(change.domainRatio - domainRatio) <= 1e-9);
    return { domainRatio, runs: [...new Set(own.map(({ run }) => run))].sort(), changes: own };
  });
  return { tokens: last, groups, warnings };
}

/** By ratio, run and tokens: sums, and so every bit of the answer, do not depend on the order that rows came in. */
function inOrder(rows: readonly TrajectoryRow[]): TrajectoryRow[] {
  const byName = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
  return [...rows].sort(
    (a, b) => a.domainRatio - b.domainRatio || byName(a.run, b.run) || a.tokens - b.tokens,
  );
}

/** Rows of a group at T_max, one a run. */
export function finalChanges(group: RatioGroup, tokens: number): Change[] {
  return group.changes.filter((change) => change.tokens === tokens);
}

function checkBase(base: BaseLosses, of: string): void {
  for (const [name, loss] of [
    ['general', base.generalLoss],
    ['domain', base.domainLoss],
  ] as const) {
    if (loss > 0 && Number.isFinite(loss)) continue;
    throw new UserError(`the ${name} loss of ${of} is ${loss}`, 'Evaluate the base model on both corpora.');
  }
}

function checkRow(row: TrajectoryRow): void {
  const positive = (name: string, value: number) =>
    !(value > 0 && Number.isFinite(value)) && `${name} is ${value}, not a positive number`;
  const problems = [
    !(row.domainRatio >= 0 && row.domainRatio <= 1) && `domainRatio is ${row.domainRatio}, not in 0…1`,
    positive('tokens', row.tokens),
    positive('generalLoss', row.generalLoss),
    positive('domainLoss', row.domainLoss),
  ].filter((problem) => problem !== false);
  if (problems.length === 0) return;
  throw new UserError(
    `run ${row.run}, tokens = ${row.tokens}: ${problems.join('; ')}`,
    'Leave such rows out, or mend them; the losses before CPT (0 tokens) belong in `base`.',
  );
}

function checkRuns(rows: readonly TrajectoryRow[]): void {
  const byRun = new Map<string, TrajectoryRow[]>();
  for (const row of rows) byRun.set(row.run, [...(byRun.get(row.run) ?? []), row]);
  for (const [run, own] of byRun) {
    const ratios = distinct(own.map((row) => row.domainRatio));
    if (ratios.length > 1)
      throw new UserError(
        `run ${run} has rows at the ratios ${ratios.join(' and ')}`,
        'Give runs of different ratios or seeds names of their own.',
      );
    const counts = own.map((row) => row.tokens).sort((a, b) => a - b);
    const twice = counts.find((count, i) => i > 0 && same(count, counts[i - 1]!));
    if (twice !== undefined)
      throw new UserError(
        `run ${run} has two rows at ${twice} billion tokens`,
        'Give runs of different seeds names of their own, and each checkpoint once.',
      );
  }
}

/** The token count asked for, or the largest one, that every run was measured at. */
function sharedTokens(rows: readonly TrajectoryRow[], asked: number | null): number {
  const byRun = new Map<string, number[]>();
  for (const row of rows) byRun.set(row.run, [...(byRun.get(row.run) ?? []), row.tokens]);
  const runs = [...byRun];
  const candidates = asked === null ? runs[0]![1] : [asked];
  const shared = candidates.filter((count) => runs.every(([, own]) => own.some((each) => same(each, count))));
  if (shared.length > 0) return Math.max(...shared);
  if (asked === null)
    throw new UserError(
      'no token count was measured in every run, so that the ratios cannot be compared',
      'Evaluate all runs of a model size at the same token counts, or give one size at a time.',
    );
  const without = runs.find(([, own]) => !own.some((each) => same(each, asked)));
  throw new UserError(
    `run ${without![0]} was not measured at ${asked} billion tokens`,
    'Ask for a token count that every run was measured at.',
  );
}
