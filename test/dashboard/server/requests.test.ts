import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { problemSchema } from '../../../src/dashboard/api/laws.ts';
import { paths } from '../../../src/dashboard/api/paths.ts';
import { pageSchema, type RunRow, runRowSchema } from '../../../src/dashboard/api/sweeps.ts';
import type { ResultsStore } from '../../../src/store/types.ts';
import { measured, openStore, plantSweep } from '../plantedStore.ts';
import { plantPartly, started, temporaryFolder, wholeAnswer } from './started.ts';

const DOMAIN = '?domain=math';

let store: ResultsStore;
let dashboard: Awaited<ReturnType<typeof started>>;

beforeAll(async () => {
  const place = temporaryFolder();
  store = openStore(place);
  plantSweep(store, 'math', { points: 2 });
  plantPartly(store);
  dashboard = await started(place);
});
afterAll(async () => {
  await dashboard.close();
  store.close();
});

const get = (path: string, init: RequestInit = {}) => fetch(new URL(path, dashboard.url), init);
const json = async (path: string) => (await get(path)).json() as Promise<unknown>;

describe('a list of runs', () => {
  const rows = async (query: string) => {
    const page = await wholeAnswer(
      dashboard.url,
      `${paths.runs('partly')}?${query}`,
      pageSchema(runRowSchema),
    );
    return { ...page, labels: page.items.map(({ label }) => label) };
  };

  it('comes in pages', async () => {
    const all = await rows('limit=1000');
    expect([all.total, all.items.length]).toEqual([18, 18]);
    const parts = await Promise.all([0, 7, 14, 21].map((offset) => rows(`offset=${offset}&limit=7`)));
    expect(parts.map(({ items }) => items.length)).toEqual([7, 7, 4, 0]);
    expect(parts.map(({ total, offset }) => [total, offset])).toEqual([0, 7, 14, 21].map((at) => [18, at]));
    expect(parts.flatMap(({ items }) => items)).toEqual(all.items);
    expect((await rows('descending=true&limit=3')).items).toEqual(all.items.slice(-3).reverse());
  });

  it.each([
    ['tokens', (row: RunRow) => row.tokens],
    ['label', (row: RunRow) => row.label],
    ['status', (row: RunRow) => row.status],
    ['generalLoss', (row: RunRow) => row.generalLoss],
    ['domainLoss', (row: RunRow) => row.domainLoss],
  ])('sorted by %s: both ways, and what has none stands last', async (sort, of) => {
    for (const descending of [false, true]) {
      const { items, total } = await rows(`sort=${sort}&descending=${descending}`);
      expect(total).toBe(18);
      const values: (string | number | null)[] = items.map((row) => of(row));
      const known = values.filter((value) => value !== null);
      expect(values.slice(known.length).every((value) => value === null)).toBe(true);
      const ordered = [...known].sort((a, b) => (a < b ? -1 : Number(a > b)));
      expect(known).toEqual(descending ? ordered.reverse() : ordered);
      if (sort === 'domainLoss') expect(known).toHaveLength(1);
    }
  });

  it('searched by a part of the label or the start of the id, and by status and domain', async () => {
    expect((await rows('search=R%3D0.25')).labels).toEqual([
      ...['6k math r=0.25 s1', '14k math r=0.25 s1', '25k math r=0.25 s1'],
    ]);
    const { run, label } = (await rows('limit=1')).items[0]!;
    expect((await rows(`search=${run.slice(0, 20)}`)).labels).toEqual([label]);
    expect((await rows(`search=${run.slice(1, 20)}`)).total).toBe(0);
    const failed = await rows('status=failed');
    expect(failed.items).toMatchObject([{ status: 'failed', reason: '<script>alert(1)</script>' }]);
    expect((await rows('status=diverged')).items).toMatchObject([{ reason: 'the loss is no number' }]);
    expect((await rows('domain=math')).total).toBe(15);
    expect((await rows('domain=math&status=done')).total).toBe(0);
  });
});

