import type { LawForm } from '../forms/form.ts';
import type { LawFit } from '../types.ts';
import { toPaper } from './paper.ts';
import type { FittedLaw } from './types.ts';

/** Which of a form's parameters make up the paper's alpha·x^s (two where the law has two powers) and its constant. */
const PAPER_NAMES: Readonly<
  Record<string, { powers: [alpha: string, slope: string, s: string][]; beta: string }>
> = {
  cmrRatio: { powers: [['alpha', 'slope', 's']], beta: 'beta' },
  cmrDomainTokens: { powers: [['alpha1', 'slope1', 's1']], beta: 'beta1' },
  cmrGeneralTokens: {
    powers: [
      ['alpha2', 'slope2', 's2'],
      ['alpha3', 'slope3', 's3'],
    ],
    beta: 'beta2',
  },
  cmrAcrossTokens: { powers: [['alpha4', 'slope4', 's4']], beta: 'beta3' },
};

/** A fit in short, with the paper's coefficients. `reference`: T_ref in billions; 1 for the ratio law. */
export function fittedLaw(form: LawForm, fit: LawFit, reference: number): FittedLaw {
  return {
    form: form.name,
    parameters: fit.parameters,
    published: paperCoefficients(form.name, fit.parameters, reference),
    status: fit.status,
    statusDetail: fit.statusDetail,
    r2: fit.quality.r2,
    mae: fit.quality.mae,
  };
}

function paperCoefficients(
  form: string,
  parameters: Readonly<Record<string, number>>,
  reference: number,
): Record<string, number> | null {
  const { powers, beta } = PAPER_NAMES[form]!;
  const known: Record<string, number> = { ...parameters, s3: parameters.s2! + parameters.gap! };
  const coefficients: Record<string, number> = {};
  let level = known.level!;
  for (const [alpha, slope, s] of powers) {
    const paper = toPaper({ level, slope: known[slope]!, s: known[s]! }, reference);
    if (!paper) return null;
    coefficients[alpha] = paper.alpha;
    coefficients[s] = paper.s;
    level = paper.beta;
  }
  return { ...coefficients, [beta]: level };
}
