import { describe, expect, it } from 'vitest';
import { resolveConfig } from '../../src/config/resolveConfig.ts';
import { treeOf } from '../../src/config/tree.ts';
import type { PreparedCorpus, ShardInfo } from '../../src/corpus/types.ts';
import { planRuns, type SweepCorpora, validationTokens } from '../../src/sweep/plan.ts';
import { runSpecSchema } from '../../src/training/runSpec.ts';

const shard = (digit: string): ShardInfo => ({
  hash: digit.repeat(64),
  tokenizerHash: 'f'.repeat(64),
  vocabularySize: 264,
  tokens: 1e7,
  documents: 1000,
  textBytes: 1e7,
});

const corpus = (name: string, digits: [string, string]): PreparedCorpus => ({
  name,
  description: name,
  synthetic: true,
  train: shard(digits[0]),
  validation: shard(digits[1]),
  dropped: {},
});

const corpora = (...domains: string[]): SweepCorpora => ({
  general: corpus('general', ['a', 'b']),
  domains: domains.map((name, i) => corpus(name, [`${2 * i}`, `${2 * i + 1}`])),
});

const config = (change: Record<string, unknown> = {}, domains: string[] = ['math']) =>
  resolveConfig(
    treeOf(
      {
        name: 'test',
        corpora: {
          general: { source: { demo: 'prose', bytes: 8_000_000 } },
          domains: Object.fromEntries(
            domains.map((name) => [name, { source: { demo: 'mathematics', bytes: 6_000_000 } }]),
          ),
        },
        models: { sizes: [16, 32] },
        mixture: { ratios: [0, 0.5, 1] },
        training: { baseTokens: 102_400, cptTokens: 614_400 },
        ...change,
      },
      'test.yaml',
    ),
  ).config;

const plan = (change = {}, domains = ['math']) =>
  planRuns(config(change, domains), corpora(...domains), 'onnx', 'f'.repeat(64));

describe('planRuns', () => {
  it('has a base model per size and seed, and from each a CPT run per domain and ratio', () => {
    const runs = plan({ seeds: [1, 2] }, ['math', 'law']);
    const bases = runs.filter((run) => run.spec.kind === 'base');
    expect(bases).toHaveLength(2 * 2);
    expect(runs).toHaveLength(4 + 4 * 2 * 3);
    const byId = new Map(runs.map((run) => [run.id, run]));
    expect(byId.size).toBe(runs.length);
    for (const run of runs.filter(({ spec }) => spec.kind === 'cpt')) {
      const parent = byId.get(run.spec.parent!)!;
      expect(parent.spec).toMatchObject({ kind: 'base', seed: run.spec.seed, model: run.spec.model });
      expect(run.spec.domain?.name).toBe(run.label.domain);
      expect(run.spec.evaluationTokens[0]).toBe(0);
      expect(run.spec.evaluationTokens.at(-1)).toBe(run.spec.tokens);
    }
    for (const run of runs) expect(runSpecSchema.parse(run.spec)).toEqual(run.spec);
  });

  it('shares base models between sweeps with other domains and other ratios', () => {
    const bases = (runs: ReturnType<typeof plan>) =>
      runs.filter(({ spec }) => spec.kind === 'base').map(({ id }) => id);
    expect(bases(plan({ mixture: { ratios: [0.2, 0.4, 1] } }, ['law', 'math']))).toEqual(bases(plan()));
  });

  it('keeps the ids of runs that a wider plan does not change, and changes them with any field that matters', () => {
    const before = new Set(plan().map(({ id }) => id));
    const wider = plan({
      mixture: { ratios: [0, 0.25, 0.5, 1] },
      law: { resamples: 10 },
      run: { trainers: 1, population: 8 },
    });
    expect(wider.filter(({ id }) => before.has(id))).toHaveLength(before.size);
    const other = plan({ training: { baseTokens: 102_400, cptTokens: 614_400, moments: 'keep' } });
    expect(other.filter(({ id }) => before.has(id)).map(({ spec }) => spec.kind)).toEqual(['base', 'base']);
    const half = plan({ training: { baseTokens: 102_400, cptTokens: 614_400, precision: 'float16' } });
    expect(half.map(({ spec }) => spec.precision)).toEqual(plan().map(() => 'float16'));
    expect(half.some(({ id }) => before.has(id))).toBe(false);
    expect(
      planRuns(config(), corpora('math'), 'tensorflow', 'f'.repeat(64)).some(({ id }) => before.has(id)),
    ).toBe(false);
  });
});

describe('further runs', () => {
  const furtherRuns = [
    { domain: 'math', width: 32, domainRatio: 0.56, tokens: 307_200 },
    { domain: 'math', width: 16, domainRatio: 0.5, tokens: 614_400, seed: 2 },
    { domain: 'math', width: 16, domainRatio: 0.5, tokens: 614_400, seed: 1 },
  ];

  it('stand beside the grid, with a base model of their seed; one of the grid is planned once', () => {
    const runs = plan({ furtherRuns });
    const grid = plan();
    const added = runs.filter((run) => !grid.some(({ id }) => id === run.id));
    expect(added.map(({ label }) => label.label)).toEqual([
      '5.97k base s2',
      '5.97k math r=0.5 s2',
      '25.2k math r=0.56 D=307k',
    ]);
    expect(runs).toHaveLength(grid.length + 3);
    expect(added[1]!.spec.parent).toBe(added[0]!.id);
    for (const { spec } of runs) expect(runSpecSchema.safeParse(spec).success).toBe(true);
  });

  it('are measured where a whole run is, and at their end', () => {
    const [whole, short] = [614_400, 307_200].map(
      (tokens) =>
        plan({ furtherRuns }).find(({ spec }) => spec.kind === 'cpt' && spec.tokens === tokens)!.spec
          .evaluationTokens,
    );
    expect(short!.at(-1)).toBe(307_200);
    expect(short!.slice(0, -1)).toEqual(whole!.filter((tokens) => tokens < 307_200));
  });

  it.each([
    [{ domain: 'law' }, /furtherRuns\.0\.domain is law, which is not one of math/],
    [{ width: 40 }, /furtherRuns\.0\.width is 40, which none of models.sizes has \(16, 32\)/],
    [{ tokens: 1000 }, /furtherRuns\.0\.tokens is 1000, but the warm-up/],
    [{ domainRatio: 2 }, /furtherRuns\.0\.domainRatio is 2; allowed/],
  ])('are refused when they cannot be: %j', (change, message) => {
    expect(() => config({ furtherRuns: [{ ...furtherRuns[0]!, ...change }] })).toThrow(message);
  });
});

describe('validationTokens', () => {
  it('is the largest set whose evaluation takes at most a third of a run, in whole batches', () => {
    const resolved = config({
      training: { baseTokens: 102_400, cptTokens: 6_144_000 },
      evaluation: { points: 13 },
    });
    const tokens = validationTokens(resolved);
    expect(tokens % 2048).toBe(0);
    // Two sets at 14 points, a forward pass at a third of a step's cost.
    const share = (v: number) => (2 * v * 14) / 3 / ((2 * v * 14) / 3 + 6_144_000);
    expect(share(tokens)).toBeLessThanOrEqual(1 / 3);
    expect(share(tokens + 2048)).toBeGreaterThan(1 / 3);
  });

  it('is never below 32,768, unless asked', () => {
    expect(validationTokens(config({ training: { baseTokens: 102_400, cptTokens: 51_200 } }))).toBe(32_768);
    const asked = config().corpora;
    expect(validationTokens({ ...config(), corpora: { ...asked, validationTokens: 5000 } })).toBe(6144);
  });
});