describe('what has not changed', () => {
  it.each(['identity', 'gzip'])('is not sent again (%s), until the store changes', async (encoding) => {
    const path = `${paths.runs('partly')}?status=running`;
    // As a proxy asks: on the same machine nothing is compressed.
    const headers = { 'accept-encoding': encoding, 'x-forwarded-for': '192.0.2.1' };
    const first = await get(path, { headers });
    expect(first.headers.get('content-encoding') ?? 'identity').toBe(encoding);
    const tag = first.headers.get('etag')!;
    const again = () => get(path, { headers: { ...headers, 'if-none-match': tag } });
    const same = await again();
    expect([same.status, await same.text()]).toEqual([304, '']);
    expect(same.headers.get('cache-control')).toBe('private, no-cache');
    expect(same.headers.get('x-content-type-options')).toBe('nosniff');
    const [{ run, tokens }] = ((await first.json()) as { items: [RunRow] }).items;
    const planted = { run, kind: 'cpt', ratio: 0, modelSize: 6000, seed: 1, tokens: [] } as const;
    store.recordObservation(measured('partly', { ...planted, tokens: [] }, tokens + 1000));
    const other = await again();
    expect(other.status).toBe(200);
    expect(other.headers.get('etag')).not.toBe(tag);
    expect(((await other.json()) as { items: [RunRow] }).items[0].tokens).toBe(tokens + 1000);
  });

  it('a HEAD has the headers of a GET and no body', async () => {
    for (const path of [paths.session, paths.sweep('math'), paths.observations('math'), '/']) {
      const [whole, head] = [await get(path), await get(path, { method: 'HEAD' })];
      expect([head.status, await head.text()]).toEqual([200, '']);
      for (const name of ['content-type', 'cache-control', 'content-security-policy'])
        expect(head.headers.get(name)).toBe(whole.headers.get(name));
      await whole.text();
    }
  });
});

describe('what is not there, and what is not understood', () => {
  it.each([
    paths.sweep('none'),
    paths.sweep('../x'),
    paths.sweep('__proto__'),
    paths.runs('none'),
    paths.observations('none'),
    paths.law('none') + DOMAIN,
    `${paths.law('math')}?domain=chemistry`,
    `${paths.versions('math')}?domain=chemistry`,
    `${paths.next('math')}?domain=%00`,
    `${paths.compare}?sweeps=math,none`,
    `${paths.crossDomain}?sweeps=math,,partly`,
    paths.run('f'.repeat(64)),
    paths.run('12'),
    paths.log('f'.repeat(64)),
    '/api/sweeps/math/none',
    '/api/none',
    '/api',
    '/none',
  ])('%s is answered with 404 and a next step', async (path) => {
    const response = await get(path);
    expect(response.status).toBe(404);
    const { nextStep } = problemSchema.strict().parse(await response.json());
    expect(nextStep).toMatch(/\w{3}/);
  });

  it.each([
    ...['limit=0', 'limit=1e9', 'limit=1.5', 'limit=NaN', 'offset=-1', 'offset=Infinity', 'limit='],
    ...['unknown=1', '__proto__=1', 'constructor=1', 'sort=run', 'status=lost', 'descending=perhaps'],
    ...['search=', `search=${'x'.repeat(101)}`, 'limit=1&limit=2', 'domain=a&domain=b', 'token2=x'],
  ])('runs?%s', async (query) => refused(`${paths.runs('math')}?${query}`));

  it.each([
    ...['', '?domain=', '?domain=math&domain=law', `?domain=${'x'.repeat(65)}`, '?domain=math&tolerance=7'],
    ...['&tolerance=NaN', '&tolerance=', '&tolerance=-0.1', '&modelSize=0', '&modelSize=-1', '&tokens=1e19'],
    ...['&tokens=many', '&profile=maybe', '&domainTokens=0', '&toleranceNats=1e3', '&x=1'].map(
      (more) => `${DOMAIN}${more}`,
    ),
  ])('answer%s', async (query) =>
    refused(paths.answer('math') + (query.startsWith('&') ? DOMAIN + query : query)),
  );

  it.each([
    `${paths.curves('math')}?limit=501`,
    `${paths.curves('math')}?domainRatio=2`,
    `${paths.next('math')}${DOMAIN}&runs=51`,
    `${paths.forms('math')}${DOMAIN}&validate=2`,
    `${paths.difference('math')}${DOMAIN}&from=0&to=1`,
    `${paths.difference('math')}${DOMAIN}`,
    paths.compare,
    `${paths.compare}?sweeps=${'math,'.repeat(500)}`,
    `${paths.compare}?sweeps=math&tolerance=7`,
    `${paths.live}?sweep=Not%20a%20name`,
    `${paths.live}?run=12`,
  ])('%s', async (path) => refused(path));

  async function refused(path: string): Promise<void> {
    const response = await get(path);
    expect(response.status).toBe(400);
    const { error } = problemSchema.strict().parse(await response.json());
    expect(error).toMatch(/^the request is not understood: .{8}/);
  }

  it('nothing of this was a mistake of the server', async () => {
    expect(await json(paths.session)).toMatchObject({ version: '0.0.1' });
    expect(dashboard.lines).toEqual([]);
  });
});
