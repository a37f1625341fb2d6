import { amount, exponent } from './parameters.ts';
import { sumOfTerms, type Term } from './sumOfTerms.ts';
import { constant, ratioFloor, sizePower } from './terms.ts';

/** B·e^r/D^beta. */
const exponentialTokens: Term = {
  coefficient: amount('B', 'nats per token · billion^beta'),
  shape: [exponent('beta')],
  evaluate: ([beta], at, out) => {
    for (let i = 0; i < at.count; i++) {
      const value = Math.exp(at.ratio[i]! - beta! * at.logD[i]!);
      out.value[i] = value;
      if (out.byShape) out.byShape[0]![i] = -at.logD[i]! * value;
      if (out.byRatio) out.byRatio[i] = value;
    }
  },
  coefficientFactor: ([beta], _, dUnit) => dUnit ** -beta!,
};

/** E + A/N^alpha + B·e^r/D^beta + C/(r + epsilon)^gamma (arXiv 2406.01375 App. E.4): L3 without eta. */
export const l6 = sumOfTerms({
  name: 'L6',
  formula: 'E + A/N^alpha + B*e^r/D^beta + C/(r + epsilon)^gamma',
  source: 'arXiv 2406.01375 App. E.4',
  terms: [constant(), sizePower(), exponentialTokens, ratioFloor()],
  needs: { sizes: 3, tokens: 3, ratios: 3 },
  limits: { ratio0: 'finite; falls with D', ratio1: 'Chinchilla with floor E + C/(1 + epsilon)^gamma' },
});
