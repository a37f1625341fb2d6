import { describe, expect, it } from 'vitest';
import { sweepFigures } from '../../src/report/figures/index.ts';
import type { SweepReportInput } from '../../src/report/types.ts';
import { type FixtureOptions, plantedSweep, RATIOS, SIZES } from './fixture.ts';
import { checkXml } from './xml.ts';

const NAMES = [
  'decision',
  'loss-against-ratio',
  'loss-against-tokens',
  'predicted-against-measured',
  'residuals',
];
const circles = (svg: string): number => checkXml(svg).get('circle') ?? 0;

describe('figures of a whole sweep', () => {
  const input = plantedSweep();
  const figures = new Map(
    sweepFigures(input)
      .get('math')!
      .map((figure) => [figure.name, figure] as const),
  );
  const svg = (name: string): string => figures.get(`math-${name}`)!.svg;
  const rows = input.answers[0]!.generalRows.length;

  it('are standalone documents: well formed, on white, with a description, and nothing fetched or scripted', () => {
    expect([...figures.keys()]).toEqual(NAMES.map((name) => `math-${name}`));
    for (const { svg, caption, description } of figures.values()) {
      checkXml(svg);
      expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" role="img" aria-label="[^"]+"/);
      expect(svg).toContain('fill="#ffffff"/>');
      expect(svg.replace('http://www.w3.org/2000/svg', '')).not.toMatch(
        /NaN|undefined|Infinity|https?:|<script|<style|href|url\(|var\(/,
      );
      expect(caption.length).toBeGreaterThan(30);
      expect(description.length).toBeGreaterThan(30);
    }
  });

  it('draw a mark for every measurement, and for every entry of the legend', () => {
    const legend = SIZES.length;
    expect(circles(svg('loss-against-ratio'))).toBe(2 * SIZES.length * RATIOS.length + legend);
    expect(circles(svg('loss-against-tokens'))).toBe(
      2 * SIZES.length * RATIOS.length * 12 + RATIOS.length + 1,
    );
    expect(circles(svg('predicted-against-measured'))).toBe(2 * rows + legend);
    expect(circles(svg('residuals'))).toBe(2 * rows + legend);
    // Both panels: measured ends and the answer; the tenths of the curve on the right; two in the legend.
    expect(circles(svg('decision'))).toBe(2 * (RATIOS.length + 1) + 11 + 2);
  });

  it('are the same text for the same data in any order', () => {
    const shuffled = { ...plantedSweep(), observations: input.observations.toReversed() };
    expect(sweepFigures(shuffled)).toEqual(sweepFigures(input));
  });

  it('say the recommendation and its interval', () => {
    const { domainRatio, interval } = input.answers[0]!.recommendation;
    expect(svg('decision')).toContain(
      `recommended: ${domainRatio!.toFixed(2)} (90\u00a0% interval ${interval!.low.toFixed(2)}–${interval!.high.toFixed(2)})`,
    );
  });

  it('thin what could not be told apart and say so', () => {
    const many = plantedSweep({ seeds: Array.from({ length: 10 }, (_, at) => at), replicates: 0 });
    const predicted = sweepFigures(many)
      .get('math')!
      .find((figure) => figure.name.endsWith('measured'))!;
    expect(many.answers[0]!.generalRows).toHaveLength(3960);
    expect(circles(predicted.svg)).toBeLessThanOrEqual(2 * 2501 + SIZES.length);
    expect(predicted.caption).toContain('at most 2,500 of 3,960 drawn');
  });
});

describe('figures of sweeps with little to show', () => {
  const cases: [string, FixtureOptions, ((input: SweepReportInput) => void)?][] = [
    ['one size', { sizes: [1000] }],
    ['one ratio', { ratios: [0.5] }],
    ['one size, one ratio, no bootstrap', { sizes: [1000], ratios: [0], replicates: 0 }],
    [
      'no measurement after the start',
      {},
      (input) => {
        input.observations = input.observations.filter((row) => row.tokens === 0);
      },
    ],
    [
      'no observation at all',
      {},
      (input) => {
        input.observations = [];
        for (const answer of input.answers) Object.assign(answer, { generalRows: [], domainRows: [] });
      },
    ],
    [
      'no domain loss',
      {},
      (input) => {
        for (const row of input.observations) row.domainLoss = null;
      },
    ],
    [
      'fits without a solution',
      { replicates: 0 },
      ({ answers }) => {
        for (const fit of [answers[0]!.generalLaw, answers[0]!.domainLaw]) {
          Object.assign(fit, { starts: 0, status: 'singular-design' });
          for (const name of Object.keys(fit.parameters)) fit.parameters[name] = 0;
        }
      },
    ],
    [
      'parameters that overflow',
      {},
      ({ answers }) => {
        Object.assign(answers[0]!.generalLaw.parameters, { C: 1e300, gamma: 1e3 });
      },
    ],
    [
      'an infeasible target far away',
      {},
      ({ answers }) => {
        Object.assign(answers[0]!.recommendation, {
          status: 'infeasible',
          domainRatio: null,
          interval: null,
          predictedGeneralLoss: null,
          predictedDomainLoss: null,
          target: { n: 7, d: 100, tolerance: 0.001 },
        });
      },
    ],
    [
      'an answer that is not identified',
      {},
      ({ answers }) => {
        Object.assign(answers[0]!.recommendation, {
          status: 'not-identified',
          interval: { low: 0, high: 1, level: 0.9 },
        });
      },
    ],
    [
      'names that are markup',
      { domains: ['<b>&"\'\u0000'] },
      ({ runs }) => {
        runs[0]!.label = '</svg><script>';
      },
    ],
  ];

  it.each(cases)('%s', (_, options, change) => {
    const input = plantedSweep(options);
    change?.(input);
    const all = [...sweepFigures(input).values()].flat();
    expect(all).toHaveLength(5);
    for (const { svg } of all) {
      checkXml(svg);
      expect(svg).not.toMatch(/NaN|undefined|Infinity|<script|<b>/);
    }
  });

  it('does not call a guess a recommendation', () => {
    const input = plantedSweep();
    input.answers[0]!.recommendation.status = 'not-identified';
    const { svg } = sweepFigures(input).get('math')![0]!;
    expect(svg).toContain('best guess: 0.');
    expect(svg).not.toContain('recommended');
  });

  it('gives two domains with like names files of their own', () => {
    const names = [...sweepFigures(plantedSweep({ domains: ['C++', 'C'] })).values()]
      .flat()
      .map(({ name }) => name);
    expect(new Set(names).size).toBe(10);
    expect(names).toContain('c-decision');
    expect(names).toContain('c-2-decision');
  });
});
