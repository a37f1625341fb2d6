import { describe, expect, it } from 'vitest';
import {
  childPids,
  isRunning,
  observationsCsv,
  type SweepProcess,
  startSweep,
  sweepFolders,
  temporaryFiles,
  until,
} from './sweepProcess.ts';

/** Small enough to be interrupted and repeated several times, with checkpoints far apart from evaluation points. */
const SMALL = [
  '--set',
  'name=crash',
  '--set',
  'models.sizes=[8, 16]',
  '--set',
  'mixture.ratios=[0, 0.5, 1]',
  '--set',
  'run.checkpointSeconds=0.3',
  '--set',
  'law.resamples=20',
];

/** Runs that ended, as the plain log tells them. */
const endedRuns = (stderr: string): string[] =>
  [...stderr.matchAll(/^(.+?): done,/gm)].map((match) => match[1]!);

describe('a sweep that is interrupted', () => {
  const cache = sweepFolders().cache;
  let whole: { csv: string; trainedTokens: number; fits: unknown };

  it('has an uninterrupted twin to compare with', { timeout: 120_000 }, async () => {
    const folders = sweepFolders(cache);
    const { code, stdout, stderr } = await startSweep('configs/smoke.yaml', folders, SMALL).ended;
    expect(code, stderr).toBe(0);
    const summary = JSON.parse(stdout);
    whole = {
      csv: observationsCsv(folders.runs, 'crash'),
      trainedTokens: summary.trainedTokens,
      fits: summary.fits,
    };
  });

  const cases: [string, (sweep: SweepProcess) => Promise<number | null>][] = [
    [
      'kill -9 of a trainer',
      async (sweep) => {
        const [trainer] = childPids(sweep.child.pid!);
        process.kill(trainer!, 'SIGKILL');
        const { code } = await sweep.ended;
        return code;
      },
    ],
    [
      'kill -9 of the coordinator',
      async (sweep) => {
        const trainers = childPids(sweep.child.pid!);
        expect(trainers.length).toBeGreaterThan(0);
        process.kill(sweep.child.pid!, 'SIGKILL');
        await sweep.ended;
        await until(() => !trainers.some(isRunning), 10_000, 'trainers to end after their coordinator');
        return null;
      },
    ],
    [
      'Ctrl-C',
      async (sweep) => {
        process.kill(sweep.child.pid!, 'SIGINT');
        const { code } = await sweep.ended;
        expect(code).toBe(130);
        return null;
      },
    ],
  ];

  it.each(cases)(
    '%s: run again, it goes on, and every loss is bit-identical',
    { timeout: 240_000 },
    async (_, interrupt) => {
      const folders = sweepFolders(cache);
      // In the middle of the CPT runs: some are done, some are under way.
      const sweep = startSweep('configs/smoke.yaml', folders, SMALL);
      await until(
        () => endedRuns(sweep.stderr()).length >= 3,
        60_000,
        `three runs to end:\n${sweep.stderr()}`,
      );
      const endedBefore = endedRuns(sweep.stderr());
      const code = await interrupt(sweep);

      let trainedTokens = 0;
      if (code === 0) {
        // The queue tried the killed run again by itself.
        const { stdout } = await sweep.ended;
        trainedTokens = JSON.parse(stdout).trainedTokens;
      } else {
        const again = await startSweep('configs/smoke.yaml', folders, SMALL).ended;
        expect(again.code, again.stderr).toBe(0);
        const summary = JSON.parse(again.stdout);
        expect(summary.runs.reused).toBeGreaterThanOrEqual(endedBefore.length);
        for (const label of endedBefore) expect(endedRuns(again.stderr)).not.toContain(label);
        trainedTokens = summary.trainedTokens;
        expect(summary.fits).toEqual(whole.fits);
      }
      expect(trainedTokens).toBeLessThanOrEqual(whole.trainedTokens);
      expect(observationsCsv(folders.runs, 'crash')).toBe(whole.csv);
      expect(temporaryFiles(folders.runs)).toEqual([]);
    },
  );
});
