import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../../src/config/loadConfig.ts';
import { queueNextWith } from '../../../src/dashboard/server/queueNext.ts';
import { NotFoundError, openState } from '../../../src/dashboard/server/state.ts';
import { countParameters } from '../../../src/model/family.ts';
import { assumeCorpora } from '../../../src/sweep/assumedCorpora.ts';
import { sweepModels } from '../../../src/sweep/plan.ts';
import { openStore, plantSweep } from '../plantedStore.ts';
import { noQueue, temporaryFolder } from './started.ts';

const release: (() => unknown)[] = [];
afterEach(() => {
  for (const each of release.splice(0).reverse()) each();
});

/** What the sweep's config calls its sizes, in parameters. */
const sizesOf = () => {
  const { config } = loadConfig('configs/smoke.yaml', []);
  const { vocabularySize } = assumeCorpora(config).corpora.general.train;
  return sweepModels(config, vocabularySize).map((model) => countParameters(model).nonEmbedding);
};
const [small, middle, large] = sizesOf() as [number, number, number];

/** A planted sweep, and a script in the place of pipelines/sweep.ts that says what it was started with, and ends as told. */
function planted(ending = '') {
  const place = temporaryFolder();
  const store = openStore(place);
  plantSweep(store, 'math', { sizes: [small, middle, large], seeds: [1, 2] });
  const queue = noQueue();
  const state = openState(store.path, queue);
  const script = join(place, 'sweep.mjs');
  writeFileSync(
    script,
    `import { writeFileSync } from 'node:fs';
     writeFileSync(${JSON.stringify(join(place, 'started.json'))}, JSON.stringify(process.argv.slice(2)));
     ${ending}`,
  );
  release.push(
    () => store.close(),
    () => state.close(),
  );
  const lines: string[] = [];
  const queueNext = queueNextWith({
    ...{ state, runsFolder: place, cacheFolder: '/a/cache', script },
    log: (line) => void lines.push(line),
  });
  const config = () => loadConfig(join(place, 'math', 'next.yaml'), []).config;
  return { place, store, state, queue, queueNext, lines, config };
}

const run = (over = {}) => ({ modelSize: small, domainRatio: 0.5, tokens: 32_768, ...over });

describe('runs that a page has chosen', () => {
  it('become further runs of the sweep, each with a seed of its own, and the sweep is started with them', async () => {
    const { place, queueNext, lines, config } = planted();
    const chosen = [
      run(),
      run(),
      run({ domainRatio: 0.37, tokens: 40_000 }),
      run({ modelSize: large, domainRatio: 1 }),
    ];
    const done = await queueNext('math', 'math', chosen);
    expect(done).toMatch(/^4 further runs of math: started as process \d+, told in .*next\.log$/);
    expect(lines).toEqual([`from a page: ${done}`]);
    const yaml = join(place, 'math', 'next.yaml');
    expect(JSON.parse(readFileSync(join(place, 'started.json'), 'utf8'))).toEqual([
      ...[yaml, '--runs', place, '--cache', '/a/cache'],
    ]);
    const { furtherRuns, ...rest } = config();
    const batchTokens = rest.training.batchSequences * rest.models.contextLength;
    // Seeds 1 and 2 of ratio 0.5 are in the grid; ratio 0.37 is not.
    expect(furtherRuns).toMatchObject([
      { domain: 'math', width: 8, domainRatio: 0.5, tokens: 32_768, seed: 3 },
      { domain: 'math', width: 8, domainRatio: 0.5, tokens: 32_768, seed: 4 },
      { domain: 'math', width: 8, domainRatio: 0.37, seed: 1 },
      { domain: 'math', width: 24, domainRatio: 1, tokens: 32_768, seed: 3 },
    ]);
    expect(furtherRuns![2]!.tokens).toBe(Math.ceil(40_000 / batchTokens) * batchTokens);
    // All else is the sweep's own config.
    const { furtherRuns: _, ...own } = loadConfig('configs/smoke.yaml', [
      'name=math',
      'law.resamples=20',
    ]).config;
    expect(rest).toEqual(own);
  });

  it('stand beside those that the sweep had before', async () => {
    const { store, state, queueNext, config } = planted();
    const { config: saved } = loadConfig('configs/smoke.yaml', ['name=math', 'law.resamples=20']);
    const before = { domain: 'math', width: 16, domainRatio: 0.2, tokens: 32_768, seed: 1 };
    store.saveSweep({
      ...{ sweep: 'math', name: 'math', createdAt: '2026-01-02T00:00:00Z' },
      config: { ...saved, furtherRuns: [before] },
    });
    state.mirror.refresh(performance.now() + 3000);
    await queueNext('math', 'math', [run({ domainRatio: 0.1 })]);
    expect(config().furtherRuns).toMatchObject([before, { width: 8, domainRatio: 0.1, seed: 1 }]);
  });
});

describe('runs that cannot be queued', () => {
  it('a sweep that ends at once says why, in its own words', async () => {
    const { queueNext, lines } = planted(
      `console.error('corpora.general: the file is gone'); console.error('next: put it back'); process.exit(2);`,
    );
    await expect(queueNext('math', 'math', [run()])).rejects.toMatchObject({
      name: 'UserError',
      message: 'the sweep could not be started: corpora.general: the file is gone next: put it back',
      nextStep: expect.stringMatching(/next\.log$/),
    });
    expect(lines).toEqual([]);
  });

  it('refuses a sweep that runs, or is being started, and can start it when that is over', async () => {
    const { queueNext, queue } = planted();
    const base = { description: 'a queue', workers: [], queues: [] };
    const running = {
      ...{ sweep: 'math', host: 'h', pid: 1, startedAt: '2026-01-01T00:00:00Z', paused: false },
      ...{ priority: 1, active: 1, queued: 0, problems: [] },
    };
    queue.now = { state: 'connected', ...base, sweeps: [running] };
    await expect(queueNext('math', 'math', [run()])).rejects.toThrow('math is still running');
    queue.now = { state: 'connected', ...base, sweeps: [{ ...running, sweep: 'another' }] };
    const first = queueNext('math', 'math', [run()]);
    await expect(queueNext('math', 'math', [run()])).rejects.toThrow('math is just being started');
    await expect(first).resolves.toMatch(/^1 further run of math/);
    await expect(queueNext('math', 'math', [run()])).resolves.toMatch(/^1 further run of math/);
  });

  it.each([
    ['a size that the sweep has not', run({ modelSize: 12_345 }), /no model of 12345 parameters/],
    ['fewer tokens than the warm-up', run({ tokens: 1 }), /furtherRuns\.0\.tokens/],
    ['parts of a token', run({ tokens: 32_768.5 }), /furtherRuns\.0\.tokens/],
  ])('refuses %s, and starts nothing', async (_, chosen, message) => {
    const { place, queueNext } = planted();
    await expect(queueNext('math', 'math', [chosen])).rejects.toThrow(message);
    await expect(queueNext('math', 'math', [chosen])).rejects.toMatchObject({
      name: expect.stringMatching(/UserError|ConfigError/),
    });
    expect(() => readFileSync(join(place, 'started.json'))).toThrow('ENOENT');
    expect(() => readFileSync(join(place, 'math', 'next.yaml'))).toThrow('ENOENT');
  });

  it('refuses an unknown domain and an unknown sweep', async () => {
    const { queueNext } = planted();
    await expect(queueNext('math', 'law', [run()])).rejects.toThrow(
      /domain is law, which is not one of math/,
    );
    await expect(queueNext('law', 'law', [run()])).rejects.toBeInstanceOf(NotFoundError);
  });
});
