import { amount, exponent } from './parameters.ts';
import { sumOfTerms, type Term } from './sumOfTerms.ts';
import { constant, tokenPower } from './terms.ts';

/** C/r^gamma. */
const floor: Term = {
  coefficient: amount('C'),
  shape: [exponent('gamma', 6)],
  evaluate: ([gamma], at, out) => {
    for (let i = 0; i < at.count; i++) {
      const value = Math.exp(-gamma! * at.logRatio[i]!);
      out.value[i] = value;
      if (out.byShape) out.byShape[0]![i] = -at.logRatio[i]! * value;
      if (out.byRatio) out.byRatio[i] = (-gamma! * value) / at.ratio[i]!;
    }
  },
};

/** E + B/D^beta + C/r^gamma: the additive variant of BiMix that arXiv 2507.09404 (Table 14) compares with. Without N. */
export const ge24 = sumOfTerms({
  name: 'ge24',
  formula: 'E + B/D^beta + C/r^gamma',
  source: 'arXiv 2507.09404 Table 14',
  terms: [constant(), tokenPower(), floor],
  needs: { sizes: 1, tokens: 3, ratios: 3 },
  ratios: 'positive',
  limits: { ratio0: 'diverges', ratio1: 'E + C + B/D^beta' },
});
