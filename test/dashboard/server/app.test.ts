import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readSweep } from '../../../src/analysis/domainData.ts';
import {
  fitFor,
  type RecommendOptions,
  recommendFor,
  recommendFrom,
} from '../../../src/analysis/recommend.ts';
import {
  answerSchema,
  comparisonSchema,
  computingSchema,
  type LawView,
  lawVersionsSchema,
  lawViewSchema,
  nextRunsSchema,
  problemSchema,
  versionDifferenceSchema,
} from '../../../src/dashboard/api/laws.ts';
import { paths } from '../../../src/dashboard/api/paths.ts';
import { queueStatusSchema, throughputSchema } from '../../../src/dashboard/api/queue.ts';
import { sessionSchema } from '../../../src/dashboard/api/session.ts';
import {
  curvesSchema,
  pageSchema,
  runDetailSchema,
  runLogSchema,
  runRowSchema,
  sweepDetailSchema,
  sweepSummarySchema,
} from '../../../src/dashboard/api/sweeps.ts';
import { observationsCsv } from '../../../src/store/observationsCsv.ts';
import type { ResultsStore } from '../../../src/store/types.ts';
import type { LawVersionContent } from '../../../src/sweep/lawRegistry.ts';
import { openStore, type PlantedRun, plantSweep } from '../plantedStore.ts';
import { plantPartly, started, temporaryFolder, wholeAnswer } from './started.ts';

const OPTIONS: RecommendOptions = {
  ...{ form: 'L3', delta: 1e-3, starts: 128, resamples: 200, level: 0.9, seed: 1, constraint: null },
  ...{ modelSize: null, tokens: null, tolerance: 0.03, profile: false },
};
const DOMAIN = '?domain=math';

let store: ResultsStore;
let place: string;
let runs: PlantedRun[];
let dashboard: Awaited<ReturnType<typeof started>>;

/** Beside it a sweep of which hardly anything is done. */
beforeAll(async () => {
  place = temporaryFolder();
  store = openStore(place);
  runs = plantSweep(store, 'math', { ratios: [0, 0.33, 0.67, 1], points: 3 });
  plantPartly(store);
  keepVersions();
  dashboard = await started(place);
});
afterAll(async () => {
  await dashboard.close();
  store.close();
});

/** Two versions: the second knows the last token counts. */
function keepVersions(): void {
  const data = readSweep(place, 'math').domains[0]!;
  const options = { ...OPTIONS, starts: 8, resamples: 20 };
  const last = Math.max(...data.points.map(({ tokens }) => tokens));
  const before = { ...data, rows: { ...data.rows } };
  for (const loss of ['general', 'domain'] as const) {
    before.rows[loss] = data.rows[loss].filter(({ d }) => Math.round(d * 1e9) < last);
  }
  for (const [index, each] of [before, data].entries()) {
    const laws = fitFor(each, options);
    const { usage1 } = recommendFrom(each, laws, options);
    store.saveLawVersion({
      ...{ subject: 'math/math', inputs: `version ${index}`, createdAt: `2026-01-0${index + 1}T00:00:00Z` },
      content: {
        ...{ general: laws.general, domain: laws.domain, recommendation: usage1 },
        ...{ generalRows: each.rows.general, domainRows: each.rows.domain },
      } satisfies LawVersionContent,
    });
  }
}

const get = (path: string, init: RequestInit = {}) => fetch(new URL(path, dashboard.url), init);

const documented = <Schema extends z.ZodType>(path: string, schema: Schema) =>
  wholeAnswer(dashboard.url, path, schema);

