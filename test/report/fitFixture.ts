import { fitForms } from '../../src/analysis/fitForms.ts';
import type { LawObservation } from '../../src/laws/types.ts';
import type { FitReportInput, FittedLoss } from '../../src/report/fitTypes.ts';
import { plantedRows } from '../laws/planted.ts';

export const FIT_SIZES = [6e-6, 1.4e-5, 5.6e-5];
export const FIT_RATIOS = [0.1, 0.33, 0.5, 0.8, 1];

/** 60 rows of a planted L3 with noise. */
export const fitRows = (): LawObservation[] =>
  plantedRows({
    sizes: FIT_SIZES,
    ratios: FIT_RATIOS,
    tokens: [6e-5, 1.2e-4, 2.4e-4, 4.8e-4],
    rowNoise: 0.002,
  });

/** Forms fitted to rows as `npm run fit` does it, with few starts. */
export const fittedLoss = (
  forms: string[],
  rows: LawObservation[] = fitRows(),
  options: { validate?: boolean; resamples?: number; loss?: string; domain?: string | null } = {},
): FittedLoss =>
  fitForms(
    { loss: options.loss ?? 'general_loss', domain: options.domain ?? null, rows },
    {
      forms,
      validate: options.validate ?? false,
      resamples: options.resamples ?? 0,
      level: 0.9,
      seed: 1,
      starts: 8,
    },
  );

export const reportInput = (losses: FittedLoss[]): FitReportInput => ({
  title: 'losses.csv',
  sources: ['runs/math/losses.csv'],
  options: { objective: 'log-huber', 'huber delta': '0.001', seed: '1' },
  notes: [],
  losses,
  seconds: 12.3,
});
