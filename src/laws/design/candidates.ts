import { UserError } from '../../common/errors.ts';
import type { LawForm } from '../forms/form.ts';
import { covers } from './frame.ts';
import type { Budget, CandidateGrid, CandidateRun, Cost } from './types.ts';

const DEFAULT_RATIOS: readonly number[] = Array.from({ length: 51 }, (_, k) => k / 50);

/** Room for rounding where costs are added up. */
const SLACK = 1 + 1e-9;

/**
 * Every size with every ratio and token plan. Runs without general text say nothing to a form that has no value at ratio 0, and are
 * left out. Throws a UserError that names what is amiss.
 */
export function candidateRuns(form: LawForm, grid: CandidateGrid): CandidateRun[] {
  const ratios = grid.ratios ?? DEFAULT_RATIOS;
  const empty = [
    grid.sizes.length === 0 && 'model size',
    grid.tokens.length === 0 && 'number of tokens',
    ratios.length === 0 && 'ratio',
  ].find((each) => each !== false);
  if (empty) throw new UserError(`no ${empty} to choose runs from`, `List at least one ${empty}.`);
  const refuse = (what: string): never => {
    throw new UserError(`candidates for new runs: ${what}`, 'Mend the candidates; N and D are in billions.');
  };
  for (const { n, flopsPerToken } of grid.sizes) {
    if (!isPositive(n)) refuse(`model size ${n} is not a positive number`);
    if (flopsPerToken !== undefined && !isPositive(flopsPerToken))
      refuse(`${flopsPerToken} FLOP per token at size ${n}`);
  }
  for (const ratio of ratios) if (!(ratio >= 0 && ratio <= 1)) refuse(`ratio ${ratio} is not in 0…1`);
  for (const { d, evaluateAt } of grid.tokens) {
    if (!isPositive(d)) refuse(`${d} tokens is not a positive number`);
    if (evaluateAt.length === 0) refuse(`the run of ${d} billion tokens is never evaluated`);
    const outside = evaluateAt.find((at) => !(at > 0 && at <= d * SLACK));
    if (outside !== undefined) refuse(`a run of ${d} billion tokens cannot be evaluated at ${outside}`);
  }
  return grid.sizes.flatMap(({ n, flopsPerToken = 6 * n * 1e9 }) =>
    ratios
      .filter((ratio) => covers(form, 1 - ratio))
      .flatMap((domainRatio) =>
        grid.tokens.map(({ d, evaluateAt }) => ({
          n,
          domainRatio,
          d,
          evaluateAt,
          flops: flopsPerToken * d * 1e9,
        })),
      ),
  );
}

export function costOf(runs: readonly CandidateRun[]): Cost {
  return {
    tokens: runs.reduce((sum, { d }) => sum + d, 0),
    flops: runs.reduce((sum, { flops }) => sum + flops, 0),
  };
}

export function within(cost: Cost, budget: Budget): boolean {
  return (
    cost.tokens <= (budget.tokens ?? Number.POSITIVE_INFINITY) * SLACK &&
    cost.flops <= (budget.flops ?? Number.POSITIVE_INFINITY) * SLACK
  );
}

/** The larger share of a budget that a run takes; the same for all runs where nothing limits them. */
export function budgetShare(run: CandidateRun, budget: Budget): number {
  return (
    Math.max(budget.tokens ? run.d / budget.tokens : 0, budget.flops ? run.flops / budget.flops : 0) || 1
  );
}

/** Throws a UserError when the budget is no budget, or pays for none of the runs. */
export function checkBudget(runs: readonly CandidateRun[], budget: Budget): void {
  if (!Number.isInteger(budget.runs) || budget.runs < 1)
    throw new UserError(`${budget.runs} is not a number of runs to suggest`, 'Ask for 1 run or more.');
  const cheapest = {
    tokens: Math.min(...runs.map(({ d }) => d)),
    flops: Math.min(...runs.map(({ flops }) => flops)),
  };
  if (runs.some((run) => within(costOf([run]), budget))) return;
  const limits = [
    budget.tokens !== undefined && `${budget.tokens} billion tokens`,
    budget.flops !== undefined && `${budget.flops.toExponential(2)} FLOP`,
  ].filter((each) => each !== false);
  throw new UserError(
    `the budget of ${limits.join(' and ')} pays for none of the ${runs.length} candidate runs`,
    `The cheapest take ${cheapest.tokens} billion tokens and ${cheapest.flops.toExponential(2)} FLOP: raise the budget, or list smaller models or fewer tokens.`,
  );
}

const isPositive = (value: number): boolean => value > 0 && Number.isFinite(value);
