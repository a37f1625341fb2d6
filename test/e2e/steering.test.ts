import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import type { FleetStatus } from '../../src/queue/operations.ts';
import { type SweepProcess, startSweep, startVerb, sweepFolders, until } from './sweepProcess.ts';

const SMALL = [
  ...['--set', 'name=steered'],
  ...['--set', 'models.sizes=[8, 16, 24]'],
  ...['--set', 'mixture.ratios=[0, 0.5, 1]'],
  ...['--set', 'training.cptTokens=1048576'],
  ...['--set', 'law.resamples=20'],
  ...['--set', 'run.trainers=1'],
];

const doneRuns = (sweep: SweepProcess) => [...sweep.stderr().matchAll(/: done,/g)].length;

/** A busy machine may take long: each look is a process of its own. */
async function eventually(holds: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 60_000;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error('waited a minute');
    await delay(200);
  }
}

describe('a sweep that is steered from another terminal, without a Redis', () => {
  const folders = sweepFolders();
  let started: SweepProcess | undefined;
  afterAll(() => void started?.child.kill('SIGKILL'));
  const queue = async (...words: string[]) => {
    const { code, stdout, stderr } = await startVerb('queue', [...words, '--runs', folders.runs]).ended;
    return { code, stdout, stderr };
  };
  const status = async (): Promise<FleetStatus> => JSON.parse((await queue('status', '--json')).stdout);

  it('there is nothing to steer while none runs', async () => {
    const { code, stderr } = await queue();
    expect(code).toBe(2);
    expect(stderr).toMatch(/no sweep is running/);
  });

  it('shows, pauses, resumes, cancels a run, tries it again, cancels the sweep', {
    timeout: 240_000,
  }, async () => {
    const sweep = startSweep('configs/smoke.yaml', folders, SMALL);
    started = sweep;
    await until(() => doneRuns(sweep) >= 1, 60_000, 'a run');

    const seen = await status();
    expect(seen.sweeps).toHaveLength(1);
    expect(seen.sweeps[0]!.info).toMatchObject({ sweep: 'steered', problems: [], runs: { total: 12 } });
    expect(seen.workers).toHaveLength(1);
    expect(seen.workers[0]!.info.slots).toHaveLength(1);
    const text = (await queue()).stdout;
    expect(text).toMatch(/steered +running/);
    expect(text).toMatch(/cpu 0/);

    expect((await queue('pause', 'steered')).stdout).toBe('steered is paused\n');
    await until(() => /paused: no further run/.test(sweep.stderr()), 30_000, 'the pause');
    // What runs goes on to its end, then nothing does.
    await eventually(async () => {
      const [told] = (await status()).sweeps;
      return told!.orders.paused && told!.info.runs.active === 0 && told!.info.runs.queued === 0;
    });
    const paused = doneRuns(sweep);
    await delay(1500);
    expect(doneRuns(sweep)).toBe(paused);

    await queue('resume', 'steered');
    let running: string | undefined;
    await eventually(async () => {
      running = (await status()).workers[0]?.info.slots[0]?.doing?.run;
      return running !== undefined;
    });
    const cancelled = await queue('cancel', '--run', running!.slice(0, 10));
    // It may have ended between the two calls: then there is nothing to cancel.
    if (cancelled.code === 0) {
      expect(cancelled.stdout).toBe(`run ${running} is cancelled\n`);
      await until(() => /failed: cancelled/.test(sweep.stderr()), 60_000, 'the end of the run');
      expect((await queue('retry', 'steered')).code).toBe(0);
      await until(() => /1 failed runs are tried again/.test(sweep.stderr()), 30_000, 'the retry');
    }
    expect((await queue('priority', 'steered', '7')).code).toBe(0);

    await queue('cancel', 'steered');
    expect((await sweep.ended).code).toBe(130);
    expect(sweep.stderr()).toMatch(/order to cancel/);
  });

  it.each([
    [['dance'], /cannot "dance"/],
    [['priority', 'x'], /whole number/],
    [['priority', 'x', '1.5'], /whole number/],
    [['cancel', 'x', '--run', 'abc'], /stands alone/],
  ])('refuses %j', async (words, sentence) => {
    const { code, stderr } = await queue(...words);
    expect(code).toBe(2);
    expect(stderr).toMatch(sentence);
  });
});
