import { describe, expect, it } from 'vitest';
import { fitAcrossTokens, ratioAcrossTokens } from '../../../src/laws/criticalRatio/acrossTokens.ts';
import { largestFeasible } from '../../../src/laws/criticalRatio/feasible.ts';
import { turningPoint } from '../../../src/laws/criticalRatio/turning.ts';
import { PAPER_UNIT, PUBLISHED_ACROSS, publishedTurning } from './planted.ts';

/** alpha·T^s terms as slopes in log t at T_max. */
const terms = (max: number, ...powers: [alpha: number, s: number][]) =>
  powers.map(([alpha, s]) => ({ slope: alpha * s * max ** s, s }));

describe('turningPoint (arXiv 2407.17467 Eq 25-26)', () => {
  const max = 20;
  const fall = 0.01;
  const turnsAt = (t: number): [number, number][] => [
    [2 * fall * t ** 0.3, 0.3],
    [-fall, 0.6],
  ];

  it.each([1, 8, 19.9])('finds a turning point at %f billion tokens', (t) => {
    const point = turningPoint(terms(max, ...turnsAt(t)), 0.01, max);
    expect(point.where).toBe('within');
    expect(point.tokens).toBeCloseTo(t, 9);
  });

  it('solves the paper’s equation with domain loss in it: the derivative vanishes at T0', () => {
    const lambda = 300;
    const domain: [number, number] = [-0.2, 0.25];
    const point = turningPoint(terms(max, ...turnsAt(10), [domain[0] / lambda, domain[1]]), 0.01, max);
    const derivative = (t: number) =>
      domain[0] * domain[1] * t ** (domain[1] - 1) +
      lambda * turnsAt(10).reduce((sum, [alpha, s]) => sum + alpha * s * t ** (s - 1), 0);
    expect(point.tokens!).toBeLessThan(10);
    expect(Math.abs(derivative(point.tokens!))).toBeLessThan(1e-9);
    expect(derivative(point.tokens! - 0.1)).toBeGreaterThan(0);
  });

  it('says where the point lies when it was not seen', () => {
    expect(turningPoint(terms(max, ...turnsAt(0.1)), 0.01, max)).toEqual({
      where: 'before-first',
      tokens: null,
    });
    const later = turningPoint(terms(max, ...turnsAt(47)), 0.01, max);
    expect(later).toEqual({ where: 'beyond-last', tokens: expect.closeTo(47, 8) });
    expect(turningPoint(terms(max, ...turnsAt(300)), 0.01, max)).toEqual({ where: 'never', tokens: null });
    expect(turningPoint(terms(max, [0.1, 0.2]), 0.01, max).where).toBe('never');
    expect(turningPoint(terms(max, [-0.1, 0.2]), 0.01, max).where).toBe('before-first');
  });

  it('takes the last fall of a loss that falls, rises and falls again', () => {
    // In log t: −(t^0.5 − 0.3)(t^0.5 − 0.8), positive between t = 0.09 and 0.64 only.
    const point = turningPoint(
      [
        { slope: -1, s: 1 },
        { slope: 1.1, s: 0.5 },
        { slope: -0.24, s: 0 },
      ],
      0.01,
      max,
    );
    expect(point).toEqual({ where: 'within', tokens: expect.closeTo(0.64 * max, 8) });
  });
});

