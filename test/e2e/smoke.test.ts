import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { observationsCsv, startSweep, startVerb, sweepFolders, temporaryFiles } from './sweepProcess.ts';

describe('npm run sweep configs/smoke.yaml', () => {
  const folders = sweepFolders();

  it('trains, fits and answers; a second time it trains nothing and answers the same', {
    timeout: 240_000,
  }, async () => {
    const first = await startSweep('configs/smoke.yaml', folders).ended;
    expect(first.stderr).not.toMatch(/error/i);
    expect(first.code).toBe(0);
    const summary = JSON.parse(first.stdout);
    expect(summary.sweep).toBe('smoke');
    expect(summary.runs.failed).toBe(0);
    expect(summary.runs.trained).toBe(summary.runs.total);
    expect(summary.runs.reused).toBe(0);
    expect(summary.trainedTokens).toBeGreaterThan(0);
    for (const fit of [summary.fits.general, summary.fits.domain]) {
      expect(fit.form).toBe('L3');
      expect(Object.keys(fit.parameters).sort()).toEqual(
        ['A', 'B', 'C', 'E', 'alpha', 'beta', 'epsilon', 'eta', 'gamma'].sort(),
      );
      expect(fit.r2).toBeGreaterThan(0.8);
      expect(fit.huberSum).toBeGreaterThan(0);
    }
    expect(['recommended', 'infeasible', 'not-identified']).toContain(summary.recommendation.status);

    // Every CPT run stands in the CSV at every evaluation point, once.
    const csv = observationsCsv(folders.runs, 'smoke').trimEnd().split('\n');
    expect(csv[0]).toMatch(
      /^sweep,run,seed,domain,model_size,total_parameters,tokens,domain_ratio,general_loss,domain_loss/,
    );
    expect(csv.length - 1).toBe(summary.observations);
    expect(new Set(csv).size).toBe(csv.length);
    for (const file of ['report.html', 'report.md', 'config.yaml']) {
      expect(existsSync(join(folders.runs, 'smoke', file))).toBe(true);
    }
    expect(readFileSync(join(folders.runs, 'smoke', 'report.html'), 'utf8')).not.toMatch(
      /<script|NaN|undefined/,
    );
    expect(temporaryFiles(folders.runs)).toEqual([]);

    const second = await startSweep('configs/smoke.yaml', folders).ended;
    expect(second.code).toBe(0);
    const again = JSON.parse(second.stdout);
    expect(again.runs).toEqual({ ...summary.runs, trained: 0, reused: summary.runs.total });
    expect(again.trainedTokens).toBe(0);
    expect(again.fits).toEqual(summary.fits);
    expect(again.recommendation).toEqual(summary.recommendation);
    expect(observationsCsv(folders.runs, 'smoke').trimEnd().split('\n')).toEqual(csv);
  });

  it('then recommend, plan, fit and cross-domain answer from what it measured', {
    timeout: 120_000,
  }, async () => {
    const verb = async (file: string, ...args: string[]) => {
      const { code, stdout, stderr } = await startVerb(file, [...args, '--json']).ended;
      expect(stderr).not.toMatch(/error/i);
      expect(code).toBe(0);
      return JSON.parse(stdout);
    };
    const runs = ['--runs', folders.runs];
    const { answers } = await verb(
      'recommend',
      'smoke',
      ...runs,
      '--resamples',
      '20',
      '--domain-tokens',
      '10k',
      '--flops',
      '1e10',
    );
    expect(answers[0].usage1.target.tolerance).toBe(0.03);
    expect(answers[0].pareto.points.length).toBeGreaterThan(2);
    expect(answers[0].usage2.status).toBeDefined();
    expect(answers[0].joint.status).toBeDefined();
    expect(answers[0].usage3).toBeNull();

    const { plans } = await verb(
      'plan',
      'configs/smoke.yaml',
      ...runs,
      '--next',
      '2',
      '--set',
      'law.resamples=20',
    );
    expect(plans[0].plan.runs).toHaveLength(2);
    expect(plans[0].plan.after.halfWidth).toBeLessThanOrEqual(plans[0].plan.before.halfWidth);

    const table = join(folders.runs, 'smoke', 'observations.csv');
    const out = join(folders.runs, 'fitted');
    const { fits, report } = await verb('fit', table, '--form', 'L3', '--resamples', '20', '--out', out);
    expect(fits.map((fit: { loss: string }) => fit.loss)).toEqual(['general_loss', 'domain_loss']);
    expect(fits[0].observations).toBeGreaterThan(20);
    expect(fits[0].intervals.E.level).toBe(0.9);
    expect(readFileSync(report, 'utf8')).not.toMatch(/<script|NaN|undefined/);

    // The same numbers from a table as from the store.
    const fromFile = await verb('recommend', table, '--resamples', '0');
    expect(fromFile.answers[0].usage1.baseGeneralLoss).toBe(answers[0].usage1.baseGeneralLoss);

    const again = await startSweep('configs/smoke.yaml', folders, ['--set', 'law.resamples=5']).ended;
    expect(again.stderr).toMatch(/laws of smoke\/.*: version 2/);
    const { comparisons } = await verb('report', 'smoke', ...runs, '--compare', '1,2');
    expect(comparisons[0].laws[0]).toMatchObject({ loss: 'general', newRows: { checked: 0 } });
    expect(comparisons[0].laws[0].predictions.largest).toBe(0);
    const unknown = await startVerb('report', ['smoke', ...runs, '--compare', '1,9']).ended;
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toMatch(/no version 9/);

    const refused = await startVerb('crossDomain', ['smoke', ...runs]).ended;
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/cannot be held out on 1 domain/);
  });

  it('--dry-run says what there is to do and trains nothing', { timeout: 60_000 }, async () => {
    const fresh = sweepFolders(folders.cache);
    const { code, stdout } = await startSweep('configs/smoke.yaml', fresh, ['--dry-run']).ended;
    expect(code).toBe(0);
    const plan = JSON.parse(stdout);
    expect(plan.runs.total).toBeGreaterThan(3);
    expect(plan.runs.done).toBe(0);
    expect(plan.tokens).toBeGreaterThan(0);
    expect(plan.flops).toBeGreaterThan(0);
    expect(plan.expectedSeconds).toBeGreaterThan(0);
    expect(existsSync(join(fresh.runs, 'smoke', 'report.html'))).toBe(false);
  });

  it('bad input ends with code 2, a sentence, and nothing written', { timeout: 60_000 }, async () => {
    const fresh = sweepFolders();
    const { code, stdout, stderr } = await startSweep('configs/smoke.yaml', fresh, [
      '--set',
      'trainng.cptTokens=5',
    ]).ended;
    expect(code).toBe(2);
    expect(stderr).toMatch(/trainng/);
    expect(stderr).toMatch(/training/);
    expect(stderr).not.toMatch(/at .*\.ts:\d+/);
    expect(stdout).toBe('');
    expect(existsSync(join(fresh.runs, 'smoke'))).toBe(false);
  });
});
