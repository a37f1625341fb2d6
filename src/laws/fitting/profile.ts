import {
  evaluationFor,
  type LawForm,
  lawGradient,
  lawRatioSlope,
  lawValue,
  toVector,
} from '../forms/form.ts';
import { lawForm } from '../forms/registry.ts';
import type { Interval, LawFit, LawObservation, LawPoint } from '../types.ts';
import { objectiveOf } from './fit.ts';
import { solvePositive } from './linearAlgebra.ts';
import { normalQuantile } from './normal.ts';
import { makeProblem } from './objective.ts';
import { polish } from './polish.ts';
import { fromBillions, inOrder, type Pin, prepare } from './prepare.ts';

export interface ProfileInterval extends Interval {
  /** The objective stays below the threshold up to the end of the range looked at: no limit on that side. */
  openBelow: boolean;
  openAbove: boolean;
  /** Lowest objective with the quantity held at each value. */
  points: { value: number; objective: number }[];
}

export interface ProfileOptions {
  level: number;
  /** Values beyond these are not looked at. */
  range: { low: number; high: number };
}

/** A quantity that a law decides, as a condition on the law: "the quantity has this value" ⇔ "the law says loss at point". */
interface PinnedQuantity {
  best: number;
  pin(value: number): { point: LawPoint; loss: number };
  /** d quantity / d parameter (billions) at the fit. */
  gradient: number[];
}

/** How hard a pinned row pulls, in weights of all rows together. */
const PIN_WEIGHT = 1e6;
const ITERATIONS = 60;
const STEPS = 40;

/** Profile interval of the predicted loss at a point, nats per token. */
export function profileLoss(
  fit: LawFit,
  rows: readonly LawObservation[],
  point: LawPoint,
  options: { level: number },
): ProfileInterval {
  const form = lawForm(fit.form);
  const vector = toVector(form, fit.parameters);
  const best = lawValue(form, vector, point);
  return profile(
    fit,
    form,
    rows,
    {
      best,
      pin: (value) => ({ point, loss: value }),
      gradient: lawGradient(form, vector, point),
    },
    { ...options, range: { low: best / 2, high: best * 2 } },
  );
}

/**
 * Profile interval of the domain ratio at which the general loss reaches `limit` (nats per token) at a target: the ratio
 * of usage 1 (arXiv 2406.01375 Eq 10) and, with a limit in nats above the base model, the tolerance side of the critical
 * mixture ratio (arXiv 2407.17467). `ratio` is the fit's own answer, inside (0, 1).
 */
export function profileRatio(
  generalFit: LawFit,
  rows: readonly LawObservation[],
  target: { n: number; d: number; limit: number; ratio: number; inputs?: Readonly<Record<string, number>> },
  options: { level: number },
): ProfileInterval {
  const form = lawForm(generalFit.form);
  const vector = toVector(form, generalFit.parameters);
  const point = (domainRatio: number): LawPoint => ({
    n: target.n,
    d: target.d,
    ratio: 1 - domainRatio,
    ...(target.inputs ? { inputs: target.inputs } : {}),
  });
  // L_g(1 − r) = limit: dr/dθ = (∂L_g/∂θ) / (∂L_g/∂ratio).
  const slope = lawRatioSlope(form, vector, point(target.ratio));
  return profile(
    generalFit,
    form,
    rows,
    {
      best: target.ratio,
      pin: (value) => ({ point: point(value), loss: target.limit }),
      gradient: lawGradient(form, vector, point(target.ratio)).map((each) => each / slope),
    },
    { ...options, range: { low: 0, high: 1 } },
  );
}

/**
 * All values of a quantity at which the law, refitted with that value imposed, is nearly as good as without. How much worse
 * it may be comes from the runs: rows of one run share its luck, so the objective's scale is adjusted by the ratio of the
 * run-robust to the naive variance of the quantity (an adjusted composite likelihood; Chandler and Bate 2007, Biometrika 94).
 */