describe('largestFeasible', () => {
  const ok = { excess: -0.01, slope: -1 };
  const rising = { excess: -0.01, slope: 3 };
  const above = { excess: 0.03, slope: -1 };
  const law = (ratio: number) => ratio ** 2 - 0.1;

  it.each([
    [
      'turning',
      [
        { ratio: 0.25, ...ok },
        { ratio: 0.5, ...rising },
      ],
      0.3125,
    ],
    [
      'tolerance',
      [
        { ratio: 0.25, ...ok },
        { ratio: 0.5, ...above },
      ],
      Math.sqrt(0.1),
    ],
    // Both fail at 0.5: the turning condition gives 0.3125, below the tolerance's 0.316.
    [
      'turning',
      [
        { ratio: 0.25, ...ok },
        { ratio: 0.5, excess: 0.03, slope: 3 },
      ],
      0.3125,
    ],
    [
      'tolerance',
      [
        { ratio: 0.25, ...ok },
        { ratio: 0.5, excess: 0.03, slope: 0.5 },
      ],
      Math.sqrt(0.1),
    ],
    [
      'nothing',
      [
        { ratio: 0.25, ...above },
        { ratio: 1, ...ok },
      ],
      1,
    ],
  ] as const)('is limited by %s', (limitedBy, measured, ratio) => {
    const found = largestFeasible(measured, law);
    expect(found).toMatchObject({ kind: 'found', limitedBy, lawDisagrees: false });
    expect(found.ratio).toBeCloseTo(ratio, 9);
    expect(found.isPatchy).toBe(limitedBy === 'nothing');
  });

  it('takes a straight line, and says so, when the law does not cross the limit where the measurements do', () => {
    const measured = [
      { ratio: 0.25, ...ok },
      { ratio: 0.5, ...above },
    ];
    expect(largestFeasible(measured, () => -1)).toMatchObject({ ratio: 0.3125, lawDisagrees: true });
    expect(largestFeasible(measured, null)).toMatchObject({ ratio: 0.3125, lawDisagrees: false });
  });

  it('is open above the largest ratio, unknown without slopes, none when all fail', () => {
    expect(largestFeasible([{ ratio: 0.25, ...ok }], law)).toMatchObject({ kind: 'open', ratio: 0.25 });
    expect(largestFeasible([{ ratio: 0.25, ...ok, slope: null }], law)).toMatchObject({
      kind: 'unknown',
      ratio: null,
    });
    // A slope that is missing below the answer, or where the tolerance fails anyway, decides nothing.
    expect(
      largestFeasible(
        [
          { ratio: 0.1, ...ok, slope: null },
          { ratio: 0.25, ...ok },
          { ratio: 0.5, ...above, slope: null },
        ],
        law,
      ),
    ).toMatchObject({ kind: 'found', limitedBy: 'tolerance' });
    expect(largestFeasible([{ ratio: 0.25, ...above }], law)).toMatchObject({
      kind: 'none',
      infeasible: 0.25,
    });
    expect(largestFeasible([], null).kind).toBe('none');
  });
});

describe('the law across tokens', () => {
  it.each(PUBLISHED_ACROSS)(
    'recovers the published law of the $size B model from its own turning points',
    (law) => {
      const pairs = [1 / 8, 1 / 4, 1 / 3, 1 / 2]
        .map((domainRatio) => ({ domainRatio, tokens: publishedTurning(domainRatio, law) }))
        .filter(({ tokens }) => tokens < 60);
      const across = fitAcrossTokens(pairs, law.size, 20)!;
      expect(across.law.published!.s4).toBeCloseTo(law.s, 5);
      expect(across.law.published!.alpha4! / (law.alpha * PAPER_UNIT ** -law.s)).toBeCloseTo(1, 4);
      expect(ratioAcrossTokens(across, 20).domainRatio).toBeCloseTo(law.cmr[2], 3);
      expect(ratioAcrossTokens(across, 50).domainRatio).toBeCloseTo(law.cmr[3], 3);
      expect(across.warnings.join()).toMatch(/sign of alpha4 changes/);
      expect(across.warnings.join()).toMatch(/beyond the tokens measured/);
    },
  );

  it('warns of extrapolation, never leaves 0…1, and notices when it contradicts the interpolation', () => {
    const pairs = [0.2, 0.3, 0.4, 0.5].map((domainRatio) => ({ domainRatio, tokens: 40 * domainRatio }));
    const across = fitAcrossTokens(pairs, 1, 20, 0.3)!;
    expect(across.warnings.join()).toMatch(/at T_max it says 0\.500, .* 0\.300: do not trust/);
    expect(ratioAcrossTokens(across, 12).warnings.join()).not.toMatch(/extrapolation/);
    expect(ratioAcrossTokens(across, 400)).toMatchObject({ domainRatio: 1 });
    expect(ratioAcrossTokens(across, 400).warnings.join()).toMatch(/outside the turning points/);
    const steep = fitAcrossTokens(
      pairs.map((pair) => ({ ...pair, tokens: pair.tokens + 10 })),
      1,
      20,
    )!;
    expect(ratioAcrossTokens(steep, 5).domainRatio).toBeNull();
    expect(fitAcrossTokens(pairs.slice(0, 2), 1, 20)).toBeNull();
  });
});
