import { describe, expect, it } from 'vitest';
import { UserError } from '../../../src/common/errors.ts';
import { makeRandom } from '../../../src/common/random.ts';
import { criticalRatio } from '../../../src/laws/criticalRatio/criticalRatio.ts';
import type {
  CriticalRatioOptions,
  SizeTrajectories,
  TrajectoryRow,
} from '../../../src/laws/criticalRatio/types.ts';
import {
  BASE,
  generalChange,
  PAPER_RATIOS,
  type PlantedOptions,
  plantedRatio,
  plantedSize,
  publishedTurning,
} from './planted.ts';

const T_MAX = 20;
const solve = (planted: PlantedOptions, options: Partial<CriticalRatioOptions> = {}) =>
  criticalRatio([plantedSize(planted)], options)[0]!;
/** The tolerance is out of the way: only the turning point decides. */
const turningOnly = { toleranceNats: 0.5, lambda: Number.POSITIVE_INFINITY };

/** The ratio at which planted general loss ends exactly `tolerance` above the base model's. */
function plantedTolerance(tolerance: number): number {
  let low = 0.01;
  let high = 1;
  while (high - low > 1e-12) {
    const middle = (low + high) / 2;
    if (generalChange(plantedRatio(middle), T_MAX) <= tolerance) low = middle;
    else high = middle;
  }
  return low;
}

