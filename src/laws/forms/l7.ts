import { amount, exponent } from './parameters.ts';
import { sumOfTerms, type Term } from './sumOfTerms.ts';
import { constant, epsilon, ratioFloor, sizePower } from './terms.ts';

/** B·(r + epsilon)^eta/D^beta, with the floor's epsilon. */
const shiftedTokens: Term = {
  coefficient: amount('B', 'nats per token · billion^beta'),
  shape: [exponent('beta'), exponent('eta', 6), epsilon],
  evaluate: ([beta, eta, shift], at, out) => {
    for (let i = 0; i < at.count; i++) {
      const share = at.ratio[i]! + shift!;
      const log = Math.log(share);
      const value = Math.exp(eta! * log - beta! * at.logD[i]!);
      const byShare = (eta! * value) / share;
      out.value[i] = value;
      if (out.byShape) {
        out.byShape[0]![i] = -at.logD[i]! * value;
        out.byShape[1]![i] = log * value;
        out.byShape[2]![i] = byShare;
      }
      if (out.byRatio) out.byRatio[i] = byShare;
    }
  },
  coefficientFactor: ([beta], _, dUnit) => dUnit ** -beta!,
};

/** E + A/N^alpha + B·(r + epsilon)^eta/D^beta + C/(r + epsilon)^gamma (arXiv 2406.01375 App. E.4): D matters at ratio 0 too. */
export const l7 = sumOfTerms({
  name: 'L7',
  formula: 'E + A/N^alpha + B*(r + epsilon)^eta/D^beta + C/(r + epsilon)^gamma',
  source: 'arXiv 2406.01375 App. E.4',
  terms: [constant(), sizePower(), shiftedTokens, ratioFloor()],
  needs: { sizes: 3, tokens: 3, ratios: 4 },
  limits: { ratio0: 'finite; falls with D', ratio1: 'Chinchilla with floor E + C/(1 + epsilon)^gamma' },
});
