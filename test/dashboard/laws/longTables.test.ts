import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import type { CrossDomainReport } from '../../../src/analysis/crossDomain.ts';
import { crossDomainSchema, formsViewSchema } from '../../../src/dashboard/api/laws.ts';
import { crossDomainView, formsView } from '../../../src/dashboard/laws/computations.ts';
import { openMeasurements } from '../../../src/dashboard/laws/measurements.ts';
import { openStore, plantSweep } from '../plantedStore.ts';

const error = { r2: Number.NaN, mae: 0.1, meanRelativeError: 0.01 };
const lawWith = (parameters: Record<string, number>) => ({ parameters }) as never;
/** The fits take twenty seconds; test/laws/crossDomain tests them. */
const fitted = vi.hoisted(() => ({ report: null as unknown, options: null as unknown }));
vi.mock('../../../src/analysis/crossDomain.ts', () => ({
  crossDomainReport: (_: unknown, options: unknown) => {
    fitted.options = options;
    return fitted.report;
  },
}));

type FitForms = typeof import('../../../src/analysis/fitForms.ts');
/** Two forms from a few starts, in place of all from many. */
vi.mock('../../../src/analysis/fitForms.ts', async (original) => {
  const { fitForms } = await original<FitForms>();
  const few: FitForms['fitForms'] = (table, options) =>
    fitForms(table, { ...options, forms: options.forms === 'all' ? ['L1', 'L3'] : [], starts: 2 });
  return { fitForms: few };
});

it.each([false, true])('forms side by side are told as documented, held-out errors (%s) too', (validate) => {
  const place = mkdtempSync(join(tmpdir(), 'forms-'));
  const store = openStore(place);
  plantSweep(store, 'math', { ratios: [0, 0.33, 0.67, 1], points: 2 });
  store.close();
  const steps: string[] = [];
  const view = formsView(openMeasurements(place), { sweep: 'math', domain: 'math', validate }, (step) =>
    steps.push(step),
  );
  const sent = { ...view, state: 'ready', computedAt: 'now', seconds: 1, isStale: false };
  expect(formsViewSchema.parse(sent)).toStrictEqual(sent);
  expect(view.losses.map(({ loss, forms }) => [loss, forms.map(({ form }) => form)])).toEqual([
    ['general', ['L1', 'L3']],
    ['domain', ['L1', 'L3']],
  ]);
  for (const { forms, recommendation } of view.losses) {
    const chosen = forms.filter(({ isRecommended }) => isRecommended);
    expect(chosen).toHaveLength(recommendation === null ? 0 : 1);
    for (const { heldOut } of forms) expect(heldOut.length > 0).toBe(validate);
  }
  expect(steps.join('\n')).toContain('general_loss of math: L1');
});

it('what a cross-domain law says is told as documented; what has no value is null', () => {
  const place = mkdtempSync(join(tmpdir(), 'cross-'));
  const store = openStore(place);
  for (const domain of ['math', 'law', 'code']) {
    plantSweep(store, domain, { domain, sizes: [6000], ratios: [0.5], points: 2 });
  }
  store.close();
  const law = {
    ...{ kind: 'K1', domains: ['math'] },
    ...{ general: lawWith({ E: 1, F: 2 }), ofDomain: lawWith({ E: 3, F: 4 }) },
  } as never;
  const probe = { k1: 2, k2: 0.1, k3: 0.3 };
  const holdOut = { fitted: ['math', 'law'], unseen: 'code', predictedRatio: null, ownRatio: 0.4 };
  const both = { general: error, ofDomain: { ...error, r2: 0.9 } };
  fitted.report = {
    ...{ domains: ['math', 'law', 'code'], probeShare: 0.05, best: 'K1', seconds: 1 },
    probes: ['math', 'law', 'code'].map((domain) => ({
      ...{ domain, general: probe, ofDomain: { ...probe, k1: 4 }, cost: 1 },
      at: { n: 1, domainRatio: 0.5, ...probe },
    })),
    laws: { K1: law, K2: law, K3: law, K4: law },
    holdOuts: [{ method: 'K1', ...holdOut, ...both }],
    summary: [
      {
        ...{ method: 'K1', holdOuts: 3, ...both },
        ...{ worstDomainError: Number.POSITIVE_INFINITY, ratioError: null, ratioDisagreements: 1 },
      },
    ],
  } satisfies CrossDomainReport;
  const view = crossDomainView(
    openMeasurements(place),
    { sweeps: 'math,law,code', tolerance: 0.02 },
    () => {},
  );
  expect(fitted.options).toMatchObject({ target: null, tolerance: 0.02 });
  const sent = { ...view, state: 'ready', computedAt: 'now', seconds: 1, isStale: false };
  expect(crossDomainSchema.parse(sent)).toStrictEqual(sent);
  expect(view.k[2]).toEqual({
    domain: 'code',
    general: expect.closeTo(0.5, 2),
    ofDomain: expect.closeTo(0.25, 2),
  });
  expect(view.methods[0]).toMatchObject({
    ...{ general: { r2: null, meanRelativeError: 0.01 }, worstDomainError: null, ratioError: null },
  });
  expect(view.holdOuts[0]).toMatchObject({ unseen: 'code', predictedRatio: null, ownRatio: 0.4 });
  expect(view.parameters).toEqual({ general: { E: 1, F: 2 }, ofDomain: { E: 3, F: 4 } });
});
