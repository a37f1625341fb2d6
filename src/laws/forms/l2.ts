import { exponent, positive } from './parameters.ts';
import { sumOfTerms, type Term } from './sumOfTerms.ts';
import { constant, epsilon, sizePower } from './terms.ts';

/** (B/D^beta + C/(r + epsilon)^gamma)^eta. B and C are inside the power and so not linear. */
const joined: Term = {
  coefficient: null,
  shape: [
    positive('B', '(nats per token)^(1/eta) · billion^beta', 0.005, 2),
    positive('C', '(nats per token)^(1/eta)', 0.005, 2),
    exponent('beta'),
    exponent('gamma', 6),
    exponent('eta', 6),
    epsilon,
  ],
  evaluate: ([b, c, beta, gamma, eta, shift], at, out) => {
    for (let i = 0; i < at.count; i++) {
      const share = at.ratio[i]! + shift!;
      const logShare = Math.log(share);
      const tokens = Math.exp(-beta! * at.logD[i]!);
      const floor = Math.exp(-gamma! * logShare);
      const inner = b! * tokens + c! * floor;
      const value = inner ** eta!;
      const outer = (eta! * value) / inner;
      const byShare = (-gamma! * c! * floor) / share;
      out.value[i] = value;
      if (out.byShape) {
        out.byShape[0]![i] = outer * tokens;
        out.byShape[1]![i] = outer * floor;
        out.byShape[2]![i] = -outer * b! * at.logD[i]! * tokens;
        out.byShape[3]![i] = -outer * c! * logShare * floor;
        out.byShape[4]![i] = Math.log(inner) * value;
        out.byShape[5]![i] = outer * byShare;
      }
      if (out.byRatio) out.byRatio[i] = outer * byShare;
    }
  },
  shapeFactors: ([, , beta], _, dUnit) => [dUnit ** -beta!, 1, 1, 1, 1, 1],
};

/**
 * E + A/N^alpha + (B/D^beta + C/(r + epsilon)^gamma)^eta (arXiv 2406.01375 App. E.4). At a fixed ratio it is not a sum of a
 * term in N and one in D^-beta: it fails the paper's consistency with Chinchilla.
 */
export const l2 = sumOfTerms({
  name: 'L2',
  formula: 'E + A/N^alpha + (B/D^beta + C/(r + epsilon)^gamma)^eta',
  source: 'arXiv 2406.01375 App. E.4',
  terms: [constant(), sizePower(), joined],
  needs: { sizes: 3, tokens: 3, ratios: 4 },
  limits: { ratio0: 'finite; falls with D', ratio1: 'finite; falls with D, but not as Chinchilla does' },
});
