import { sumOfTerms } from './sumOfTerms.ts';
import { constant, ratioFloor, sharedTokenPower, sizePower } from './terms.ts';

/**
 * The D-CPT law: L(N, D, r) = E + A/N^alpha + B·r^eta/D^beta + C/(r + epsilon)^gamma (arXiv 2406.01375 Eq 6). N and D in
 * billions, r the share of the corpus whose loss is predicted, L in nats per token. The published sufficient
 * constraint (eta > 1 and C > C0) is an option of the fit: with it no interior optimum exists at realistic budgets.
 */
export const l3 = sumOfTerms({
  name: 'L3',
  formula: 'E + A/N^alpha + B*r^eta/D^beta + C/(r + epsilon)^gamma',
  source: 'arXiv 2406.01375 Eq 6',
  terms: [constant(), sizePower(), sharedTokenPower(), ratioFloor()],
  needs: { sizes: 3, tokens: 3, ratios: 4 },
  limits: {
    ratio0: 'finite; no dependence on D',
    ratio1: 'Chinchilla with floor E + C/(1 + epsilon)^gamma',
  },
});