describe('criticalRatio on planted worlds', () => {
  it('recovers every turning point, the feasible set, and the published 29.8 % of the 0.46 B model', () => {
    const answer = solve({}, turningOnly);
    expect(answer.status).toBe('found');
    expect(answer.limitedBy).toBe('turning');
    expect(answer.bracket).toEqual({ feasible: 0.25, infeasible: 1 / 3 });
    // What is left of the error is the straight line between the measured ratios.
    expect(answer.domainRatio!).toBeCloseTo(0.2976, 3);
    for (const row of answer.ratios) {
      const truth = publishedTurning(row.domainRatio);
      expect(row.feasible).toBe(truth <= T_MAX);
      if (truth < 10 * T_MAX) expect(row.turning!.tokens! / truth).toBeCloseTo(1, 4);
      else expect(row.turning).toEqual({ where: 'never', tokens: null });
    }
    expect(answer.acrossTokens!.law.published!.s4).toBeCloseTo(0.26944, 4);
    expect(answer.acrossTokens!.law.parameters.level).toBeCloseTo(0.2976, 4);
    const { published } = answer.ratios[0]!.generalLaw!;
    expect(published).toMatchObject({ s2: expect.closeTo(0.3, 3), s3: expect.closeTo(0.6, 3) });
    expect(published!.alpha3).toBeCloseTo(-0.01, 4);
    expect(published!.beta2).toBeCloseTo(0, 4);
    expect(answer.ratios[1]!.domainLaw!.published!.alpha1).toBeCloseTo(-0.2 * 0.25 ** 0.4, 5);
  });

  it('gives domain loss a say by lambda: T0 solves the paper’s equation', () => {
    const lambda = 100;
    const { ratios, domainRatio } = solve({}, { ...turningOnly, lambda });
    for (const row of ratios.slice(0, 3)) {
      const { rise, fall, gain } = plantedRatio(row.domainRatio);
      const t = row.turning!.tokens!;
      const domain = -gain * 0.25 * t ** -0.75;
      const general = 0.3 * rise * t ** -0.7 - 0.6 * fall * t ** -0.4;
      expect(Math.abs(domain + lambda * general)).toBeLessThan(1e-6);
      expect(t).toBeLessThan(row.generalTurning!.tokens!);
    }
    expect(domainRatio!).toBeGreaterThan(0.3);
    const plain = solve({}, turningOnly);
    expect(plain.lambdaRange.atLow).toBe(domainRatio);
    expect(plain.warnings.join()).not.toMatch(/depends on lambda/);
    // A fifth of the forgetting: domain loss counts for five times as much.
    expect(solve({ fall: 0.002 }, turningOnly).warnings.join()).toMatch(/depends on lambda: 0\.\d+ at 100/);
  });

  it('is limited by the tolerance where that comes first', () => {
    const answer = solve({});
    expect(answer).toMatchObject({
      status: 'found',
      limitedBy: 'tolerance',
      toleranceNats: 0.05,
      lambda: 1000,
    });
    expect(Math.abs(answer.domainRatio! - plantedTolerance(0.05))).toBeLessThan(2e-3);
    expect(answer.generalLossLimit).toBeCloseTo(BASE.generalLoss + 0.05, 12);
    expect(answer.ratios[1]!.fails).toEqual([
      expect.stringMatching(/ends 0\.0522 above .* 0\.05 is allowed/),
    ]);
    expect(answer.ratios[0]!.fails).toEqual([]);
    expect(answer.generalRatioLaw!.r2).toBeGreaterThan(0.999);
    expect(answer.reason).toMatch(/between the measured ratios 0\.125 and 0\.25/);
  });

  it('is 1 when general loss never passes the tolerance and turns early, be it the only ratio', () => {
    const early = { turning: (ratio: number) => 3 + ratio, fall: 0.001 };
    const answer = solve(early);
    expect(answer).toMatchObject({ status: 'found', domainRatio: 1, limitedBy: 'nothing' });
    expect(answer.ratios.every(({ feasible }) => feasible)).toBe(true);
    expect(solve({ ...early, ratios: [1] })).toMatchObject({ status: 'found', domainRatio: 1 });
  });

  it('is infeasible when general loss always passes the tolerance, and says what the lowest ratio fails', () => {
    const answer = solve({ step: 0.2 });
    expect(answer).toMatchObject({
      status: 'infeasible',
      domainRatio: null,
      interval: null,
      limitedBy: null,
    });
    expect(answer.reason).toMatch(/at the lowest, 0\.125, general loss ends 0\.2310 above/);
  });

  it('is infeasible, for the other reason, when no general loss turns in time', () => {
    const answer = solve({ turning: (ratio) => 60 + 10 * ratio }, turningOnly);
    expect(answer.status).toBe('infeasible');
    expect(answer.reason).toMatch(/still rises at T_max and would turn at 61\.3 billion tokens/);
    expect(answer.ratios.every(({ withinTolerance, feasible }) => withinTolerance && !feasible)).toBe(true);
  });

  it('scales to tokens of any size', () => {
    const small = solve({}, turningOnly);
    const rows = plantedSize().rows.map((row) => ({ ...row, tokens: row.tokens * 1e-5 }));
    const [scaled] = criticalRatio([{ modelSize: 1e-5, base: BASE, rows }], turningOnly);
    expect(scaled!.domainRatio!).toBeCloseTo(small.domainRatio!, 6);
    expect(scaled!.ratios[0]!.turning!.tokens! * 1e5).toBeCloseTo(small.ratios[0]!.turning!.tokens!, 4);
  });

  it('has a planted answer in the range that scatter allows, and gives up when noise drowns it', () => {
    const truth = 0.2976;
    for (const noise of [1e-4, 1e-3]) {
      for (let seed = 0; seed < 3; seed++) {
        const { scatterRange } = solve({ noise, seed }, turningOnly);
        expect(scatterRange!.low).toBeLessThan(truth + 0.005);
        expect(scatterRange!.high).toBeGreaterThan(truth - 0.005);
      }
    }
    const drowned = solve({ noise: 0.03 }, turningOnly);
    expect(drowned.status).toBe('not-identified');
    expect(drowned.reason).toMatch(/the data cannot tell: within the scatter/);
  });
});

