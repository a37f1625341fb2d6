import { divergingAtZero } from './divergingAtZero.ts';
import type { ParameterInfo } from './form.ts';
import { amount, exponent } from './parameters.ts';
import { sumOfTerms, type Term } from './sumOfTerms.ts';
import { ratioPower } from './terms.ts';

/** The relative change of a whole loss with the share, so smaller than the exponents of single terms. */
const shareExponent: ParameterInfo = {
  ...exponent('alpha'),
  lower: 1e-3,
  start: { low: 5e-3, high: 3, steps: 'log' },
};

/** B/(r^alpha·D^beta). */
const sharedTokens: Term = {
  coefficient: amount('B', 'nats per token · billion^beta'),
  shape: [shareExponent, exponent('beta')],
  evaluate: ([alpha, beta], at, out) => {
    for (let i = 0; i < at.count; i++) {
      const value = Math.exp(-alpha! * at.logRatio[i]! - beta! * at.logD[i]!);
      out.value[i] = value;
      if (out.byShape) {
        out.byShape[0]![i] = -at.logRatio[i]! * value;
        out.byShape[1]![i] = -at.logD[i]! * value;
      }
      if (out.byRatio) out.byRatio[i] = (-alpha! * value) / at.ratio[i]!;
    }
  },
  coefficientFactor: ([, beta], _, dUnit) => dUnit ** -beta!,
};

/**
 * BiMix: (A/r^alpha)·(B/D^beta + C) (arXiv 2405.14908 Eq 3). A multiplies both of the others, so it is fixed at 1. Without
 * N, and without a value at ratio 0.
 */
export const bimix = divergingAtZero(
  sumOfTerms({
    name: 'bimix',
    formula: '(B/D^beta + C)/r^alpha',
    source: 'arXiv 2405.14908 Eq 3',
    terms: [sharedTokens, ratioPower(shareExponent)],
    needs: { sizes: 1, tokens: 3, ratios: 2 },
    limits: { ratio0: 'diverges', ratio1: 'B/D^beta + C' },
  }),
);
