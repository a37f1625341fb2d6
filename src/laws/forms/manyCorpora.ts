import type { LawForm } from './form.ts';
import { amount, signed } from './parameters.ts';
import { sumOfTerms, type Term } from './sumOfTerms.ts';
import { constant } from './terms.ts';

const shares = (names: readonly string[]): LawForm['inputs'] =>
  names.map((name) => ({ name, unit: '1', meaning: `share of ${name} in the mixture` }));

const everywhere = 'shares, not the ratio, are its inputs';

/**
 * The data mixing law for many corpora: c + k·exp(Σ_j t_j·h_j) (arXiv 2403.16952, form M4), h_j being the shares that
 * rows carry as inputs under the given names. Shares add up to 1, so a common shift of all t goes into k.
 */
export function manyCorporaMixing(names: readonly string[]): LawForm {
  const mixed: Term = {
    coefficient: amount('k'),
    shape: names.map((name) => ({
      name: `t(${name})`,
      unit: '1',
      lower: -50,
      upper: 50,
      start: { low: -2, high: 0.5, steps: 'linear' },
    })),
    evaluate: (t, at, out) => {
      const columns = names.map((name) => at.inputs[name]!);
      for (let i = 0; i < at.count; i++) {
        let exponent = 0;
        for (let j = 0; j < columns.length; j++) exponent += t[j]! * columns[j]![i]!;
        const value = Math.exp(exponent);
        out.value[i] = value;
        for (let j = 0; out.byShape && j < columns.length; j++) out.byShape[j]![i] = columns[j]![i]! * value;
      }
      out.byRatio?.fill(0, 0, at.count);
    },
  };
  return sumOfTerms({
    name: 'many-corpora-mixing',
    formula: 'c + k*exp(sum t_j*h_j)',
    source: 'arXiv 2403.16952',
    terms: [constant(amount('c')), mixed],
    inputs: shares(names),
    needs: { sizes: 1, tokens: 1, ratios: 1 },
    limits: { ratio0: everywhere, ratio1: everywhere },
  });
}

/** Σ_j w_j·h_j: the linear regression that mixing laws are compared with (arXiv 2407.01492). */
export function linearMixing(names: readonly string[]): LawForm {
  return sumOfTerms({
    name: 'linear-mixing',
    formula: 'sum w_j*h_j',
    source: 'arXiv 2407.01492',
    terms: names.map((name) => ({
      coefficient: signed(`w(${name})`),
      shape: [],
      evaluate: (_, at, out) => {
        out.value.set(at.inputs[name]!);
        out.byRatio?.fill(0, 0, at.count);
      },
    })),
    inputs: shares(names),
    needs: { sizes: 1, tokens: 1, ratios: 1 },
    limits: { ratio0: everywhere, ratio1: everywhere },
  });
}
