import { amount, exponent } from './parameters.ts';
import { sumOfTerms, type Term } from './sumOfTerms.ts';
import { constant, sizePower } from './terms.ts';

/** B/(r·D + (1 − r)·sigma)^beta. */
const ownTokens: Term = {
  coefficient: amount('B', 'nats per token · billion^beta'),
  shape: [
    exponent('beta'),
    {
      name: 'sigma',
      unit: 'billions of tokens',
      lower: 1e-9,
      upper: 1e9,
      start: { low: 0.01, high: 10, steps: 'log' },
    },
  ],
  evaluate: ([beta, sigma], at, out) => {
    for (let i = 0; i < at.count; i++) {
      const r = at.ratio[i]!;
      const tokens = r * at.d[i]! + (1 - r) * sigma!;
      const log = Math.log(tokens);
      const value = Math.exp(-beta! * log);
      const byTokens = (-beta! * value) / tokens;
      out.value[i] = value;
      if (out.byShape) {
        out.byShape[0]![i] = -log * value;
        out.byShape[1]![i] = byTokens * (1 - r);
      }
      if (out.byRatio) out.byRatio[i] = byTokens * (at.d[i]! - sigma!);
    }
  },
  coefficientFactor: ([beta], _, dUnit) => dUnit ** -beta!,
  shapeFactors: (_, __, dUnit) => [1, 1 / dUnit],
};

/** E + A/N^alpha + B/(r·D + (1 − r)·sigma)^beta (arXiv 2406.01375 App. E.4): the paper's worst form. */
export const l5 = sumOfTerms({
  name: 'L5',
  formula: 'E + A/N^alpha + B/(r*D + (1 - r)*sigma)^beta',
  source: 'arXiv 2406.01375 App. E.4',
  terms: [constant(), sizePower(), ownTokens],
  needs: { sizes: 3, tokens: 3, ratios: 2 },
  limits: { ratio0: 'finite; no dependence on D', ratio1: 'Chinchilla' },
});