describe('intervals', () => {
  it('resamples runs within ratios and covers the planted ratio', () => {
    const truth = plantedTolerance(0.05);
    const answers = [1, 2, 3].map((seed) =>
      solve({ seeds: 3, runNoise: 0.02, noise: 2e-4, seed }, { resamples: 100 }),
    );
    for (const { interval, domainRatio } of answers) {
      expect(interval!.low).toBeLessThan(domainRatio!);
      expect(interval!.high).toBeGreaterThan(domainRatio!);
      expect(interval!.high - interval!.low).toBeGreaterThan(0.003);
      expect(interval!.high - interval!.low).toBeLessThan(0.1);
    }
    const covering = answers.filter(({ interval }) => interval!.low <= truth && truth <= interval!.high);
    expect(covering.length).toBeGreaterThanOrEqual(2);
  });

  it('grows with the noise between runs, and is the same for the same seed', () => {
    const width = (runNoise: number) => {
      const { interval } = solve(
        { seeds: 3, ratios: [0.125, 0.25, 0.5], runNoise, noise: 1e-4 },
        { resamples: 60 },
      );
      return interval!.high - interval!.low;
    };
    const wide = width(0.03);
    expect(wide).toBeGreaterThan(2 * width(0.005));
    expect(width(0.03)).toBe(wide);
  });

  it('says why there is none', () => {
    const one = solve({}, { resamples: 50 });
    expect(one.interval).toBeNull();
    expect(one.warnings.join()).toMatch(/no interval: ratio 0\.125, .* has one run only.*add seeds/);
    expect(solve({}, { resamples: 0 }).warnings.join()).toMatch(/no interval was asked for/);
    expect(solve({ seeds: 2, noise: 1e-4 }, { resamples: 5 }).warnings.join()).toMatch(
      /with two runs a ratio .* too narrow/,
    );
  });

  it('takes changes from each run’s own base model', () => {
    const size = plantedSize({ seeds: 2, ratios: [0.125, 0.25, 0.5] });
    const shifted = size.rows.map((row) => ({
      ...row,
      generalLoss: row.generalLoss + (row.run.endsWith('1') ? 0.3 : 0),
    }));
    const runBases = Object.fromEntries(
      size.rows.map(({ run }) => [
        run,
        { ...BASE, generalLoss: BASE.generalLoss + (run.endsWith('1') ? 0.3 : 0) },
      ]),
    );
    const options = { resamples: 20 };
    const [own] = criticalRatio([{ ...size, rows: shifted, runBases }], options);
    const [plain] = criticalRatio([size], options);
    expect(own!.domainRatio!).toBeCloseTo(plain!.domainRatio!, 9);
    expect(own!.ratios[0]!.generalLoss).toBeCloseTo(plain!.ratios[0]!.generalLoss, 9);
  });
});

describe('what cannot be identified', () => {
  it.each([
    ['two ratios', { ratios: [0.125, 0.5] }, {}, /2 domain ratios where at least 3 are needed/],
    ['one ratio', { ratios: [0.5] }, {}, /1 domain ratio where/],
    ['ratio 0 only', { ratios: [0], turning: () => 5 }, {}, /no run has a positive domain ratio/],
    ['no row', { ratios: [] }, {}, /no run has a positive domain ratio/],
    [
      'no infeasible ratio',
      { ratios: [0.05, 0.1, 0.15] },
      {},
      /largest measured ratio, 0\.15, is feasible.*measure ratio 1/,
    ],
    [
      'five token counts',
      { tokens: [1, 5, 10, 15, 20] },
      turningOnly,
      /whether it turns .* unknown there \(5 token counts .* needs 6\)/,
    ],
  ] as const)('%s: says so', (_, planted, options, reason) => {
    const answer = solve(planted, options);
    expect(answer.status).toBe('not-identified');
    expect(answer.reason).toMatch(reason);
  });

  it('still says what it measured: a bracket, a point where there is one, the table', () => {
    const two = solve({ ratios: [0.125, 0.5] });
    expect(two.bracket).toEqual({ feasible: 0.125, infeasible: 0.5 });
    expect(two.domainRatio).toBeGreaterThan(0.125);
    expect(two.ratios).toHaveLength(2);
    expect(solve({ ratios: [0.05, 0.1, 0.15] })).toMatchObject({ domainRatio: 0.15 });
  });

  it('leaves ratio 0 out, with a warning, and answers from the others', () => {
    const answer = solve({
      ratios: [0, ...PAPER_RATIOS],
      turning: (r) => (r === 0 ? 5 : publishedTurning(r)),
    });
    expect(answer.domainRatio).toBe(solve({}).domainRatio);
    expect(answer.warnings.join()).toMatch(/domain ratio 0 are left out/);
  });

  it('warns of domain loss that does not improve, of wide gaps and of patchy conditions', () => {
    const size = plantedSize({ ratios: [0.125, 0.75, 1] });
    const worse = size.rows.map((row) => ({ ...row, domainLoss: 2 * BASE.domainLoss - row.domainLoss }));
    const [answer] = criticalRatio([{ ...size, rows: worse }]);
    expect(answer!.warnings.join('\n')).toMatch(/domain loss at ratio 0\.125 ends above/);
    expect(answer!.warnings.join('\n')).toMatch(/no ratio was measured between 0\.125 and 0\.75/);
    expect(answer!.warnings.join('\n')).toMatch(/three ratios fix the three coefficients/);
    const patchy = plantedSize().rows.map((row) =>
      row.domainRatio === 0.25 ? { ...row, generalLoss: row.generalLoss - 0.03 } : row,
    );
    const jumped = patchy.map((row) =>
      row.domainRatio === 0.125 ? { ...row, generalLoss: row.generalLoss + 0.05 } : row,
    );
    expect(criticalRatio([{ ...size, rows: jumped }])[0]!.warnings.join()).toMatch(
      /smaller measured ratio is infeasible/,
    );
  });
});

