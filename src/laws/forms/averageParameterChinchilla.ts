import { sumOfTerms } from './sumOfTerms.ts';
import { constant, sizePower, tokenPower } from './terms.ts';

/**
 * Chinchilla with N replaced by the parameter count's mean over training, for models that are pruned or grown on the way
 * (arXiv 2501.12486; form as its abstract describes it). With a constant N it is Chinchilla.
 */
export const averageParameterChinchilla = sumOfTerms({
  name: 'average-parameter-chinchilla',
  formula: 'E + A/meanN^alpha + B/D^beta',
  source: 'arXiv 2501.12486',
  terms: [constant(), sizePower('meanModelSize'), tokenPower()],
  inputs: [
    { name: 'meanModelSize', unit: 'n', meaning: 'parameters, mean over the training tokens, in billions' },
  ],
  needs: { sizes: 3, tokens: 3, ratios: 1 },
  limits: { ratio0: 'the same at every ratio', ratio1: 'the same at every ratio' },
});
