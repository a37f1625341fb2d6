import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { freePort, hasRedisServer } from '../contract/boardRedis.ts';
import { PASSWORD, startFleet, TOKEN, untilLine } from './fleet.ts';
import { observationsCsv, startSweep, sweepFolders } from './sweepProcess.ts';

const SMALL = [
  ...['--set', 'name=fleet'],
  ...['--set', 'models.sizes=[8, 16, 24]'],
  ...['--set', 'mixture.ratios=[0, 0.5, 1]'],
  ...['--set', 'run.checkpointSeconds=0.3'],
  ...['--set', 'law.resamples=20'],
];

describe.skipIf(!hasRedisServer)('a fleet (skipped where no redis-server is installed)', () => {
  it('gives the very numbers of one machine, though a worker leaves and another is killed', {
    timeout: 150_000,
  }, async () => {
    const cache = mkdtempSync(join(tmpdir(), 'fleet-cache-'));
    const alone = sweepFolders(cache);
    const local = await startSweep('configs/smoke.yaml', alone, SMALL).ended;
    expect(local.code, local.stderr).toBe(0);

    const fleet = await startFleet({ cache, redisPort: await freePort(), artifactPort: await freePort() });
    try {
      const coordinator = fleet.coordinator('configs/smoke.yaml', SMALL);
      await untilLine(coordinator, /no worker takes runs/, 30_000);
      const leaver = fleet.worker('leaver');
      const victim = fleet.worker('victim');
      await untilLine(leaver, /begins on cpu 0/, 30_000);
      leaver.child.kill('SIGTERM');
      const steady = fleet.worker('steady');
      const begun = await untilLine(victim, /r=.*begins on cpu 0/, 60_000);
      const label = victim.lines[begun]!.text.split(':')[0]!;
      victim.child.kill('SIGKILL');
      expect((await leaver.ended).code).toBe(0);
      // Attempts are not charged: nothing failed, nothing is tried for a second time.
      expect(leaver.lines.map(({ text }) => text).join('\n')).not.toMatch(/: failed/);

      const status = await workersOf(fleet);
      expect(status.workers.some(({ gone }: { gone: boolean }) => !gone)).toBe(true);

      const { code } = await coordinator.ended;
      const said = coordinator.lines.map(({ text }) => text).join('\n');
      expect(code, said).toBe(0);
      expect(said).toContain(`${label}: done`);
      expect(said).not.toMatch(/failed/);
      const summary = JSON.parse(coordinator.stdout());
      expect(summary.runs).toEqual({ total: 12, trained: 12, reused: 0, failed: 0, diverged: 0 });
      expect(summary.fits).toEqual(JSON.parse(local.stdout).fits);
      expect(observationsCsv(fleet.runs, 'fleet')).toBe(observationsCsv(alone.runs, 'fleet'));

      // A second machine with an empty store, and only the artifacts: nothing is trained again.
      const again = fleet.coordinator(
        'configs/smoke.yaml',
        [...SMALL, '--runs', join(fleet.folder, 'second')],
        {
          ARTIFACTS_URL: `${fleet.runs}/artifacts`,
        },
      );
      expect((await again.ended).code).toBe(0);
      expect(JSON.parse(again.stdout()).runs).toMatchObject({ trained: 0, reused: 12 });

      const spoken = [leaver, victim, steady, coordinator, again]
        .flatMap((part) => [...part.lines.map(({ text }) => text), part.stdout()])
        .join('\n');
      expect(spoken).not.toContain(PASSWORD);
      expect(spoken).not.toContain(encodeURIComponent(PASSWORD));
      expect(spoken).not.toContain(TOKEN);
    } finally {
      await fleet.close();
    }
  });
});

async function workersOf(fleet: Awaited<ReturnType<typeof startFleet>>) {
  const part = fleet.verb('workers', ['--json']);
  expect((await part.ended).code, part.lines.map(({ text }) => text).join('\n')).toBe(0);
  return JSON.parse(part.stdout());
}