function profile(
  fit: LawFit,
  form: LawForm,
  given: readonly LawObservation[],
  quantity: PinnedQuantity,
  { level, range }: ProfileOptions,
): ProfileInterval {
  const rows = inOrder(given.filter((row) => form.ratios === 'all' || row.ratio > 0));
  const threshold = fit.objective.value + allowance(fit, form, rows, quantity.gradient, level);
  const totalWeight = rows.reduce((sum, row) => sum + (row.weight ?? 1), 0);
  const points = [{ value: quantity.best, objective: fit.objective.value }];
  const start = toVector(form, fit.parameters);
  const objectiveAt = (value: number, from: readonly number[]) => {
    const pin: Pin = { ...quantity.pin(value), weight: PIN_WEIGHT * totalWeight };
    const data = prepare(form, rows, [pin]);
    const problem = makeProblem(form, data, objectiveOf({ objective: fit.objective.kind, delta: fit.delta }));
    const end = polish(problem, fromBillions(form, from, data), ITERATIONS);
    const factors = form.unitFactors(end.vector, data.nUnit, data.dUnit);
    points.push({ value, objective: end.value });
    return { objective: end.value, vector: end.vector.map((each, i) => each / factors[i]!) };
  };

  const side = (direction: 1 | -1): { limit: number; open: boolean } => {
    const end = direction > 0 ? range.high : range.low;
    let inside = quantity.best;
    let vector: readonly number[] = start;
    let step = (range.high - range.low) / 200;
    for (let k = 0; k < STEPS; k++) {
      const value = direction > 0 ? Math.min(end, inside + step) : Math.max(end, inside - step);
      const here = objectiveAt(value, vector);
      if (here.objective > threshold) {
        let outside = value;
        for (let i = 0; i < 12; i++) {
          const middle = (inside + outside) / 2;
          const between = objectiveAt(middle, vector);
          if (between.objective > threshold) outside = middle;
          else {
            inside = middle;
            vector = between.vector;
          }
        }
        return { limit: (inside + outside) / 2, open: false };
      }
      if (value === end) return { limit: end, open: true };
      inside = value;
      vector = here.vector;
      step *= 1.4;
    }
    return { limit: inside, open: true };
  };
  const below = side(-1);
  const above = side(1);
  return {
    low: below.limit,
    high: above.limit,
    level,
    openBelow: below.open,
    openAbove: above.open,
    points: points.sort((a, b) => a.value - b.value),
  };
}

/** By how much the objective may exceed its lowest value: z²/2 · (run-robust variance / naive variance) of the quantity. */
function allowance(
  fit: LawFit,
  form: LawForm,
  rows: readonly LawObservation[],
  gradient: readonly number[],
  level: number,
): number {
  const data = prepare(form, rows);
  const vector = fromBillions(form, toVector(form, fit.parameters), data);
  const kind = objectiveOf({ objective: fit.objective.kind, delta: fit.delta });
  const { matrix } = makeProblem(form, data, kind).curvature(vector);
  const factors = form.unitFactors(vector, data.nUnit, data.dUnit);
  // Parameters at a bound do not move; the others may.
  const free = form.parameters.flatMap(({ lower, upper }, i) =>
    vector[i]! > lower && vector[i]! < upper && matrix[i]![i]! > 0 ? [i] : [],
  );
  const system = free.map((i) => free.map((j) => matrix[i]![j]! * (i === j ? 1 + 1e-9 : 1)));
  const inUnits = free.map((i) => gradient[i]! / factors[i]!);
  const direction = solvePositive(system, inUnits);
  if (!direction) return Number.POSITIVE_INFINITY;
  const naive = direction.reduce((sum, each, k) => sum + each * inUnits[k]!, 0);
  // Scores of whole runs along that direction.
  const out = evaluationFor(form, data.at.count, { gradient: true });
  form.evaluate(vector, data.at, out);
  const byRun = new Map<string, number>();
  rows.forEach((row, i) => {
    const logarithmic = kind.kind === 'log-huber';
    const residual = logarithmic ? Math.log(out.value[i]!) - data.logLoss[i]! : out.value[i]! - data.loss[i]!;
    const bounded = logarithmic ? Math.max(-kind.delta, Math.min(kind.delta, residual)) : residual;
    const along = free.reduce((sum, j, k) => sum + out.gradient![j]![i]! * direction[k]!, 0);
    const score = (data.weight[i]! * bounded * along) / (logarithmic ? out.value[i]! : 1);
    byRun.set(row.run, (byRun.get(row.run) ?? 0) + score);
  });
  const runs = byRun.size;
  const spread = [...byRun.values()].reduce((sum, score) => sum + score * score, 0);
  // Few runs, many parameters: the usual correction for clusters.
  const correction = runs > free.length + 1 ? runs / (runs - free.length) : runs;
  const z = normalQuantile(level);
  return ((z * z) / 2) * ((spread * correction) / naive);
}
