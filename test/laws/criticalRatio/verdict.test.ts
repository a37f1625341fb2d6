import { describe, expect, it } from 'vitest';
import type { LargestFeasible } from '../../../src/laws/criticalRatio/feasible.ts';
import { ratioTable } from '../../../src/laws/criticalRatio/ratioTable.ts';
import { fitTokenLaws } from '../../../src/laws/criticalRatio/tokenLaws.ts';
import { readTrajectories } from '../../../src/laws/criticalRatio/trajectories.ts';
import { verdict } from '../../../src/laws/criticalRatio/verdict.ts';
import { BASE, plantedSize } from './planted.ts';

const { groups, tokens } = readTrajectories(plantedSize({ ratios: [0.125, 0.25, 0.5] }), null);
const table = ratioTable(
  {
    modelSize: 0.46,
    tokens,
    baseGeneralLoss: BASE.generalLoss,
    toleranceNats: 0.05,
    lambda: 1000,
    ratios: groups.map((group) => ({ group, laws: fitTokenLaws(group, tokens, 0.46) })),
    ratioLaw: null,
  },
  BASE,
);
const between: LargestFeasible = {
  kind: 'found',
  ratio: 0.2,
  feasible: 0.125,
  infeasible: 0.25,
  limitedBy: 'tolerance',
  isPatchy: false,
  lawDisagrees: false,
};
const none: LargestFeasible = { ...between, kind: 'none', ratio: null, feasible: null, limitedBy: null };
const mixed = (found: number, without: number) => [
  ...Array<LargestFeasible>(found).fill(between),
  ...Array<LargestFeasible>(without).fill(none),
];
const judge = (found: LargestFeasible, replicates: LargestFeasible[], high = 0.21) =>
  verdict({
    found,
    table,
    replicates,
    interval: { low: 0.19, high, level: 0.9 },
    scatterRange: null,
    tokens,
    toleranceNats: 0.05,
  });

describe('verdict', () => {
  it('stands while most resampled fits agree on whether there is an answer', () => {
    expect(judge(between, mixed(8, 2))).toMatchObject({ status: 'found', domainRatio: 0.2 });
    expect(judge(none, mixed(2, 8))).toMatchObject({ status: 'infeasible', domainRatio: null });
  });

  it('falls, with the reason, when many do not, or when the interval is wide', () => {
    expect(judge(between, mixed(6, 4)).reason).toMatch(
      /40 % of the fits to resampled runs find no feasible ratio/,
    );
    expect(judge(none, mixed(5, 5)).reason).toMatch(
      /50 % .* find a feasible ratio, those to all runs do not/,
    );
    expect(judge(between, mixed(10, 0), 0.9)).toMatchObject({
      status: 'not-identified',
      domainRatio: 0.2,
      reason: expect.stringMatching(/anywhere from 0\.19 to 0\.9/),
    });
  });
});