describe('inputs', () => {
  it('gives one answer a size, in order, none depending on another or on the order of rows', () => {
    const small = plantedSize({ noise: 1e-4 });
    const large = plantedSize({ noise: 1e-4, modelSize: 3.1, fall: 0.008, seed: 2 });
    const answers = criticalRatio([small, large]);
    expect(answers.map(({ modelSize }) => modelSize)).toEqual([0.46, 3.1]);
    const shuffled = makeRandom('shuffle').shuffle([...large.rows]);
    expect(shuffled).not.toEqual(large.rows);
    expect(criticalRatio([{ ...large, rows: shuffled }])[0]).toEqual(answers[1]);
  });

  it('compares runs at the largest token count that all have, or at the one asked for', () => {
    const size = plantedSize();
    const cut = size.rows.filter((row) => row.domainRatio < 0.9 || row.tokens <= 15);
    const [answer] = criticalRatio([{ ...size, rows: cut }]);
    expect(answer!.tokens).toBe(15);
    expect(answer!.warnings.join()).toMatch(/25 points beyond T_max = 15 billion/);
    expect(solve({}, { tokens: 10 }).tokens).toBe(10);
    expect(() => solve({}, { tokens: 10.1 })).toThrow(/was not measured at 10\.1 billion/);
    const apart = size.rows.map((row) => ({ ...row, tokens: row.tokens * (1 + row.domainRatio / 100) }));
    expect(() => criticalRatio([{ ...size, rows: apart }])).toThrow(
      /no token count was measured in every run/,
    );
  });

  const bad: [string, Partial<TrajectoryRow>, RegExp][] = [
    ['a NaN loss', { generalLoss: Number.NaN }, /run bad, tokens = 1: generalLoss is NaN/],
    ['an infinite loss', { domainLoss: Number.POSITIVE_INFINITY }, /domainLoss is Infinity/],
    ['a ratio above 1', { domainRatio: 1.5 }, /domainRatio is 1\.5/],
    ['a NaN ratio', { domainRatio: Number.NaN }, /domainRatio is NaN/],
    ['the base model as a row', { tokens: 0 }, /tokens is 0, not a positive number/],
    [
      'two ratios in one run',
      { run: 'R = 0.125, seed 0', domainRatio: 0.5, tokens: 0.7 },
      /rows at the ratios 0\.125 and 0\.5/,
    ],
    ['a checkpoint twice', { run: 'R = 0.125, seed 0', domainRatio: 0.125 }, /two rows at 1 billion tokens/],
  ];
  it.each(bad)('refuses %s by name', (_, change, message) => {
    const row = { run: 'bad', domainRatio: 0.5, tokens: 1, generalLoss: 2, domainLoss: 2, ...change };
    const size = plantedSize();
    const run = () => criticalRatio([{ ...size, rows: [...size.rows, row] }]);
    expect(run).toThrow(message);
    expect(run).toThrow(UserError);
  });

  it.each([
    [{ toleranceNats: -1 }, /tolerance is -1/],
    [{ lambda: 0 }, /lambda is 0/],
    [{ lambda: Number.NaN }, /lambda is NaN/],
    [{ resamples: 1.5 }, /resamples is 1\.5/],
    [{ level: 1 }, /level is 1/],
    [{ tokens: -2 }, /T_max is -2/],
  ])('refuses options %o', (options, message) => {
    expect(() => criticalRatio([], options)).toThrow(message);
  });

  it('refuses malformed sizes and base losses', () => {
    const size = plantedSize();
    const refused = (change: Partial<SizeTrajectories>) => () => criticalRatio([{ ...size, ...change }]);
    expect(refused({ modelSize: 0 })).toThrow(/model size 0/);
    expect(refused({ base: { ...BASE, generalLoss: Number.NaN } })).toThrow(
      /general loss of the base model .* is NaN/,
    );
    expect(refused({ runBases: { x: { ...BASE, domainLoss: 0 } } })).toThrow(
      /domain loss of the base model of run x is 0/,
    );
    expect(() => criticalRatio([size, size])).toThrow(/given twice/);
  });
});
