import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { file, ROOT } from './files.ts';

const FOLDER = 'deploy/systemd';
const UNITS = readdirSync(`${ROOT}${FOLDER}`);

type Section = Record<string, string[]>;

/** Sections of a unit; a key may stand several times. */
function read(unit: string): Record<string, Section> {
  const sections: Record<string, Section> = {};
  let section: Section = {};
  for (const line of file(`${FOLDER}/${unit}`).split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const header = /^\[(\w+)\]$/.exec(line)?.[1];
    const [, key, value] = /^(\w+)=(.*)$/.exec(line) ?? [];
    if (header) {
      section = {};
      sections[header] = section;
    } else if (key) section[key] = [...(section[key] ?? []), value!];
    else throw new Error(`${unit}: ${line}`);
  }
  return sections;
}

const worker = read('mixture-law-worker.service').Service!;
const refit = read('mixture-law-refit.service').Service!;

describe.each([
  ['worker', worker],
  ['refit', refit],
])('the %s', (_, service) => {
  it('runs a file that is there, with flags that it knows, as a user of its own', () => {
    expect(service.User).toEqual(['mixture-law']);
    const command = /^\/usr\/bin\/node --import tsx (\S+\.ts)(.*)$/.exec(service.ExecStart?.[0] ?? '');
    expect(existsSync(`${ROOT}${command?.[1]}`)).toBe(true);
    const source = `${file(command![1]!)}${file('src/cli/options.ts')}`;
    for (const flag of command![2]!.match(/--\w+/g) ?? []) expect(source, flag).toContain(`'${flag} <`);
  });

  it('is hardened, but may compile to memory, as Node must', () => {
    expect(service).toMatchObject({
      NoNewPrivileges: ['yes'],
      ProtectSystem: ['strict'],
      ProtectHome: ['yes'],
      PrivateTmp: ['yes'],
      CapabilityBoundingSet: [''],
    });
    expect(service).not.toHaveProperty('MemoryDenyWriteExecute');
  });
});

describe('the worker', () => {
  it('is stopped by SIGTERM to itself alone, with time to save, and comes back for ever', () => {
    expect(worker).toMatchObject({
      KillSignal: ['SIGTERM'],
      KillMode: ['mixed'],
      Restart: ['on-failure'],
    });
    expect(Number(worker.TimeoutStopSec?.[0])).toBeGreaterThanOrEqual(60);
    expect(read('mixture-law-worker.service').Unit?.StartLimitIntervalSec).toEqual(['0']);
  });

  it('may write in the folders that it is told to use', () => {
    expect(worker.ExecStart?.[0]).toContain(`--work /var/lib/${worker.StateDirectory?.[0]}`);
    expect(worker.ExecStart?.[0]).toContain(`--cache /var/cache/${worker.CacheDirectory?.[0]}`);
  });

  it('gets its secrets as credentials, not as variables', () => {
    const credentials = worker.LoadCredential?.map((each) => each.split(':')[0]);
    const files = worker.Environment?.join(' ').match(/\w+_FILE=%d\/\w+/g);
    expect(credentials).toEqual(['redis_url', 'artifacts_token']);
    expect(files).toEqual(['REDIS_URL_FILE=%d/redis_url', 'ARTIFACTS_TOKEN_FILE=%d/artifacts_token']);
    for (const unit of UNITS) {
      expect(file(`${FOLDER}/${unit}`)).not.toMatch(/REDIS_URL=|TOKEN=|WEBHOOK_URL=|\/\/\S*:\S*@/);
    }
  });
});

it('the refit is one run, ended when it hangs; a night when the machine was off is made up for', () => {
  expect(refit).toMatchObject({ Type: ['oneshot'], TimeoutStartSec: ['2h'] });
  expect(read('mixture-law-refit.timer').Timer).toMatchObject({
    OnCalendar: ['*-*-* 03:00:00'],
    Persistent: ['true'],
  });
});

const hasAnalyze = spawnSync('systemd-analyze', ['--version']).status === 0;

it.skipIf(!hasAnalyze)('systemd finds nothing wrong (skipped where systemd-analyze is not installed)', () => {
  const paths = UNITS.map((unit) => `${ROOT}${FOLDER}/${unit}`);
  const { stdout, stderr } = spawnSync('systemd-analyze', ['verify', ...paths], {
    encoding: 'utf8',
    timeout: 30_000,
  });
  // Whether Node is installed in /usr/bin here is not the units' fault.
  const complaints = `${stdout}${stderr}`
    .split('\n')
    .filter((line) => line.includes('mixture-law') && !/is not executable/.test(line));
  expect(complaints).toEqual([]);
});
