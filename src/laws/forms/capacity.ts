import { divergingAtZero } from './divergingAtZero.ts';
import { amount, exponent } from './parameters.ts';
import { sumOfTerms, type Term } from './sumOfTerms.ts';
import { constant } from './terms.ts';

/** A·(1 + (q·(1 − r)/r)^(1/(1 + alpha)))^alpha / N^alpha: a power of the capacity that a corpus wins. */
const capacityTerm: Term = {
  coefficient: amount('A', 'nats per token · billion^alpha'),
  shape: [
    exponent('alpha'),
    { name: 'q', unit: '1', lower: 1e-6, upper: 1e6, start: { low: 0.05, high: 20, steps: 'log' } },
  ],
  evaluate: ([alpha, q], at, out) => {
    const power = 1 / (1 + alpha!);
    const logQ = Math.log(q!);
    for (let i = 0; i < at.count; i++) {
      const r = at.ratio[i]!;
      // At ratio 1 the other corpus takes nothing: all its slopes but the one by the ratio vanish there.
      const logOther = r < 1 ? logQ + Math.log1p(-r) - at.logRatio[i]! : Number.NEGATIVE_INFINITY;
      const other = r < 1 ? Math.exp(power * logOther) : 0;
      const value = Math.exp(alpha! * (Math.log1p(other) - at.logN[i]!));
      const byOther = (alpha! * value) / (1 + other);
      out.value[i] = value;
      if (out.byShape) {
        const otherByAlpha = r < 1 ? -power * power * logOther * other : 0;
        out.byShape[0]![i] = (Math.log1p(other) - at.logN[i]!) * value + byOther * otherByAlpha;
        out.byShape[1]![i] = (byOther * power * other) / q!;
      }
      if (out.byRatio)
        out.byRatio[i] = r < 1 ? (-byOther * power * other) / (r * (1 - r)) : -Number.MAX_VALUE;
    }
  },
  coefficientFactor: ([alpha], nUnit) => nUnit ** -alpha!,
};

/** B/(D·r)^beta: loss by the corpus' own tokens. */
const ownTokens: Term = {
  coefficient: amount('B', 'nats per token · billion^beta'),
  shape: [exponent('beta')],
  evaluate: ([beta], at, out) => {
    for (let i = 0; i < at.count; i++) {
      const log = at.logD[i]! + at.logRatio[i]!;
      const value = Math.exp(-beta! * log);
      out.value[i] = value;
      if (out.byShape) out.byShape[0]![i] = -log * value;
      if (out.byRatio) out.byRatio[i] = (-beta! * value) / at.ratio[i]!;
    }
  },
  coefficientFactor: ([beta], _, dUnit) => dUnit ** -beta!,
};

/**
 * Capacity competition (arXiv 2606.08167 Theorem 4.1): L = c·x*^-b + A·(D·h)^-a + E, where x* shares N among the corpora so that
 * Σ h_i c_i x_i^-b_i is least. With one exponent for both corpora and no least capacity the programme has a closed form (our
 * own derivation: equal marginal gains h_i c_i x_i^-(1+b)): x = N/(1 + (q(1 − r)/r)^(1/(1+b))), q = c_other/c_own. Names here: b is
 * alpha, c is A, a is beta, A is B.
 */
export const capacity = divergingAtZero(
  sumOfTerms({
    name: 'capacity',
    formula: 'E + A*(1 + (q*(1 - r)/r)^(1/(1 + alpha)))^alpha/N^alpha + B/(D*r)^beta',
    source: 'arXiv 2606.08167 Theorem 4.1',
    terms: [constant(), capacityTerm, ownTokens],
    needs: { sizes: 3, tokens: 3, ratios: 3 },
    limits: { ratio0: 'diverges', ratio1: 'Chinchilla' },
  }),
);
