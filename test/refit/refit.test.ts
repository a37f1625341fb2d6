import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/common/errors.ts';
import { resolveConfig } from '../../src/config/resolveConfig.ts';
import { treeOf } from '../../src/config/tree.ts';
import { type RefitOptions, refit } from '../../src/refit/refit.ts';
import { writeRefitFiles } from '../../src/refit/refitFiles.ts';
import { refitText } from '../../src/refit/refitText.ts';
import type { DriftReport } from '../../src/refit/types.ts';
import { domainQuestions } from '../../src/sweep/answer.ts';
import { type LawVersionContent, registerLaws } from '../../src/sweep/lawRegistry.ts';
import {
  countingFit,
  finishRun,
  plantSweep,
  RATIOS,
  runId,
  runsFolder,
  SIZES,
  TOKENS,
  withStore,
} from './fixture.ts';

const LATE = 0.5;

function refitOf(folder: string, options: Partial<RefitOptions> = {}) {
  return refit({
    runsFolder: folder,
    note: () => {},
    signal: new AbortController().signal,
    fitDomain: countingFit().fitDomain,
    ...options,
  });
}

/** The drift of the only law. */
function driftOf({ laws }: Awaited<ReturnType<typeof refit>>): DriftReport {
  const [law] = laws;
  if (law?.status !== 'new' || !law.drift) throw new Error(`no drift: ${JSON.stringify(law)}`);
  return law.drift;
}

