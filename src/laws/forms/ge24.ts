import { divergingAtZero } from './divergingAtZero.ts';
import { exponent } from './parameters.ts';
import { sumOfTerms } from './sumOfTerms.ts';
import { constant, ratioPower, tokenPower } from './terms.ts';

/** E + B/D^beta + C/r^gamma: the additive variant of BiMix that arXiv 2507.09404 (Table 14) compares with. Without N. */
export const ge24 = divergingAtZero(
  sumOfTerms({
    name: 'ge24',
    formula: 'E + B/D^beta + C/r^gamma',
    source: 'arXiv 2507.09404 Table 14',
    terms: [constant(), tokenPower(), ratioPower(exponent('gamma', 6))],
    needs: { sizes: 1, tokens: 3, ratios: 3 },
    limits: { ratio0: 'diverges', ratio1: 'E + C + B/D^beta' },
  }),
);
