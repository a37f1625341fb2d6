import { amount, exponent } from './parameters.ts';
import { sumOfTerms, type Term } from './sumOfTerms.ts';
import { constant } from './terms.ts';

const baseLoss: Term = {
  coefficient: null,
  shape: [],
  evaluate: (_, at, out) => {
    out.value.set(at.inputs.baseLoss!);
    out.byRatio?.fill(0, 0, at.count);
  },
};

/** A·D^beta/((1 + B·r)·N)^alpha. */
const forgotten: Term = {
  coefficient: amount('A', 'nats per token · billion^(alpha − beta)'),
  shape: [
    exponent('alpha'),
    exponent('beta'),
    { name: 'B', unit: '1', lower: 1e-3, upper: 1e8, start: { low: 3, high: 3e4, steps: 'log' } },
  ],
  evaluate: ([alpha, beta, b], at, out) => {
    for (let i = 0; i < at.count; i++) {
      const r = at.ratio[i]!;
      const logKept = Math.log1p(b! * r) + at.logN[i]!;
      const value = Math.exp(beta! * at.logD[i]! - alpha! * logKept);
      const outer = (-alpha! * value) / (1 + b! * r);
      out.value[i] = value;
      if (out.byShape) {
        out.byShape[0]![i] = -logKept * value;
        out.byShape[1]![i] = at.logD[i]! * value;
        out.byShape[2]![i] = outer * r;
      }
      if (out.byRatio) out.byRatio[i] = outer * b!;
    }
  },
  coefficientFactor: ([alpha, beta], nUnit, dUnit) => dUnit ** beta! * nUnit ** -alpha!,
};

/**
 * Forgetting with injection: general loss = base loss + A·D^beta/((1 + B·r)·N)^alpha, r the injected share of general text
 * (arXiv 2502.06042 Eq 7; a version with another constant is in circulation and unconfirmed). Loss only rises with D.
 */
export const forgetting = sumOfTerms({
  name: 'forgetting',
  formula: 'baseLoss + A*D^beta/((1 + B*r)*N)^alpha',
  source: 'arXiv 2502.06042 Eq 7',
  terms: [baseLoss, forgotten],
  inputs: [{ name: 'baseLoss', unit: 'other', meaning: "the base model's loss before CPT, nats per token" }],
  needs: { sizes: 2, tokens: 2, ratios: 2 },
  limits: { ratio0: 'the most is forgotten', ratio1: 'base loss + A*D^beta/((1 + B)*N)^alpha' },
});

/** A/(N^alpha·D^beta). */
const product: Term = {
  coefficient: amount('A', 'nats per token · billion^(alpha + beta)'),
  shape: [exponent('alpha'), exponent('beta')],
  evaluate: ([alpha, beta], at, out) => {
    for (let i = 0; i < at.count; i++) {
      const value = Math.exp(-alpha! * at.logN[i]! - beta! * at.logD[i]!);
      out.value[i] = value;
      if (out.byShape) {
        out.byShape[0]![i] = -at.logN[i]! * value;
        out.byShape[1]![i] = -at.logD[i]! * value;
      }
    }
    out.byRatio?.fill(0, 0, at.count);
  },
  coefficientFactor: ([alpha, beta], nUnit, dUnit) => nUnit ** -alpha! * dUnit ** -beta!,
};

/** The domain loss beside it: E + A/(N^alpha·D^beta), whatever is injected (arXiv 2502.06042 Eq 6). */
export const forgettingDomain = sumOfTerms({
  name: 'forgetting-domain',
  formula: 'E + A/(N^alpha*D^beta)',
  source: 'arXiv 2502.06042 Eq 6',
  terms: [constant(), product],
  needs: { sizes: 2, tokens: 2, ratios: 1 },
  limits: { ratio0: 'the same at every ratio', ratio1: 'the same at every ratio' },
});
