import { sumOfTerms } from './sumOfTerms.ts';
import { constant, sizePower, tokenPower } from './terms.ts';

/**
 * L(N, D) = E + A/N^alpha + B/D^beta (arXiv 2203.15556 approach 3; fitted again in arXiv 2404.10102). Blind to the
 * ratio: what L3 must beat, and what it becomes at a fixed ratio.
 */
export const chinchilla = sumOfTerms({
  name: 'chinchilla',
  formula: 'E + A/N^alpha + B/D^beta',
  source: 'arXiv 2203.15556 approach 3',
  terms: [constant(), sizePower(), tokenPower()],
  needs: { sizes: 3, tokens: 3, ratios: 1 },
  limits: { ratio0: 'the same at every ratio', ratio1: 'the same at every ratio' },
});
