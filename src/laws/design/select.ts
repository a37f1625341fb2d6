import { budgetShare, costOf, within } from './candidates.ts';
import { leastVariance, type Matrix, plus } from './information.ts';
import type { Budget, CandidateRun } from './types.ts';

export interface Candidate {
  run: CandidateRun;
  fisher: Matrix;
}

/** How a greedy choice weighs cost: not at all, gain per cost, or no run above its even share of what is left. */
const RULES = ['gain', 'gain per cost', 'even shares'] as const;
type Rule = (typeof RULES)[number];

/**
 * The runs whose information brings the variance of one quantity down most (c-optimality: Elfving 1952, Annals of
 * Mathematical Statistics 23; Chernoff 1953, the same 24): chosen greedily, and then each of them is exchanged for the
 * best there is (Fedorov 1972, Theory of Optimal Experiments). Under a limit on cost, greedy choices are made by three
 * rules, since none is right for every budget, and the best set is returned; the most telling run first. The same run may
 * come more than once. Ties go to the earlier candidate.
 */
export function selectRuns(
  have: Matrix,
  gradient: readonly number[],
  candidates: readonly Candidate[],
  budget: Budget,
): number[] {
  const sumOf = (chosen: readonly number[]): Matrix =>
    chosen.reduce((total, i) => plus(total, candidates[i]!.fisher), have);
  const varianceOf = (information: Matrix): number => leastVariance(information, gradient);
  /** Variance with one more run, by candidate; infinite for those beyond the budget. */
  const withOneMore = (chosen: readonly number[]): number[] => {
    const sum = sumOf(chosen);
    const runs = chosen.map((i) => candidates[i]!.run);
    return candidates.map(({ run, fisher }) =>
      within(costOf([...runs, run]), budget) ? varianceOf(plus(sum, fisher)) : Number.POSITIVE_INFINITY,
    );
  };

  const greedy = (rule: Rule): number[] => {
    const chosen: number[] = [];
    while (chosen.length < budget.runs) {
      const variance = varianceOf(sumOf(chosen));
      const spent = costOf(chosen.map((i) => candidates[i]!.run));
      const left = budget.runs - chosen.length;
      const share: Budget = {
        runs: 1,
        ...(budget.tokens !== undefined && { tokens: (budget.tokens - spent.tokens) / left }),
        ...(budget.flops !== undefined && { flops: (budget.flops - spent.flops) / left }),
      };
      const scores = withOneMore(chosen).map((after, i) => {
        const { run } = candidates[i]!;
        if (rule === 'gain per cost') return (after - variance) / budgetShare(run, budget);
        return rule === 'gain' || within(costOf([run]), share) ? after : Number.POSITIVE_INFINITY;
      });
      const next = indexOfLeast(scores);
      if (next === null) break;
      chosen.push(next);
    }
    return chosen;
  };
  const exchange = (chosen: readonly number[]): number[] =>
    chosen.reduce<number[]>(
      (now, _, at) => {
        const after = withOneMore(now.filter((__, k) => k !== at));
        const better = indexOfLeast(after);
        return better !== null && after[better]! < after[now[at]!]!
          ? now.map((each, k) => (k === at ? better : each))
          : now;
      },
      [...chosen],
    );

  const limited = budget.tokens !== undefined || budget.flops !== undefined;
  const sets = (limited ? RULES : RULES.slice(0, 1)).map((rule) => exchange(greedy(rule)));
  const chosen = sets[indexOfLeast(sets.map((set) => varianceOf(sumOf(set)))) ?? 0]!;
  return inOrderOfGain(chosen, (some) => varianceOf(sumOf(some)));
}

function inOrderOfGain(
  chosen: readonly number[],
  varianceWith: (some: readonly number[]) => number,
): number[] {
  const left = [...chosen];
  const ordered: number[] = [];
  while (left.length > 0) {
    const next = indexOfLeast(left.map((each) => varianceWith([...ordered, each]))) ?? 0;
    ordered.push(...left.splice(next, 1));
  }
  return ordered;
}

/** The first of the lowest finite values; null where there is none. */
function indexOfLeast(values: readonly number[]): number | null {
  let least: number | null = null;
  values.forEach((value, i) => {
    if (Number.isFinite(value) && (least === null || value < values[least]!)) least = i;
  });
  return least;
}