describe('what is computed', () => {
  it('is told to be under way, in words, and then there', async () => {
    const first = await get(paths.law('math') + DOMAIN);
    expect(first.status).toBe(202);
    expect(first.headers.get('etag')).toBeNull();
    expect(computingSchema.parse(await first.json())).toMatchObject({ state: 'computing' });
    const law = await documented(paths.law('math') + DOMAIN, lawViewSchema);
    expect(law).toMatchObject({ sweep: 'math', domain: 'math', form: 'L3', runs: 12, isStale: false });
    expect((await get(paths.law('math') + DOMAIN)).headers.get('etag')).toMatch(/^(W\/)?"/);
  });

  it('the law and every row beside it: those outside the band are marked, and none is left out', async () => {
    const {
      general,
      ofDomain,
      measured: ranges,
    } = await documented(paths.law('math') + DOMAIN, lawViewSchema);
    const { rows } = readSweep(place, 'math').domains[0]!;
    for (const [view, own] of [
      [general, rows.general],
      [ofDomain, rows.domain],
    ] as [LawView['general'], typeof rows.general][]) {
      expect(view.pointsInAll).toBe(own.length);
      expect(view.points).toHaveLength(own.length);
      const measuredOf = (run: string, tokens: number) =>
        own.find((row) => row.run === run && Math.round(row.d * 1e9) === tokens)!.loss;
      for (const point of view.points) expect(point.measured).toBe(measuredOf(point.run, point.tokens));
      const outside = view.points.filter(({ isOutside }) => isOutside);
      expect(view.outside).toBe(outside.length);
      for (const { measured, low, high } of outside) {
        expect(measured < low! || measured > high!).toBe(true);
      }
      // 5 % by chance: the band is of the same rows, so that few stand outside, and by little.
      expect(view.outside).toBeLessThanOrEqual(Math.ceil(3 * view.expectedOutside));
      expect(view.points.filter(({ isLast }) => isLast)).toHaveLength(12);
      expect(view.curves.map(({ modelSize }) => modelSize)).toEqual([6000, 14_000, 25_000]);
      for (const { ratios, loss, low, high } of view.curves) {
        expect([loss.length, low.length, high.length]).toEqual([61, 61, 61]);
        expect([ratios[0], ratios.at(-1)]).toEqual([0, 1]);
        for (const [i, value] of loss.entries()) {
          if (low[i] !== null && value !== null) expect(value).toBeGreaterThan(low[i]! - 0.05);
        }
      }
    }
    // General loss rises with the share of domain text, domain loss falls.
    expect(general.curves[2]!.loss.at(-1)).toBeGreaterThan(general.curves[2]!.loss[1]!);
    expect(ofDomain.curves[2]!.loss.at(-1)).toBeLessThan(ofDomain.curves[2]!.loss[1]!);
    expect(ranges).toEqual({
      modelSizes: [6000, 14_000, 25_000],
      tokens: { low: runs.at(-1)!.tokens[0], high: 480_000 },
      ratios: [0, 0.33, 0.67, 1],
    });
    expect(general.outside + ofDomain.outside).toBeGreaterThan(0);
  });

  it('the answer is that of npm run recommend, at the target asked for', async () => {
    const asked = `${DOMAIN}&modelSize=40000&tokens=900000&tolerance=0.02`;
    const [answer, expected] = [
      await documented(paths.answer('math') + asked, answerSchema),
      recommendFor(readSweep(place, 'math').domains[0]!, {
        ...{ ...OPTIONS, modelSize: 4e-5, tokens: 9e-4, tolerance: 0.02 },
      }),
    ];
    const { usage1, pareto, critical } = expected;
    expect(answer).toMatchObject({
      ...{ status: usage1.status, domainRatio: usage1.domainRatio, interval: usage1.interval },
      ...{ reason: usage1.reason, warnings: usage1.warnings, generalLossLimit: usage1.generalLossLimit },
      baseGeneralLoss: usage1.baseGeneralLoss,
      predictedGeneralLoss: usage1.predictedGeneralLoss,
      predictedDomainLoss: usage1.predictedDomainLoss,
      target: { modelSize: 40_000, tokens: 900_000, tolerance: 0.02, toleranceNats: null },
      pareto: { sentence: pareto.sentence, knee: pareto.knee },
      extrapolation: expect.stringMatching(/1\.60 times the largest model size and 1\.88 times/),
      ...{ limitedDomain: null, profileInterval: null },
    });
    expect(answer.status).toBe('recommended');
    expect(answer.tradeOff.filter(({ isPareto }) => isPareto)).toHaveLength(pareto.points.length);
    expect(answer.critical.map(({ domainRatio }) => domainRatio)).toEqual(
      critical.map(({ domainRatio }) => domainRatio),
    );
    expect(answer.command).toBe(
      `npm run recommend -- math --domain math --at model_size=40000,tokens=900000 --tolerance 0.02 --runs ${place}`,
    );
  });

  it('further questions: profile intervals, limited domain text, the next runs, a comparison', async () => {
    const answer = await documented(
      `${paths.answer('math')}${DOMAIN}&profile=true&domainTokens=100000&toleranceNats=0.08`,
      answerSchema,
    );
    expect(answer.profileInterval!.low).toBeLessThanOrEqual(answer.domainRatio!);
    expect(answer.limitedDomain).toMatchObject({ domainTokens: 100_000 });
    expect(answer.target).toMatchObject({ modelSize: 25_000, toleranceNats: 0.08 });
    const next = await documented(`${paths.next('math')}${DOMAIN}&runs=2`, nextRunsSchema);
    expect(next.runs).toHaveLength(2);
    expect(next.halfWidthAfter).toBeLessThan(next.halfWidthBefore);
    const comparison = await documented(`${paths.compare}?sweeps=math,partly`, comparisonSchema);
    expect(comparison.rows).toMatchObject([{ sweep: 'math', domain: 'math', modelSize: 25_000 }]);
    expect(comparison.problems).toEqual([expect.stringMatching(/^partly/)]);
  });

  it('what cannot be computed is said in words', async () => {
    for (const [path, words] of [
      [`${paths.law('math')}${DOMAIN}&form=L99`, /L99/],
      [`${paths.crossDomain}?sweeps=math`, /cannot be held out on 1 domain/],
      [`${paths.crossDomain}?sweeps=math,math`, /two of these sweeps/],
      [paths.next('partly') + DOMAIN, /no base model has been measured/],
    ] as const) {
      let response = await get(path);
      for (; response.status === 202; response = await get(path)) await delay(50);
      expect([path, response.status]).toEqual([path, 409]);
      const { error } = problemSchema.strict().parse(await response.json());
      expect(error).toMatch(words);
      expect(error).not.toMatch(/went wrong|undefined|at .*\.ts/);
    }
  });
});

describe('what stands in the store', () => {
  it('sweeps, a sweep, its runs', async () => {
    const sweeps = await documented(paths.sweeps, z.array(sweepSummarySchema));
    expect(sweeps.map(({ sweep, state }) => [sweep, state])).toEqual([
      ['math', 'complete'],
      ['partly', 'incomplete'],
    ]);
    expect(sweeps[0]!.answers).toMatchObject([{ domain: 'math', version: 2, modelSize: 25_000 }]);
    expect(sweeps[1]!.runs).toEqual({ total: 18, planned: 12, running: 1, done: 3, diverged: 1, failed: 1 });
    const detail = await documented(paths.sweep('math'), sweepDetailSchema);
    expect(detail).toMatchObject({ ...sweeps[0], modelSizes: [6000, 14_000, 25_000], observations: 54 });
    expect(detail.configYaml).toMatch(/^name: math$/m);
    const page = await documented(paths.runs('math'), pageSchema(runRowSchema));
    expect(page.items).toEqual(detail.runRows);
    expect(page).toMatchObject({ total: 15, offset: 0 });
  });

  it('a run, and its log', async () => {
    const { run } = runs.at(-1)!;
    const detail = await documented(paths.run(run), runDetailSchema);
    expect(detail).toMatchObject({ run, kind: 'cpt', status: 'done', sweeps: ['math'], domainRatio: 1 });
    expect(detail.curve.tokens).toEqual([0, ...runs.at(-1)!.tokens]);
    expect(await documented(paths.log(run), runLogSchema)).toMatchObject({ lines: [] });
  });

  it('curves: those asked for, evenly chosen when there are too many', async () => {
    const all = await documented(paths.curves('math'), curvesSchema);
    expect([all.curves.length, all.omitted]).toEqual([12, 0]);
    const some = await documented(`${paths.curves('math')}?limit=4`, curvesSchema);
    expect([some.curves.length, some.omitted]).toEqual([4, 8]);
    expect(new Set(some.curves.map(({ modelSize }) => modelSize)).size).toBe(3);
    const query = '?modelSize=14000&domainRatio=0.33&base=true&seed=1';
    const chosen = await documented(paths.curves('math') + query, curvesSchema);
    expect(chosen.curves.map(({ label }) => label)).toEqual(['14k base s1', '14k math r=0.33 s1']);
    expect(chosen.curves[0]!.domainLoss).toEqual([null, null]);
    expect((await documented(paths.curves('partly'), curvesSchema)).curves).toHaveLength(1);
  });

  it('versions of laws, and what changed between two', async () => {
    const { versions } = await documented(paths.versions('math') + DOMAIN, lawVersionsSchema);
    expect(versions.map(({ version, rows }) => [version, rows])).toEqual([
      [1, 24],
      [2, 36],
    ]);
    const path = `${paths.difference('math')}${DOMAIN}`;
    const change = await documented(`${path}&from=1&to=2`, versionDifferenceSchema);
    expect(change).toMatchObject({ versions: [1, 2], ratio: { after: versions[1]!.domainRatio } });
    expect(change.laws[0]!.rows).toMatchObject({ before: 24, after: 36, added: 12, gone: 0 });
    const same = await documented(`${path}&from=2&to=2`, versionDifferenceSchema);
    expect(same.laws.map(({ largestChange }) => largestChange)).toEqual([0, 0]);
    const unknown = await get(`${path}&from=1&to=9`);
    expect(unknown.status).toBe(409);
    expect(await unknown.json()).toMatchObject({ nextStep: 'There are: 1, 2.' });
  });

  it('observations.csv is the store’s own, byte by byte, and streams', async () => {
    const response = await get(paths.observations('math'), { headers: { 'accept-encoding': 'identity' } });
    expect(await response.text()).toBe(observationsCsv('math', store.observations('math')));
    expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(response.headers.get('content-disposition')).toBe('attachment; filename="math-observations.csv"');
    expect([response.headers.get('cache-control'), response.headers.get('etag')]).toEqual(['no-store', null]);
  });

  it('the session and the queue', async () => {
    const session = await documented(paths.session, sessionSchema);
    expect(session).toMatchObject({ mayChange: false, how: expect.any(String), runsFolder: place });
    const queue = await documented(paths.queue, queueStatusSchema);
    expect(queue.state).toBe('none');
    await documented(paths.throughput, throughputSchema);
    // Nothing of all this was a mistake of the server.
    expect(dashboard.lines).toEqual([]);
  });
});

// Last of all: they take their time, and the end of the dashboard ends them.
describe('long tables', () => {
  it.each([`${paths.forms('math')}${DOMAIN}&validate=true`, `${paths.crossDomain}?sweeps=math,partly`])(
    '%s is told to be under way',
    async (path) => {
      const response = await get(path);
      expect(response.status).toBe(202);
      const computing = computingSchema.strict().parse(await response.json());
      expect(computing.what).toMatch(/\w+ \w+/);
    },
  );
});
