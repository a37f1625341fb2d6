import { fitLaw } from '../../../src/laws/fitting/fit.ts';
import { l3 } from '../../../src/laws/forms/l3.ts';
import type { LawFit, LawParameters } from '../../../src/laws/types.ts';
import { plantedRows } from '../planted.ts';

const FITTED = fitLaw(l3, plantedRows({ tokens: [1e-4, 3e-4, 6e-4] }), { starts: 8 });

/** An L3 fit with given parameters, as if they had been found, without equally good ones. */
export const fitOf = (parameters: LawParameters, more: Partial<LawFit> = {}): LawFit => ({
  ...FITTED,
  parameters,
  status: 'converged',
  replicates: [],
  nearOptimal: [parameters],
  ...more,
});

/** A fit that the design does not carry. */
export const tooFewSizes = (): LawFit =>
  fitLaw(l3, plantedRows({ sizes: [1e-5], tokens: [1e-4, 3e-4, 6e-4] }), { starts: 8 });

/** Each of some parameter sets as often as wanted: resampled fits that agree in groups. */
export const repeated = (sets: readonly LawParameters[], times: number): LawParameters[] =>
  sets.flatMap((parameters) => Array.from({ length: times }, () => parameters));

/** L3 by its formula, apart from the code under test. */
export function lossOf(p: LawParameters, n: number, d: number, r: number): number {
  return (
    p.E! + p.A! / n ** p.alpha! + (p.B! * r ** p.eta!) / d ** p.beta! + p.C! / (r + p.epsilon!) ** p.gamma!
  );
}
