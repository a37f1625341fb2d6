/** Steps in a row that a loss may stand above the limit: one hard batch is not a divergence. */
const PATIENCE_STEPS = 10;

/**
 * Watches training losses. A run has diverged when a loss or gradient norm is not finite, or when the loss stands
 * above twice that of guessing uniformly (2 · ln vocabulary) for ten steps in a row: no learning comes back from
 * there at a constant learning rate.
 */
export function divergenceWatch(
  vocabularySize: number,
): (loss: number, gradientNorm: number) => string | undefined {
  const limit = 2 * Math.log(vocabularySize);
  let stepsAbove = 0;
  return (loss, gradientNorm) => {
    if (!Number.isFinite(loss)) return `training loss became ${loss}`;
    if (!Number.isFinite(gradientNorm)) return `gradient norm became ${gradientNorm}`;
    stepsAbove = loss > limit ? stepsAbove + 1 : 0;
    if (stepsAbove >= PATIENCE_STEPS) {
      return `training loss stood above ${limit.toFixed(2)} nats (twice uniform guessing) for ${PATIENCE_STEPS} steps`;
    }
    return undefined;
  };
}
