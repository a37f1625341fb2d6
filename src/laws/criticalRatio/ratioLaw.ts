import { fitLaw } from '../fitting/fit.ts';
import { lawValue, toVector } from '../forms/form.ts';
import type { LawFit, LawObservation } from '../types.ts';
import { cmrRatio } from './forms.ts';
import { finalChanges, type RatioGroup } from './trajectories.ts';

/** Losses at T_max against the domain ratio, a row a run: changes on top of the size's own base model, nats per token. */
export function ratioRows(
  groups: readonly RatioGroup[],
  loss: 'general' | 'domain',
  baseLoss: number,
  maxTokens: number,
  modelSize: number,
): LawObservation[] {
  return groups.flatMap((group) =>
    finalChanges(group, maxTokens).map((change) => ({
      n: modelSize,
      d: maxTokens,
      ratio: change.domainRatio,
      loss: baseLoss + change[loss],
      run: change.run,
    })),
  );
}

/** L(R) = alpha·R^s + beta (arXiv 2407.17467 Eq 6) by least squares; null with fewer than three ratios or no solution. */
export function fitRatioLaw(rows: readonly LawObservation[]): LawFit | null {
  const fit = fitLaw(cmrRatio, rows, { objective: 'least-squares' });
  return fit.starts === 0 || fit.status.startsWith('too-few') ? null : fit;
}

/** What a ratio law's parameters predict at a domain ratio, nats per token. */
export function ratioLoss(parameters: Readonly<Record<string, number>>, domainRatio: number): number {
  return lawValue(cmrRatio, toVector(cmrRatio, parameters), { n: 1, d: 1, ratio: domainRatio });
}
