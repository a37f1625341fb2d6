import { describe, expect, it } from 'vitest';
import { paretoFront } from '../../../src/laws/answers/paretoFront.ts';
import { fitPair } from '../../../src/laws/fitting/bootstrap.ts';
import { l3 } from '../../../src/laws/forms/l3.ts';
import { percentileInterval } from '../../../src/laws/predict.ts';
import { PLANTED, plantedRows } from '../planted.ts';
import { fitOf, lossOf, repeated, tooFewSizes } from './givenFits.ts';

const TARGET = { n: 5.6e-5, d: 6e-4 };
/** Falls with its own share everywhere. */
const FALLING = { ...PLANTED, B: 0.002 };
const at = (law: Record<string, number>, r: number) => lossOf(law, TARGET.n, TARGET.d, r);

describe('the front of general against domain loss', () => {
  const rows = plantedRows({ runNoise: 1e-3, tokens: [1e-4, 3e-4, 6e-4] });
  const { general, domain } = fitPair(
    l3,
    { general: rows, domain: rows },
    { resamples: 20, level: 0.9, seed: 1, starts: 24 },
  );

  it('holds every ratio when both losses fall with their own share, with intervals of both', () => {
    const { points, knee, kneeInterval, status, sentence } = paretoFront(general, domain, TARGET, 0.9);
    expect(status).toBe('recommended');
    expect(points).toHaveLength(101);
    for (const { generalInterval, domainInterval, generalLoss, domainLoss } of points) {
      expect(generalInterval!.low).toBeLessThan(generalInterval!.high);
      expect(generalInterval!.low).toBeLessThan(generalLoss * 1.01);
      expect(domainInterval!.high).toBeGreaterThan(domainLoss * 0.99);
    }
    expect(knee!).toBeGreaterThan(0.1);
    expect(knee!).toBeLessThan(0.9);
    expect(kneeInterval!.low).toBeLessThanOrEqual(knee! + 0.05);
    expect(sentence).toMatch(/near 0\.\d\d, which is a hint only/);
  });

  it('takes both losses of a replicate from that replicate', () => {
    const { points } = paretoFront(general, domain, TARGET, 0.9);
    const losses = general.replicates.map((parameters) => at(parameters, 0.75));
    const expected = percentileInterval(losses, 0.9);
    expect(points[25]!.generalInterval!.low).toBeCloseTo(expected.low, 10);
    expect(points[25]!.generalInterval!.high).toBeCloseTo(expected.high, 10);
    expect(() =>
      paretoFront(general, { ...domain, replicates: domain.replicates.slice(1) }, TARGET, 0.9),
    ).toThrow(/not of the same draws/);
  });

  it('leaves out exactly the ratios that another one beats (brute force)', () => {
    const rising = { ...PLANTED, B: 0.2, C: 0.02, eta: 2 };
    const { points } = paretoFront(fitOf(FALLING), fitOf(rising), TARGET, 0.9);
    const all = Array.from({ length: 101 }, (_, k) => k / 100);
    const expected = all.filter(
      (r) =>
        !all.some(
          (other) =>
            at(FALLING, 1 - other) <= at(FALLING, 1 - r) &&
            at(rising, other) <= at(rising, r) &&
            (at(FALLING, 1 - other) < at(FALLING, 1 - r) || at(rising, other) < at(rising, r)),
        ),
    );
    expect(points.map(({ domainRatio }) => domainRatio)).toEqual(expected);
    expect(expected.length).toBeGreaterThan(2);
    expect(expected.length).toBeLessThan(101);
  });

  it('keeps all of equal points, and is one ratio where nothing is traded', () => {
    const flat = { ...PLANTED, B: 0, C: 0 };
    const equal = paretoFront(fitOf(flat), fitOf(flat), TARGET, 0.9);
    expect(equal.points).toHaveLength(101);
    expect(equal.knee).toBeNull();
    const one = paretoFront(fitOf(FALLING), fitOf({ ...PLANTED, B: 2, C: 0, eta: 1 }), TARGET, 0.9);
    expect(one.points.map(({ domainRatio }) => domainRatio)).toEqual([0]);
    expect(one.sentence).toMatch(/best in both losses/);
    // As good in one loss and worse in the other is beaten too.
    const blind = fitOf({ c: 2, k: 1, t: 0 }, { form: 'data-mixing' });
    const tied = paretoFront(fitOf(FALLING), blind, TARGET, 0.9);
    expect(tied.points.map(({ domainRatio }) => domainRatio)).toEqual([0]);
  });
});

