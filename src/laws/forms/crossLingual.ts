import { amount, exponent } from './parameters.ts';
import { sumOfTerms, type Term } from './sumOfTerms.ts';
import { constant, sizePower } from './terms.ts';

/** B/(D^beta·N^gamma): larger models gain more, or less, from the same tokens. */
const sizeTokens: Term = {
  coefficient: amount('B', 'nats per token · billion^(beta + gamma)'),
  shape: [
    exponent('beta'),
    { name: 'gamma', unit: '1', lower: -2, upper: 2, start: { low: -0.5, high: 0.5, steps: 'linear' } },
  ],
  evaluate: ([beta, gamma], at, out) => {
    for (let i = 0; i < at.count; i++) {
      const value = Math.exp(-beta! * at.logD[i]! - gamma! * at.logN[i]!);
      out.value[i] = value;
      if (out.byShape) {
        out.byShape[0]![i] = -at.logD[i]! * value;
        out.byShape[1]![i] = -at.logN[i]! * value;
      }
    }
    out.byRatio?.fill(0, 0, at.count);
  },
  coefficientFactor: ([beta, gamma], nUnit, dUnit) => dUnit ** -beta! * nUnit ** -gamma!,
};

/** E + A/N^alpha + B/(D^beta·N^gamma) (arXiv 2407.02118): an interaction of N and D that the D-CPT law lacks. Blind to the ratio. */
export const crossLingual = sumOfTerms({
  name: 'cross-lingual',
  formula: 'E + A/N^alpha + B/(D^beta*N^gamma)',
  source: 'arXiv 2407.02118',
  terms: [constant(), sizePower(), sizeTokens],
  needs: { sizes: 3, tokens: 3, ratios: 1 },
  limits: { ratio0: 'the same at every ratio', ratio1: 'the same at every ratio' },
});
