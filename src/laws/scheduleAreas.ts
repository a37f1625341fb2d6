/** Areas of a learning-rate schedule after every step (arXiv 2505.07796 section 3). */
export interface ScheduleAreas {
  /** S1: sum of the rates so far. */
  forward: Float64Array;
  /** S2: sum over steps of the decays so far, each fading by lambda a step. Negative while the rate rises. */
  annealing: Float64Array;
}

/** As in arXiv 2505.07796. */
const FADING = 0.999;

/**
 * Forward and annealing area after each of the steps whose rates are given: S1_i = Σ_{t≤i} lr_t,
 * S2_i = Σ_{j≤i} Σ_{k≤j} (lr_{k−1} − lr_k)·lambda^(j−k), lr_0 = `before` (the rate before the first step; the first rate itself by
 * default, so that a constant rate has no annealing area). Throws RangeError on a rate that is negative or not finite.
 */
export function scheduleAreas(
  rates: ArrayLike<number>,
  { lambda = FADING, before = rates.length > 0 ? rates[0]! : 0 }: { lambda?: number; before?: number } = {},
): ScheduleAreas {
  const forward = new Float64Array(rates.length);
  const annealing = new Float64Array(rates.length);
  let sum = 0;
  let area = 0;
  let decay = 0;
  let last = before;
  for (let i = 0; i < rates.length; i++) {
    const rate = rates[i]!;
    if (!(rate >= 0 && Number.isFinite(rate))) throw new RangeError(`learning rate ${rate} at step ${i}`);
    decay = lambda * decay + (last - rate);
    sum += rate;
    area += decay;
    forward[i] = sum;
    annealing[i] = area;
    last = rate;
  }
  return { forward, annealing };
}
