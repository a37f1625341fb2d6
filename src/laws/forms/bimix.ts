import { amount, exponent } from './parameters.ts';
import { sumOfTerms, type Term } from './sumOfTerms.ts';

const shareExponent = exponent('alpha');

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

/** C/r^alpha. */
const floor: Term = {
  coefficient: amount('C'),
  shape: [shareExponent],
  evaluate: ([alpha], at, out) => {
    for (let i = 0; i < at.count; i++) {
      const value = Math.exp(-alpha! * at.logRatio[i]!);
      out.value[i] = value;
      if (out.byShape) out.byShape[0]![i] = -at.logRatio[i]! * value;
      if (out.byRatio) out.byRatio[i] = (-alpha! * value) / at.ratio[i]!;
    }
  },
};

/**
 * BiMix: (A/r^alpha)·(B/D^beta + C) (arXiv 2405.14908 Eq 3). A multiplies both of the others, so it is fixed at 1. Without
 * N, and without a value at ratio 0.
 */
export const bimix = sumOfTerms({
  name: 'bimix',
  formula: '(B/D^beta + C)/r^alpha',
  source: 'arXiv 2405.14908 Eq 3',
  terms: [sharedTokens, floor],
  needs: { sizes: 1, tokens: 3, ratios: 2 },
  ratios: 'positive',
  limits: { ratio0: 'diverges', ratio1: 'B/D^beta + C' },
});
