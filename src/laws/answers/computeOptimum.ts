/**
 * Closed form for L = E + A/N^alpha + B0/D^beta and C = 6·N·D (arXiv 2406.01375 App. G.3): N = G(C/6)^a, D = G^-1(C/6)^b, G =
 * (alpha·A/(beta·B0))^(1/(alpha + beta)), a = beta/(alpha + beta), b = alpha/(alpha + beta). N, D in billions; flops in FLOP; for L3
 * B0 = B·r^eta.
 */
export function computeOptimum(
  { alpha, beta, A, B0 }: { alpha: number; beta: number; A: number; B0: number },
  flops: number,
): { n: number; d: number; a: number; b: number; g: number } {
  const a = beta / (alpha + beta);
  const b = alpha / (alpha + beta);
  const g = ((alpha * A) / (beta * B0)) ** (1 / (alpha + beta));
  // N and D in billions: their product is in 1e18.
  const product = flops / 6e18;
  return { n: g * product ** a, d: product ** b / g, a, b, g };
}
