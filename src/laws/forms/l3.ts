import type { LawForm } from './form.ts';

/** x^p with 0^p = 0 for p > 0: at ratio 0 the term and its slopes vanish (laws with r = 0 rows must stay finite). */
const power = (base: number, exponent: number): number => (base === 0 ? 0 : base ** exponent);
const logOrZero = (x: number): number => (x === 0 ? 0 : Math.log(x));

/**
 * The D-CPT law: L(N, D, r) = E + A/N^alpha + B·r^eta/D^beta + C/(r + epsilon)^gamma (arXiv 2406.01375 Eq 6). N and D in
 * billions, r the share of the corpus whose loss is predicted, L in nats per token. The published sufficient
 * constraint (eta > 1 and C > C0) is not imposed: with it no interior optimum exists at realistic budgets; the slope in
 * r is looked at on the data's own box instead.
 */
export const l3: LawForm = {
  name: 'L3',
  formula: 'E + A/N^alpha + B*r^eta/D^beta + C/(r + epsilon)^gamma',
  source: 'arXiv 2406.01375 Eq 6',
  linear: [
    { name: 'E', unit: 'nats per token', lower: 0, upper: Number.POSITIVE_INFINITY },
    { name: 'A', unit: 'nats per token · billion^alpha', lower: 0, upper: Number.POSITIVE_INFINITY },
    { name: 'B', unit: 'nats per token · billion^beta', lower: 0, upper: Number.POSITIVE_INFINITY },
    { name: 'C', unit: 'nats per token', lower: 0, upper: Number.POSITIVE_INFINITY },
  ],
  shape: [
    { name: 'alpha', unit: '1', lower: 0.01, upper: 3 },
    { name: 'beta', unit: '1', lower: 0.01, upper: 3 },
    { name: 'gamma', unit: '1', lower: 0.01, upper: 6 },
    { name: 'eta', unit: '1', lower: 0.01, upper: 6 },
    { name: 'epsilon', unit: '1', lower: 1e-3, upper: 2 },
  ],
  basis: ([alpha, beta, gamma, eta, epsilon], { n, d, ratio }) => [
    1,
    n ** -alpha!,
    power(ratio, eta!) * d ** -beta!,
    (ratio + epsilon!) ** -gamma!,
  ],
  basisGradient: ([alpha, beta, gamma, eta, epsilon], { n, d, ratio }) => {
    const size = n ** -alpha!;
    const tokens = power(ratio, eta!) * d ** -beta!;
    const floor = (ratio + epsilon!) ** -gamma!;
    return [
      [0, 0, 0, 0, 0],
      [-Math.log(n) * size, 0, 0, 0, 0],
      [0, -Math.log(d) * tokens, 0, logOrZero(ratio) * tokens, 0],
      [0, 0, -Math.log(ratio + epsilon!) * floor, 0, (-gamma! * floor) / (ratio + epsilon!)],
    ];
  },
  basisRatioSlope: ([, beta, gamma, eta, epsilon], { d, ratio }) => [
    0,
    0,
    ratio === 0 ? 0 : eta! * ratio ** (eta! - 1) * d ** -beta!,
    -gamma! * (ratio + epsilon!) ** (-gamma! - 1),
  ],
  linearScale: ([alpha, beta], nUnit, dUnit) => [1, nUnit ** -alpha!, dUnit ** -beta!, 1],
  needs: { sizes: 3, tokens: 3, ratios: 4 },
  limits: {
    ratio0: 'finite; no dependence on D',
    ratio1: 'Chinchilla with floor E + C/(1 + epsilon)^gamma',
  },
};
