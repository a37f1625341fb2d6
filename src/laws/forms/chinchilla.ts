import type { LawForm } from './form.ts';

/**
 * L(N, D) = E + A/N^alpha + B/D^beta (arXiv 2203.15556 approach 3; fitted again in arXiv 2404.10102). Blind to the
 * ratio: what L3 must beat, and what it becomes at a fixed ratio.
 */
export const chinchilla: LawForm = {
  name: 'chinchilla',
  formula: 'E + A/N^alpha + B/D^beta',
  source: 'arXiv 2203.15556 approach 3',
  linear: [
    { name: 'E', unit: 'nats per token', lower: 0, upper: Number.POSITIVE_INFINITY },
    { name: 'A', unit: 'nats per token · billion^alpha', lower: 0, upper: Number.POSITIVE_INFINITY },
    { name: 'B', unit: 'nats per token · billion^beta', lower: 0, upper: Number.POSITIVE_INFINITY },
  ],
  shape: [
    { name: 'alpha', unit: '1', lower: 0.01, upper: 3 },
    { name: 'beta', unit: '1', lower: 0.01, upper: 3 },
  ],
  basis: ([alpha, beta], { n, d }) => [1, n ** -alpha!, d ** -beta!],
  basisGradient: ([alpha, beta], { n, d }) => [
    [0, 0],
    [-Math.log(n) * n ** -alpha!, 0],
    [0, -Math.log(d) * d ** -beta!],
  ],
  basisRatioSlope: () => [0, 0, 0],
  linearScale: ([alpha, beta], nUnit, dUnit) => [1, nUnit ** -alpha!, dUnit ** -beta!],
  needs: { sizes: 3, tokens: 3, ratios: 1 },
  limits: { ratio0: 'the same at every ratio', ratio1: 'the same at every ratio' },
};
