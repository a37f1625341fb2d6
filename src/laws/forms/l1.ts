import { sumOfTerms } from './sumOfTerms.ts';
import { constant, ratioFloor, sizePower, tokenPower } from './terms.ts';

/** E + A/N^alpha + B/D^beta + C/(r + epsilon)^gamma (arXiv 2406.01375 App. E.4): tokens teach the same at every ratio. */
export const l1 = sumOfTerms({
  name: 'L1',
  formula: 'E + A/N^alpha + B/D^beta + C/(r + epsilon)^gamma',
  source: 'arXiv 2406.01375 App. E.4',
  terms: [constant(), sizePower(), tokenPower(), ratioFloor()],
  needs: { sizes: 3, tokens: 3, ratios: 3 },
  limits: { ratio0: 'finite; falls with D', ratio1: 'Chinchilla with floor E + C/(1 + epsilon)^gamma' },
});
