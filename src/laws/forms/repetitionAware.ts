import { exponent, positive } from './parameters.ts';
import { sumOfTerms, type Term } from './sumOfTerms.ts';
import { constant } from './terms.ts';

/** U + U·R·(1 − e^−((X − U)/U)/R): what X is worth when only U of it is new, repetition fading with R. X itself where X ≤ U. */
function worth(x: number, unique: number, fading: number) {
  if (x <= unique) return { value: x, byX: 1, byUnique: 0, byFading: 0 };
  const repeats = x / unique - 1;
  const left = Math.exp(-repeats / fading);
  const value = unique * (1 + fading * (1 - left));
  return {
    value,
    byX: left,
    byUnique: 1 + fading * (1 - left) - (x / unique) * left,
    byFading: unique * (1 - left - (repeats / fading) * left),
  };
}

/**
 * Tokens' worth when `unique` of `tokens` are new (same units), the rest being repeated: D' of arXiv 2305.16264. rD: the number
 * of repetitions after which a token has lost 1 − 1/e of its worth.
 */
export function effectiveTokens(tokens: number, unique: number, rD: number): number {
  return worth(tokens, unique, rD).value;
}

/**
 * A/N'^alpha + B/D'^beta with effective parameters and tokens. N' counts parameters beyond those that the unique tokens
 * can use, U_N = min(N, (U·G)^(beta/alpha)·G), G = (alpha·A/(beta·B))^(1/(alpha+beta)). One term, because U_N needs A and B of the other.
 */
const effectivePowers: Term = {
  coefficient: null,
  shape: [
    positive('A', 'nats per token · billion^alpha', 0.01, 2),
    positive('B', 'nats per token · billion^beta', 0.01, 2),
    exponent('alpha'),
    exponent('beta'),
    { name: 'rD', unit: 'repetitions', lower: 0.1, upper: 1e4, start: { low: 1, high: 50, steps: 'log' } },
    { name: 'rN', unit: 'repetitions', lower: 0.1, upper: 1e4, start: { low: 1, high: 50, steps: 'log' } },
  ],
  evaluate: ([a, b, alpha, beta, rD, rN], at, out) => {
    const unique = at.inputs.uniqueTokens!;
    const sum = alpha! + beta!;
    const logG = (Math.log(alpha!) + Math.log(a!) - Math.log(beta!) - Math.log(b!)) / sum;
    for (let i = 0; i < at.count; i++) {
      const seen = Math.min(unique[i]!, at.d[i]!);
      const logSeen = Math.log(seen);
      // log of the parameters that `seen` tokens can use: (beta/alpha)(log U + log G) + log G.
      const logUsable = (beta! / alpha!) * (logSeen + logG) + logG;
      const usable = Math.exp(logUsable);
      const capped = usable < at.n[i]!;
      const size = worth(at.n[i]!, capped ? usable : at.n[i]!, rN!);
      const tokens = worth(at.d[i]!, seen, rD!);
      const logSize = Math.log(size.value);
      const logTokens = Math.log(tokens.value);
      const sizePart = a! * Math.exp(-alpha! * logSize);
      const tokenPart = b! * Math.exp(-beta! * logTokens);
      out.value[i] = sizePart + tokenPart;
      if (!out.byShape) continue;
      const bySize = (-alpha! * sizePart) / size.value;
      const byTokens = (-beta! * tokenPart) / tokens.value;
      const perLogUsable = capped ? bySize * size.byUnique * usable : 0;
      const perLogG = perLogUsable * (beta! / alpha! + 1);
      out.byShape[0]![i] = sizePart / a! + perLogG / (sum * a!);
      out.byShape[1]![i] = tokenPart / b! - perLogG / (sum * b!);
      out.byShape[2]![i] =
        -logSize * sizePart -
        perLogUsable * (beta! / alpha! ** 2) * (logSeen + logG) +
        perLogG * ((1 / alpha! - logG) / sum);
      out.byShape[3]![i] =
        -logTokens * tokenPart +
        (perLogUsable / alpha!) * (logSeen + logG) +
        perLogG * ((-1 / beta! - logG) / sum);
      out.byShape[4]![i] = byTokens * tokens.byFading;
      out.byShape[5]![i] = capped ? bySize * size.byFading : 0;
    }
    out.byRatio?.fill(0, 0, at.count);
  },
  shapeFactors: ([, , alpha, beta], nUnit, dUnit) => [nUnit ** -alpha!, dUnit ** -beta!, 1, 1, 1, 1],
};

/**
 * Chinchilla for repeated data (arXiv 2305.16264): E + A/N'^alpha + B/D'^beta with effective parameters N' and tokens D'
 * that saturate with repetition. Blind to the ratio.
 */
export const repetitionAware = sumOfTerms({
  name: 'repetition-aware',
  formula: "E + A/N'^alpha + B/D'^beta with D' = U + U*rD*(1 - exp(-(D/U - 1)/rD)), N' alike with rN",
  source: 'arXiv 2305.16264',
  terms: [constant(), effectivePowers],
  inputs: [{ name: 'uniqueTokens', unit: 'd', meaning: 'distinct tokens of D, in billions' }],
  needs: { sizes: 3, tokens: 3, ratios: 1 },
  limits: { ratio0: 'the same at every ratio', ratio1: 'the same at every ratio' },
});
