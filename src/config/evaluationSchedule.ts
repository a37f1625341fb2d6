export interface EvaluationScheduleOptions {
  /** Where the run ends; a multiple of batchTokens. */
  tokens: number;
  /** Points above 0. */
  points: number;
  /** Tokens of one optimiser step: losses can be measured only between steps. */
  batchTokens: number;
  /** The first point above 0, rounded up to whole steps. */
  firstTokens: number;
}

/**
 * Token counts at which losses are measured: 0, then `points` counts from `firstTokens` to `tokens` whose ratio is
 * constant (a power law in D is equally well seen in each of them), as multiples of batchTokens, strictly ascending.
 * Where rounding makes two of them meet, the later one moves up; where there are fewer steps than points, every
 * step is a point.
 */
export function evaluationSchedule(options: EvaluationScheduleOptions): number[] {
  const { tokens, points, batchTokens, firstTokens } = options;
  const last = Math.max(1, Math.round(tokens / batchTokens));
  const first = Math.min(last, Math.max(1, Math.ceil(firstTokens / batchTokens)));
  const count = Math.min(points, last - first + 1);
  const schedule = [0];
  let step = 0;
  for (let i = 0; i < count; i++) {
    const remaining = count - 1 - i;
    const ideal = remaining === 0 ? last : Math.round(first * (last / first) ** (i / (count - 1)));
    step = Math.min(last - remaining, Math.max(step + 1, ideal));
    schedule.push(step * batchTokens);
  }
  return schedule;
}
