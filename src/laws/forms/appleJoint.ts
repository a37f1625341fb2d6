import { appleAdditive, mixtureFloor } from './appleAdditive.ts';
import { parameterNames } from './form.ts';
import { exponent, positive } from './parameters.ts';
import { sumOfTerms, type Term } from './sumOfTerms.ts';
import { constant } from './terms.ts';

/** (X1·r + X2·(1 − r))^gammaX / M^exponent, M being N or D: how a mixture changes what size or tokens are worth. */
function mixedPower(letter: 'A' | 'B', of: 'logN' | 'logD', name: 'alpha' | 'beta'): Term {
  const gamma = `gamma${letter}`;
  return {
    coefficient: null,
    shape: [
      positive(`C${letter}1`, 'nats per token, to the power 1/gamma', 0.01, 2),
      positive(`C${letter}2`, 'nats per token, to the power 1/gamma', 0.01, 2),
      exponent(gamma),
      exponent(name),
    ],
    evaluate: ([own, other, power, scale], at, out) => {
      for (let i = 0; i < at.count; i++) {
        const r = at.ratio[i]!;
        const mixed = own! * r + other! * (1 - r);
        const log = Math.log(mixed);
        const value = Math.exp(power! * log - scale! * at[of][i]!);
        const outer = (power! * value) / mixed;
        out.value[i] = value;
        if (out.byShape) {
          out.byShape[0]![i] = outer * r;
          out.byShape[1]![i] = outer * (1 - r);
          out.byShape[2]![i] = log * value;
          out.byShape[3]![i] = -at[of][i]! * value;
        }
        if (out.byRatio) out.byRatio[i] = outer * (own! - other!);
      }
    },
    shapeFactors: ([, , power, scale], nUnit, dUnit) => {
      const factor = (of === 'logN' ? nUnit : dUnit) ** (-scale! / power!);
      return [factor, factor, 1, 1];
    },
  };
}

/**
 * E + 1/(C1·r^gamma1 + C2·(1 − r)^gamma2) + (CA1·r + CA2·(1 − r))^gammaA/N^alpha + (CB1·r + CB2·(1 − r))^gammaB/D^beta
 * (arXiv 2507.09404 Eq 2.5, two corpora): the best ratio depends on the scale. It contains the additive form, whose solution is
 * one of its starts.
 */
export const appleJoint = sumOfTerms({
  name: 'apple-joint',
  formula:
    'E + 1/(C1*r^gamma1 + C2*(1 - r)^gamma2) + (CA1*r + CA2*(1 - r))^gammaA/N^alpha + (CB1*r + CB2*(1 - r))^gammaB/D^beta',
  source: 'arXiv 2507.09404 Eq 2.5',
  terms: [constant(), mixtureFloor, mixedPower('A', 'logN', 'alpha'), mixedPower('B', 'logD', 'beta')],
  needs: { sizes: 3, tokens: 3, ratios: 4 },
  limits: { ratio0: 'finite; falls with N and D', ratio1: 'Chinchilla with floor E + 1/C1' },
  contains: {
    form: appleAdditive,
    lift: (vector) => {
      const value = Object.fromEntries(parameterNames(appleAdditive).map((name, i) => [name, vector[i]!]));
      const positiveOf = (amount: number) => Math.max(amount, 1e-6);
      return [
        value.E!,
        value.C1!,
        value.gamma1!,
        value.C2!,
        value.gamma2!,
        positiveOf(value.A!),
        positiveOf(value.A!),
        1,
        value.alpha!,
        positiveOf(value.B!),
        positiveOf(value.B!),
        1,
        value.beta!,
      ];
    },
  },
});
