import type { Interval, LawFit } from '../types.ts';
import { checkPositive } from './checks.ts';
import { affordableTokens, type Budget } from './cost.ts';
import { surfaceOf } from './lossSurface.ts';
import { intervalOf } from './replicates.ts';

/** A model size that can be had, and what the budget buys with it. */
export interface SizeOption {
  n: number;
  d: number;
  loss: number;
  /** Of the loss; null without resampled fits. */
  lossInterval: Interval | null;
  /** Share of the resampled fits by which no other size on the list does better; null without them. */
  bestShare: number | null;
}

/** The sizes (billions) that the budget can train, the one with the least loss first; those it cannot pay for are left out. */
export function sizeOptions(
  fit: LawFit,
  sizes: readonly number[],
  question: Budget & { ratio: number },
  level: number,
): SizeOption[] {
  for (const size of sizes) checkPositive({ 'a size': size }, 'Give sizes in billions of parameters.');
  const paid = [...new Set(sizes)]
    .map((n) => ({ n, d: affordableTokens(n, question) }))
    .filter(({ d }) => d > 0);
  const lossesBy = (parameters: LawFit['parameters']) => {
    const surface = surfaceOf({ form: fit.form, parameters });
    return paid.map(({ n, d }) => surface.at(n, d, question.ratio));
  };
  const losses = lossesBy(fit.parameters);
  const replicated = fit.replicates.map(lossesBy);
  const winners = replicated.map((each) => each.indexOf(Math.min(...each)));
  return paid
    .map((size, i) => ({
      ...size,
      loss: losses[i]!,
      lossInterval: intervalOf(
        replicated.map((each) => each[i]!),
        level,
      ),
      bestShare:
        winners.length === 0 ? null : winners.filter((winner) => winner === i).length / winners.length,
    }))
    .sort((a, b) => a.loss - b.loss || a.n - b.n);
}
