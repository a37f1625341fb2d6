import { amount } from './parameters.ts';
import { sumOfTerms, type Term } from './sumOfTerms.ts';
import { constant } from './terms.ts';

/** k·exp(t·r). */
const exponential: Term = {
  coefficient: amount('k'),
  shape: [{ name: 't', unit: '1', lower: -50, upper: 50, start: { low: -12, high: 8, steps: 'linear' } }],
  evaluate: ([t], at, out) => {
    for (let i = 0; i < at.count; i++) {
      const value = Math.exp(t! * at.ratio[i]!);
      out.value[i] = value;
      if (out.byShape) out.byShape[0]![i] = at.ratio[i]! * value;
      if (out.byRatio) out.byRatio[i] = t! * value;
    }
  },
};

/**
 * The data mixing law c + k·exp(Σ_j t_j·h_j) for two corpora (arXiv 2403.16952, form M4). The shares add up to 1, so only
 * t = t_own − t_other can be told: c + k·exp(t·r), t < 0 where more of the corpus helps. Blind to N and D. Many
 * corpora: manyCorpora.ts.
 */
export const dataMixing = sumOfTerms({
  name: 'data-mixing',
  formula: 'c + k*exp(t*r)',
  source: 'arXiv 2403.16952',
  terms: [constant(amount('c')), exponential],
  needs: { sizes: 1, tokens: 1, ratios: 3 },
  limits: { ratio0: 'c + k', ratio1: 'c + k*exp(t)' },
});