describe('the knee', () => {
  it('is farthest below the line between the ends, in units of the extent (brute force)', () => {
    const { points, knee } = paretoFront(fitOf(FALLING), fitOf({ ...FALLING, C: 0.9 }), TARGET, 0.9);
    const [first, last] = [points[0]!, points.at(-1)!];
    const share = (value: number, from: number, to: number) => (value - from) / (to - from);
    const depth = points.map(
      (point) =>
        1 -
        share(point.generalLoss, first.generalLoss, last.generalLoss) -
        share(point.domainLoss, last.domainLoss, first.domainLoss),
    );
    expect(knee).toBe(points[depth.indexOf(Math.max(...depth))]!.domainRatio);
  });

  it('does not move with the scale of a loss, and is absent where the front is straight or bulges', () => {
    const knee = (C: number) => paretoFront(fitOf(FALLING), fitOf({ ...FALLING, C }), TARGET, 0.9).knee;
    expect(knee(3)! - knee(0.3)!).toBeLessThan(0.05);
    const mixing = (t: number) => fitOf({ c: 2, k: 1, t }, { form: 'data-mixing' });
    expect(paretoFront(mixing(-1e-3), mixing(-1e-3), TARGET, 0.9).knee).toBeNull();
    expect(paretoFront(mixing(-3), mixing(-3), TARGET, 0.9).knee).toBeCloseTo(0.5, 6);
    // c − |k|·exp(t·r) falls ever faster with its own share: the front bulges away from low losses.
    const bulging = fitOf({ c: 9, k: -1, t: 1 }, { form: 'data-mixing' });
    expect(paretoFront(bulging, bulging, TARGET, 0.9)).toMatchObject({ knee: null, points: { length: 101 } });
  });
});

describe('what the data leave open', () => {
  it('is said: laws that cannot be fitted, and losses that may not change at all', () => {
    const none = paretoFront(tooFewSizes(), fitOf(PLANTED), TARGET, 0.9);
    expect(none).toMatchObject({ status: 'not-identified', points: [], knee: null });
    expect(none.sentence).toMatch(/the general law cannot be fitted/);
    const replicates = repeated([{ ...FALLING, C: 0 }, FALLING], 5);
    const unsure = paretoFront(
      fitOf(FALLING, { replicates: repeated([FALLING], 10) }),
      fitOf(FALLING, { replicates }),
      TARGET,
      0.9,
    );
    expect(unsure.status).toBe('not-identified');
    expect(unsure.sentence).toMatch(
      /by the fits to resampled runs the domain loss may change by anything from -/,
    );
  });

  it('counts by how many resampled pairs a ratio is on the front', () => {
    const rising = { ...PLANTED, B: 0.2, C: 0.02, eta: 2 };
    const { points, warnings } = paretoFront(
      fitOf(FALLING, { replicates: repeated([FALLING], 10) }),
      fitOf(FALLING, { replicates: [...repeated([FALLING], 6), ...repeated([rising], 4)] }),
      TARGET,
      0.9,
    );
    expect(points[0]!.onFront).toBe(1);
    expect(points.at(-1)!.onFront).toBeCloseTo(0.6, 12);
    expect(warnings.join()).toMatch(/are on the front by as few as 60 % of the resampled fits/);
  });

  it('has no intervals when one law alone was resampled, and refuses targets that mean nothing', () => {
    const front = paretoFront(fitOf(FALLING, { replicates: [FALLING] }), fitOf(FALLING), TARGET, 0.9);
    expect(front.points[0]!.generalInterval).toBeNull();
    expect(front.warnings.join()).toMatch(/only one of the two laws was resampled/);
    expect(() => paretoFront(fitOf(FALLING), fitOf(FALLING), { n: 0, d: 1 }, 0.9)).toThrow(/n is 0/);
    expect(() => paretoFront(fitOf(FALLING), fitOf(FALLING), TARGET, 90)).toThrow(/level is 90/);
  });
});
