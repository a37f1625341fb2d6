import { exponent, positive } from './parameters.ts';
import { sumOfTerms, type Term } from './sumOfTerms.ts';
import { constant, sizePower, tokenPower } from './terms.ts';

/** x^p, its slopes by p and by x, with 0^p = 0 and slopes that vanish there. */
function powerOf(x: number, p: number): { value: number; byPower: number; byBase: number } {
  if (x <= 0) return { value: 0, byPower: 0, byBase: 0 };
  const log = Math.log(x);
  const value = Math.exp(p * log);
  return { value, byPower: log * value, byBase: (p * value) / x };
}

/** 1/(C1·r^gamma1 + C2·(1 − r)^gamma2): finite at both ends as long as the corpus that is left has a positive C. */
export const mixtureFloor: Term = {
  coefficient: null,
  shape: [
    positive('C1', '1/(nats per token)', 0.2, 20),
    exponent('gamma1'),
    positive('C2', '1/(nats per token)', 0.05, 20),
    exponent('gamma2'),
  ],
  evaluate: ([c1, gamma1, c2, gamma2], at, out) => {
    for (let i = 0; i < at.count; i++) {
      const own = powerOf(at.ratio[i]!, gamma1!);
      const other = powerOf(1 - at.ratio[i]!, gamma2!);
      const value = 1 / (c1! * own.value + c2! * other.value);
      const outer = -value * value;
      out.value[i] = value;
      if (out.byShape) {
        out.byShape[0]![i] = outer * own.value;
        out.byShape[1]![i] = outer * c1! * own.byPower;
        out.byShape[2]![i] = outer * other.value;
        out.byShape[3]![i] = outer * c2! * other.byPower;
      }
      if (out.byRatio) out.byRatio[i] = outer * (c1! * own.byBase - c2! * other.byBase);
    }
  },
};

/**
 * E + 1/(C1·r^gamma1 + C2·(1 − r)^gamma2) + A/N^alpha + B/D^beta (arXiv 2507.09404 Eq 2.4, two corpora): the ratio that is best
 * does not depend on N or D.
 */
export const appleAdditive = sumOfTerms({
  name: 'apple-additive',
  formula: 'E + 1/(C1*r^gamma1 + C2*(1 - r)^gamma2) + A/N^alpha + B/D^beta',
  source: 'arXiv 2507.09404 Eq 2.4',
  terms: [constant(), sizePower(), tokenPower(), mixtureFloor],
  needs: { sizes: 3, tokens: 3, ratios: 4 },
  limits: { ratio0: 'floor E + 1/C2; falls with D', ratio1: 'Chinchilla with floor E + 1/C1' },
});
