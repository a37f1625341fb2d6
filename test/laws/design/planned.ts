import type { PlanInputs } from '../../../src/laws/design/nextRuns.ts';
import type { NoiseModel } from '../../../src/laws/design/types.ts';
import { fitLaw } from '../../../src/laws/fitting/fit.ts';
import { l3 } from '../../../src/laws/forms/l3.ts';
import { predict } from '../../../src/laws/predict.ts';
import type { LawObservation, LawParameters } from '../../../src/laws/types.ts';
import { PLANTED, type PlantedOptions, plantedRows } from '../planted.ts';

/** A general law whose best ratio lies well inside its range. */
export const GENERAL: LawParameters = { ...PLANTED, B: 0.005 };
export const SIZES = [6e-6, 2e-5, 5.6e-5];
export const TOKENS = Array.from({ length: 6 }, (_, k) => 1e-4 * 6 ** (k / 5));
const target = { n: 5.6e-5, d: 6e-4, tolerance: 0.05 };
export const QUESTION = { target, baseGeneralLoss: predict('L3', GENERAL, { ...target, ratio: 1 }) * 1.02 };
export const NOISE: NoiseModel = { run: 0.004, row: 0.003 };

/** Twelve runs: too few to answer well. */
export function fewRuns(options: PlantedOptions = {}): LawObservation[] {
  return plantedRows({
    parameters: GENERAL,
    sizes: SIZES,
    tokens: TOKENS,
    ratios: [0, 0.3, 0.6, 1],
    runNoise: NOISE.run,
    rowNoise: NOISE.row,
    ...options,
  });
}

/** What to plan from such rows: three runs out of all sizes and ratios. */
export function planInputs(rows: readonly LawObservation[], changes: Partial<PlanInputs> = {}): PlanInputs {
  return {
    general: { fit: fitLaw(l3, rows, { starts: 32 }), rows },
    domain: null,
    question: QUESTION,
    candidates: {
      sizes: SIZES.map((n) => ({ n })),
      tokens: [
        { d: TOKENS[3]!, evaluateAt: TOKENS.slice(0, 4) },
        { d: TOKENS[5]!, evaluateAt: TOKENS },
      ],
    },
    budget: { runs: 3 },
    ...changes,
  };
}

/** The same, but with the planted law in the fit's place and the planted noise: nothing estimated. */
export function knownInputs(rows: readonly LawObservation[], changes: Partial<PlanInputs> = {}): PlanInputs {
  const inputs = planInputs(rows, { noise: NOISE, ...changes });
  return {
    ...inputs,
    general: { rows, fit: { ...inputs.general.fit, parameters: GENERAL, status: 'converged' } },
  };
}