describe('a refit', () => {
  it('makes version 1, then fits nothing until something is new', async () => {
    const folder = runsFolder();
    plantSweep(folder, 'one');
    const fit = countingFit();
    const first = await refitOf(folder, fit);
    expect(first.laws).toMatchObject([
      { sweep: 'one', domain: 'math', status: 'first', version: 1, observations: 80 },
    ]);
    expect(fit.fitted).toEqual(['math']);
    expect(refitText(first)).toMatch(
      /^1 law fitted anew\.\none\/math: version 1, its first \(80 observations/,
    );

    const second = await refitOf(folder, fit);
    expect(second.laws).toMatchObject([{ status: 'unchanged', version: 1 }]);
    expect(fit.fitted).toEqual(['math']);
    expect(refitText(second)).toMatch(/^Nothing new: the law stands as fitted, and nothing was fitted\./);
  });

  it('does not fit again what a report has fitted, and the other way round', async () => {
    const folder = runsFolder();
    plantSweep(folder, 'one');
    const input = withStore(folder, (store) => ({
      sweep: store.sweep('one')!,
      runs: store.runs('one'),
      observations: store.observations('one'),
      ...{ configYaml: '', corpora: [], environment: {}, wallSeconds: 0, notes: [] },
    }));
    const { config } = resolveConfig(treeOf(input.sweep.config, 'the config'));
    const fit = countingFit();
    const answers = domainQuestions({ config, ...input }).map(fit.fitDomain);
    registerLaws(folder, { ...input, answers });
    expect((await refitOf(folder, fit)).laws).toMatchObject([{ status: 'unchanged', version: 1 }]);
    expect(fit.fitted).toHaveLength(1);
    registerLaws(folder, { ...input, answers });
    expect(withStore(folder, (store) => store.lawVersions('one/math'))).toHaveLength(1);
  });

  it('makes version 2 of late results, with what moved', async () => {
    const folder = runsFolder();
    plantSweep(folder, 'one', { open: [LATE] });
    await refitOf(folder);
    const result = await refitOf(folder, {
      collectLate: async (note) => {
        note('one run');
        withStore(folder, (store) => finishRun(store, 'one', SIZES[0]!, LATE));
        return 1;
      },
    });
    expect(result).toMatchObject({ lateResults: 1, laws: [{ status: 'new', version: 2, observations: 68 }] });
    const drift = driftOf(result);
    expect(drift.versions).toEqual([1, 2]);
    expect(drift.laws.map(({ loss }) => loss)).toEqual(['general', 'domain']);
    expect(drift.findings).toEqual([]);

    const [one, two] = withStore(folder, (store) =>
      store.lawVersions('one/math').map(({ content }) => content as LawVersionContent),
    );
    for (const law of drift.laws) {
      expect(law.observations).toEqual({ before: 64, after: 68, added: 4, gone: 0 });
      expect(law.band).toMatchObject({ checked: 4, runs: { checked: 1, outside: 0 } });
      expect(law.parameters).toHaveLength(9);
      for (const { name, before, after, interval, outside } of law.parameters) {
        expect(before).toBe(one![law.loss].parameters[name]);
        expect(after).toBe(two![law.loss].parameters[name]);
        expect(interval).toEqual(one![law.loss].intervals![name]);
        expect(outside).toBe(after < interval!.low || after > interval!.high);
      }
      expect(law.predictions.meanAbsolute).toBeGreaterThan(0);
      expect(law.predictions.largest).toBeGreaterThan(law.predictions.meanAbsolute);
      expect(law.predictions.largest).toBeLessThan(0.05);
      expect(law.predictions).toMatchObject({ outsideBand: 0, checked: 68 });
      expect(SIZES).toContain(law.predictions.at!.modelSize);
      expect(TOKENS).toContain(law.predictions.at!.tokens);
    }
    expect(drift.ratio).toMatchObject({
      before: one!.recommendation.domainRatio,
      after: two!.recommendation.domainRatio,
      beforeInterval: one!.recommendation.interval,
      afterInterval: two!.recommendation.interval,
      outside: false,
    });
    expect(drift.ratio.after).toBeCloseTo(0.67, 1);
    expect(refitText(result)).toContain('68 observations (4 new)');
    expect(refitText(result)).toContain('Late results of 1 run taken in.');
  });

  it('shows a planted outlier as a point outside the band, far off', async () => {
    const folder = runsFolder();
    plantSweep(folder, 'one', { open: [LATE] });
    await refitOf(folder);
    withStore(folder, (store) => finishRun(store, 'one', SIZES[1]!, LATE, 0.4));
    const result = await refitOf(folder);
    const { laws, findings } = driftOf(result);
    expect(laws[0]!.band.outside).toMatchObject([
      {
        ...{
          run: runId('one', SIZES[1]!, LATE),
          modelSize: SIZES[1],
          tokens: TOKENS.at(-1),
          ratio: 1 - LATE,
        },
        far: true,
      },
    ]);
    const [point] = laws[0]!.band.outside;
    expect(point!.loss - point!.predicted).toBeCloseTo(0.4, 1);
    expect(point!.high).toBeLessThan(point!.loss);
    expect(laws[1]!.band.outside.filter(({ far }) => far)).toEqual([]);
    expect(findings).toContain(
      '1 new point of the general law lies further off than 2 times its older band.',
    );
    expect(refitText(result)).toMatch(/1 law fitted anew, 1 of them drifted\./);
  });

  it('goes on when a sweep is broken, cannot be fitted, or has too little', async () => {
    const folder = runsFolder();
    plantSweep(folder, 'unfitted');
    plantSweep(folder, 'small', { sizes: [6000], ratios: [0, 1] });
    plantSweep(folder, 'waiting', { open: RATIOS });
    plantSweep(folder, 'whole');
    withStore(folder, (store) =>
      store.saveSweep({
        sweep: 'broken',
        name: 'broken',
        config: { name: 1 },
        createdAt: '2025-01-01T00:00:00Z',
      }),
    );
    const fit = countingFit();
    const result = await refitOf(folder, {
      fitDomain: (question) => {
        if (fit.fitted.push('') === 1) throw new UserError('cannot be fitted', 'Mend it.');
        return countingFit().fitDomain(question);
      },
    });
    const outcomes = Object.fromEntries(result.laws.map((law) => [law.sweep, law]));
    expect(outcomes.broken).toMatchObject({ domain: null, status: 'failed' });
    expect(outcomes.small).toMatchObject({
      status: 'too-few',
      reason: expect.stringContaining('1 distinct model size'),
    });
    expect(outcomes.waiting).toMatchObject({ status: 'too-few', observations: 0 });
    expect(outcomes.whole).toMatchObject({ status: 'first', version: 1 });
    expect(outcomes.unfitted).toMatchObject({
      status: 'failed',
      reason: 'cannot be fitted',
      nextStep: 'Mend it.',
    });
    expect(fit.fitted).toHaveLength(2);
    const text = refitText(result);
    expect(text).toMatch(/^1 law fitted anew; 2 with too few observations; 2 failed\./);
    expect(text).toContain('unfitted/math: failed: cannot be fitted. Mend it.');
  });

  it('goes on with what the store holds when late results cannot be had', async () => {
    const folder = runsFolder();
    plantSweep(folder, 'one');
    const result = await refitOf(folder, {
      collectLate: () => Promise.reject(new Error('the home is away')),
    });
    expect(result.warnings).toEqual(['late results could not be taken in: the home is away']);
    expect(result.laws).toMatchObject([{ status: 'first' }]);
  });

  it('stops between two domains, and refuses a folder without a store', async () => {
    const folder = runsFolder();
    await expect(refitOf(folder)).rejects.toThrow(/no results store/);
    plantSweep(folder, 'one');
    plantSweep(folder, 'two');
    const stop = new AbortController();
    const fit = countingFit();
    const stopping = refitOf(folder, {
      signal: stop.signal,
      fitDomain: (question) => {
        stop.abort(new Error('stopped'));
        return fit.fitDomain(question);
      },
    });
    await expect(stopping).rejects.toThrow('stopped');
    expect(fit.fitted).toHaveLength(1);
    // What was fitted before stays.
    expect(withStore(folder, (store) => store.lawVersions('one/math'))).toHaveLength(1);
  });

  it('writes a page and a file for programs, by time and as the latest', async () => {
    const folder = runsFolder();
    plantSweep(folder, 'one');
    const now = () => new Date('2027-03-01T02:00:00.123Z');
    const result = await refitOf(folder, { now });
    const page = writeRefitFiles(folder, result);
    const names = [
      '2027-03-01T02-00-00.123Z.json',
      '2027-03-01T02-00-00.123Z.md',
      'latest.json',
      'latest.md',
    ];
    expect(readdirSync(join(folder, 'refits')).sort()).toEqual(names);
    expect(page).toBe(join(folder, 'refits', names[1]!));
    expect(JSON.parse(readFileSync(join(folder, 'refits', 'latest.json'), 'utf8'))).toEqual(result);
    const markdown = readFileSync(page, 'utf8');
    expect(markdown).toContain('# Refit of 2027-03-01T02:00:00.123Z');
    expect(markdown).toContain('## one/math');
  });
});
