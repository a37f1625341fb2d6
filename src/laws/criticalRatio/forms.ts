import type { InputInfo, LawForm, ParameterInfo } from '../forms/form.ts';
import { signed } from '../forms/parameters.ts';
import { sumOfTerms, type Term } from '../forms/sumOfTerms.ts';
import { constant } from '../forms/terms.ts';

/**
 * The laws of the critical mixture ratio (CMR, arXiv 2407.17467): powers of the domain ratio R or of the tokens T with
 * coefficients and exponents of either sign. The paper writes alpha·x^s + beta. Near s = 0 that falls apart (x^s turns
 * into a constant, alpha and beta run to opposite infinities), and fitted exponents do lie near 0: 0.16 to 0.20 on the
 * paper's own domain losses. So they are fitted as level + slope·(x^s − 1)/s, the same curves exactly, which pass
 * through s = 0 as level + slope·log x. Here x is R, or T as a share of a reference T_ref (as a rule T_max), so that
 * `level` is the value at R = 1 or T = T_ref and `slope` the change there per unit of log x. paper.ts converts.
 */

/** Tokens as a share of the reference: what a power of T is taken of. */
export const TOKEN_SHARE = 'tokenShare';

const tokenShare: InputInfo = {
  name: TOKEN_SHARE,
  unit: '1',
  meaning: 'tokens of CPT as a share of the reference, T / T_ref',
};

const LARGEST_EXPONENT = 3;

const power = (name: string): ParameterInfo => ({
  name,
  unit: '1',
  lower: -LARGEST_EXPONENT,
  upper: LARGEST_EXPONENT,
  start: { low: -2, high: 2, steps: 'linear' },
});

/**
 * s3 − s2. Above 0, because two equal exponents are one term, and a positive gap also settles which of the two terms
 * comes first. A law with closer exponents has a near twin at this gap.
 */
const gap: ParameterInfo = {
  name: 'gap',
  unit: '1',
  lower: 0.1,
  upper: 2 * LARGEST_EXPONENT,
  start: { low: 0.1, high: 3, steps: 'linear' },
};

type Variable = 'ratio' | 'tokens';

/** slope·(x^s − 1)/s, where s is the sum of the shape parameters. */
const powerChange = (coefficient: ParameterInfo, shape: readonly ParameterInfo[], of: Variable): Term => ({
  coefficient,
  shape,
  evaluate: (exponents, at, out) => {
    const s = exponents.reduce((sum, value) => sum + value, 0);
    for (let i = 0; i < at.count; i++) {
      const log = of === 'ratio' ? at.logRatio[i]! : Math.log(at.inputs[TOKEN_SHARE]![i]!);
      out.value[i] = log * meanPower(s * log);
      if (out.byShape) {
        const byExponent = log * log * meanPowerSlope(s * log);
        for (const column of out.byShape) column[i] = byExponent;
      }
      if (out.byRatio) out.byRatio[i] = of === 'ratio' ? Math.exp((s - 1) * log) : 0;
    }
  },
});

/** (e^u − 1)/u, 1 at 0. */
const meanPower = (u: number): number => (u === 0 ? 1 : Math.expm1(u) / u);

/** Its derivative, 1/2 at 0; below the switch the direct formula would lose digits to cancellation. */
const meanPowerSlope = (u: number): number =>
  Math.abs(u) < 0.02
    ? 1 / 2 + u * (1 / 3 + u * (1 / 8 + u * (1 / 30 + u * (1 / 144 + u / 840))))
    : (u * Math.exp(u) - Math.expm1(u)) / (u * u);

/** L(R) = alpha·R^s + beta at T_max (Eq 6), R the domain ratio above 0, for either loss: nats per token. */
export const cmrRatio: LawForm = sumOfTerms({
  name: 'cmrRatio',
  formula: 'level + slope*(R^s - 1)/s',
  source: 'arXiv 2407.17467 Eq 6',
  terms: [constant(signed('level')), powerChange(signed('slope'), [power('s')], 'ratio')],
  needs: { sizes: 1, tokens: 1, ratios: 3 },
  ratios: 'positive',
  limits: { ratio0: 'diverges for s <= 0', ratio1: 'level' },
});

/** Change of domain loss at one R: alpha1·T^s1 + beta1 (Eq 8), nats per token. */
export const cmrDomainTokens: LawForm = sumOfTerms({
  name: 'cmrDomainTokens',
  formula: 'level + slope1*(t^s1 - 1)/s1, t = T/T_ref',
  source: 'arXiv 2407.17467 Eq 8',
  terms: [constant(signed('level')), powerChange(signed('slope1'), [power('s1')], 'tokens')],
  inputs: [tokenShare],
  needs: { sizes: 1, tokens: 3, ratios: 1 },
  limits: { ratio0: 'one fit per ratio', ratio1: 'one fit per ratio' },
});

/** Change of general loss at one R: alpha2·T^s2 + alpha3·T^s3 + beta2 (Eq 8), nats per token; s3 = s2 + gap. */
export const cmrGeneralTokens: LawForm = sumOfTerms({
  name: 'cmrGeneralTokens',
  formula: 'level + slope2*(t^s2 - 1)/s2 + slope3*(t^s3 - 1)/s3, s3 = s2 + gap, t = T/T_ref',
  source: 'arXiv 2407.17467 Eq 8',
  terms: [
    constant(signed('level')),
    powerChange(signed('slope2'), [power('s2')], 'tokens'),
    powerChange(signed('slope3'), [power('s2'), gap], 'tokens'),
  ],
  inputs: [tokenShare],
  needs: { sizes: 1, tokens: 5, ratios: 1 },
  limits: { ratio0: 'one fit per ratio', ratio1: 'one fit per ratio' },
});

/** CMR against tokens: R_CMR = alpha4·T^s4 + beta3; the value is a domain ratio, not a loss. */
export const cmrAcrossTokens: LawForm = sumOfTerms({
  name: 'cmrAcrossTokens',
  formula: 'level + slope4*(t^s4 - 1)/s4, t = T/T_ref',
  source: 'arXiv 2407.17467 (CMR against training tokens)',
  terms: [constant(signed('level', '1')), powerChange(signed('slope4', '1'), [power('s4')], 'tokens')],
  inputs: [tokenShare],
  needs: { sizes: 1, tokens: 3, ratios: 1 },
  limits: { ratio0: 'the ratio is what it predicts', ratio1: 'the ratio is what it predicts' },
});
