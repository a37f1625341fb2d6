import { amount, exponent } from './parameters.ts';
import { sumOfTerms, type Term } from './sumOfTerms.ts';
import { constant, sizePower } from './terms.ts';

/** B·b^r/D^beta. */
const growingTokens: Term = {
  coefficient: amount('B', 'nats per token · billion^beta'),
  shape: [
    exponent('beta'),
    { name: 'b', unit: '1', lower: 1e-3, upper: 1e3, start: { low: 0.1, high: 20, steps: 'log' } },
  ],
  evaluate: ([beta, b], at, out) => {
    const logB = Math.log(b!);
    for (let i = 0; i < at.count; i++) {
      const value = Math.exp(logB * at.ratio[i]! - beta! * at.logD[i]!);
      out.value[i] = value;
      if (out.byShape) {
        out.byShape[0]![i] = -at.logD[i]! * value;
        out.byShape[1]![i] = (at.ratio[i]! / b!) * value;
      }
      if (out.byRatio) out.byRatio[i] = logB * value;
    }
  },
  coefficientFactor: ([beta], _, dUnit) => dUnit ** -beta!,
};

/** C/c^r. */
const fadingFloor: Term = {
  coefficient: amount('C'),
  shape: [{ name: 'c', unit: '1', lower: 1e-3, upper: 1e4, start: { low: 0.1, high: 200, steps: 'log' } }],
  evaluate: ([c], at, out) => {
    const logC = Math.log(c!);
    for (let i = 0; i < at.count; i++) {
      const value = Math.exp(-logC * at.ratio[i]!);
      out.value[i] = value;
      if (out.byShape) out.byShape[0]![i] = (-at.ratio[i]! / c!) * value;
      if (out.byRatio) out.byRatio[i] = -logC * value;
    }
  },
};

/**
 * E + A/N^alpha + B·b^r/D^beta + C/c^r (arXiv 2406.01375 App. E.4). Its slope in r has no fixed sign where
 * b > 1, which the implicit trend needs: it fails the paper's explicit trend. b and c may lie on either side of 1.
 */
export const l4 = sumOfTerms({
  name: 'L4',
  formula: 'E + A/N^alpha + B*b^r/D^beta + C/c^r',
  source: 'arXiv 2406.01375 App. E.4',
  terms: [constant(), sizePower(), growingTokens, fadingFloor],
  needs: { sizes: 3, tokens: 3, ratios: 4 },
  limits: { ratio0: 'E + A/N^alpha + B/D^beta + C', ratio1: 'Chinchilla with floor E + C/c' },
});
