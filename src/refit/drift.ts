import { pointsOutsideBand } from '../laws/answers/compareVersions.ts';
import { predictAll } from '../laws/predict.ts';
import type { Interval, LawFit, LawObservation } from '../laws/types.ts';
import {
  BAND_LEVEL,
  compareContents,
  covers,
  type LawComparison,
  type LawVersionContent,
  onlyIn,
  rowsOf,
} from '../sweep/lawRegistry.ts';
import type { DriftReport, LawDrift, PlacedPoint, PointOutside } from './types.ts';

/** A point this many times further off than the band is wide does not leave it by chance. */
const FAR = 2;
/** So improbable must it be that this many runs leave the band by chance. */
const CHANCE = 0.01;

/**
 * What changed between two versions of a domain's laws, and what of it deserves a look. Returns null when one of them
 * holds a fit that found no solution: there is nothing to compare.
 */
export function driftReport(
  versions: [number, number],
  older: LawVersionContent,
  newer: LawVersionContent,
): DriftReport | null {
  const solved = ({ general, domain }: LawVersionContent) => general.starts > 0 && domain.starts > 0;
  if (!solved(older) || !solved(newer)) return null;
  const comparison = compareContents('', versions, older, newer);
  const laws = comparison.laws.map((law) => lawDrift(law, older, newer));
  const { domainRatio: before, interval: beforeInterval } = older.recommendation;
  const { domainRatio: after, interval: afterInterval } = newer.recommendation;
  const ratio = {
    before,
    after,
    beforeInterval,
    afterInterval,
    outside: after === null || !beforeInterval ? null : isOutside(after, beforeInterval),
  };
  return { versions, laws, ratio, findings: [...laws.flatMap(lawFindings), ...ratioFindings(ratio)] };
}

function lawDrift(
  { loss, parameters, predictions, newRows }: LawComparison['laws'][number],
  older: LawVersionContent,
  newer: LawVersionContent,
): LawDrift {
  const fit: LawFit = older[loss];
  const [before, after] = [rowsOf(older, loss), rowsOf(newer, loss)];
  const added = onlyIn(after, before);
  const predictable = after.filter((row) => [fit, newer[loss]].every((each) => covers(each, row)));
  const values = predictAll(newer[loss], predictable);
  const predicted = predictable.map((row, i) => ({ ...row, loss: values[i]! }));
  return {
    loss,
    form: { before: fit.form, after: newer[loss].form },
    observations: {
      before: before.length,
      after: after.length,
      added: added.length,
      gone: onlyIn(before, after).length,
    },
    parameters: parameters.map(({ name, before: was, after: is, outsideInterval }) => ({
      name,
      before: was,
      after: is,
      interval: fit.intervals?.[name] ?? null,
      outside: outsideInterval,
    })),
    predictions: {
      meanAbsolute: predictions.meanAbsolute,
      largest: predictions.largest,
      at: predictions.at && placed(predictions.at),
      outsideBand: pointsOutsideBand(
        fit,
        before.filter((row) => covers(fit, row)),
        predicted,
        BAND_LEVEL,
      ).outside.length,
      checked: predicted.length,
    },
    band: {
      level: BAND_LEVEL,
      checked: newRows.checked,
      expectedOutside: newRows.expectedOutside,
      runs: runsOutside(
        added,
        newRows.outside.map(({ row }) => row),
      ),
      outside: newRows.outside.map(({ row, predicted, low, high }): PointOutside => {
        const edge = row.loss > predicted ? high : low;
        const off = Math.abs(Math.log(row.loss / predicted));
        return {
          run: row.run,
          ...placed(row),
          loss: row.loss,
          predicted,
          low,
          high,
          far: off > FAR * Math.abs(Math.log(edge / predicted)),
        };
      }),
    },
  };
}

/** Points of one run share its luck: a run counts as one, outside when more than half of its new points are. */
function runsOutside(
  added: readonly LawObservation[],
  outside: readonly LawObservation[],
): { checked: number; outside: number } {
  const count = (rows: readonly LawObservation[]) => {
    const counts = new Map<string, number>();
    for (const { run } of rows) counts.set(run, (counts.get(run) ?? 0) + 1);
    return counts;
  };
  const all = count(added);
  const off = [...count(outside)].filter(([run, points]) => points > all.get(run)! / 2);
  return { checked: all.size, outside: off.length };
}

/** Probability of at least `count` among `trials` when each has the probability `share`. */
function atLeast(count: number, trials: number, share: number): number {
  let probability = (1 - share) ** trials;
  let below = 0;
  for (let k = 0; k < count; k++) {
    below += probability;
    probability *= ((trials - k) / (k + 1)) * (share / (1 - share));
  }
  return 1 - below;
}

const placed = ({ n, d, ratio }: { n: number; d: number; ratio: number }): PlacedPoint => ({
  modelSize: Math.round(n * 1e9),
  tokens: Math.round(d * 1e9),
  ratio,
});

const isOutside = (value: number, { low, high }: Interval): boolean => value < low || value > high;

function lawFindings({ loss, form, predictions, band }: LawDrift): string[] {
  const far = band.outside.filter((point) => point.far).length;
  const { runs } = band;
  const chance = runs.outside === 0 ? 1 : atLeast(runs.outside, runs.checked, 1 - band.level);
  const points = (count: number) => `${count} new ${count === 1 ? 'point' : 'points'}`;
  return [
    ...(form.before === form.after
      ? []
      : [`The ${loss} law has another form: ${form.after} instead of ${form.before}.`]),
    ...(predictions.outsideBand > (1 - band.level) * predictions.checked
      ? [
          `The ${loss} law's predictions left its older band at ${predictions.outsideBand} of ${predictions.checked} observations.`,
        ]
      : []),
    ...(far > 0
      ? [
          `${points(far)} of the ${loss} law ${far === 1 ? 'lies' : 'lie'} further off than ${FAR} times its older band.`,
        ]
      : []),
    ...(chance < CHANCE
      ? [
          `${runs.outside} of ${runs.checked} new runs lie outside the ${loss} law's older band: more than chance explains.`,
        ]
      : []),
  ];
}

function ratioFindings({ before, after, outside }: DriftReport['ratio']): string[] {
  if (before !== null && after === null) return ['There is no best ratio any more.'];
  if (before === null && after !== null) return ['There is a best ratio now.'];
  return outside ? ['The best ratio moved outside its older interval.'] : [];
}
