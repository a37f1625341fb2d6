/**
 * `npm run bench:faults`: a sweep of more than 200 short runs on a real Redis with 4 workers, undisturbed and under each
 * fault; every loss must be the same, every run done once. Prints a line per fault, with the time to recover.
 */
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { textTable } from '../src/common/textTable.ts';
import { readManifest } from '../src/training/checkpoint.ts';
import { freePort } from '../test/contract/boardRedis.ts';
import { type Fleet, type Part, startFleet, startProxy, untilLine } from '../test/e2e/fleet.ts';
import { childPids, observationsCsv } from '../test/e2e/sweepProcess.ts';

const only = process.argv.slice(2);
const CONFIG = [
  ...['--set', 'name=faults'],
  ...['--set', 'models.sizes=[8, 16]'],
  ...['--set', 'seeds=[1, 2, 3, 4]'],
  ...['--set', 'mixture={sample: grid, count: 25}'],
  ...['--set', 'training.baseTokens=65536', '--set', 'training.cptTokens=32768'],
  ...['--set', 'corpora.validationTokens=4096'],
  ...['--set', 'evaluation.points=3'],
  ...['--set', 'run.checkpointSeconds=0.3'],
  ...['--set', 'law.resamples=0'],
];
const WORKERS = ['one', 'two', 'three', 'four'];
const SCENARIO_TIMEOUT_MS = 8 * 60_000;
/** Runs that are done before the fault. */
const RUNS_BEFORE = 40;

interface Scene {
  fleet: Fleet;
  coordinator: Part;
  /** Every coordinator that was started, for what they said. */
  coordinators: Part[];
  workers: Map<string, Part>;
  allWorkers: Part[];
  /** Starts the same command again. */
  restartCoordinator(environment?: Record<string, string>): void;
  startWorker(name: string, environment?: Record<string, string>): Part;
}

interface Scenario {
  name: string;
  /** Environment of parts, before they start. */
  prepare?(): Promise<{
    coordinator?: Record<string, string>;
    workers?: Record<string, (fleet: Fleet) => Record<string, string>>;
    artifacts?: string;
    close?(): Promise<void> | void;
  }>;
  /** Does harm; returns the workers whose runs were hit, and when that was. */
  harm(scene: Scene): Promise<{ hit: Part[]; ms: number }>;
}

const pick = (scene: Scene, name: string) => scene.workers.get(name)!;
const trainersOf = (worker: Part) => childPids(worker.child.pid!);

let proxy: Awaited<ReturnType<typeof startProxy>> | undefined;
const clockFolder = mkdtempSync(join(tmpdir(), 'clock-'));
const clockFile = join(clockFolder, 'step');
const clockStep = (ms: number) => ({
  NODE_OPTIONS: `--import ${pathToFileURL(resolve(import.meta.dirname, 'clockStep.mjs')).href}`,
  CLOCK_STEP_FILE: clockFile,
  CLOCK_STEP_MS: `${ms}`,
});
const DAY_MS = 86_400_000;
let mounted: string | undefined;

const SCENARIOS: Scenario[] = [
  { name: 'undisturbed', harm: async () => ({ hit: [], ms: performance.now() }) },
  {
    name: 'kill -9 of a trainer, three times',
    harm: async (scene) => {
      const ms = performance.now();
      for (const name of ['one', 'two', 'three']) {
        const [trainer] = trainersOf(pick(scene, name));
        if (trainer) process.kill(trainer, 'SIGKILL');
        await delay(500);
      }
      return { hit: [pick(scene, 'one'), pick(scene, 'two'), pick(scene, 'three')], ms };
    },
  },
  {
    name: 'kill -9 of a worker',
    harm: async (scene) => {
      const hit = pick(scene, 'one');
      const ms = performance.now();
      await hit.end('SIGKILL');
      return { hit: [hit], ms };
    },
  },
  {
    name: 'kill -9 of the coordinator',
    harm: async (scene) => {
      const ms = performance.now();
      await scene.coordinator.end('SIGKILL');
      scene.restartCoordinator();
      return { hit: [], ms };
    },
  },
  {
    name: 'kill -9 of Redis, back after 2 s',
    harm: async (scene) => {
      const ms = performance.now();
      await scene.fleet.redis.kill();
      await delay(2000);
      await scene.fleet.redis.restart();
      return { hit: scene.allWorkers, ms };
    },
  },
  {
    name: 'kill -9 of all at once',
    harm: async (scene) => {
      const hit = [...scene.allWorkers];
      const ms = performance.now();
      await Promise.all([
        ...hit.map((worker) => worker.end('SIGKILL')),
        scene.coordinator.end('SIGKILL'),
        scene.fleet.redis.kill(),
      ]);
      await scene.fleet.redis.restart();
      scene.restartCoordinator();
      for (const name of WORKERS) scene.startWorker(name);
      return { hit, ms };
    },
  },
  {
    name: 'SIGTERM of two workers',
    harm: async (scene) => {
      const hit = [pick(scene, 'one'), pick(scene, 'two')];
      const ms = performance.now();
      await Promise.all(hit.map((worker) => worker.end('SIGTERM')));
      return { hit, ms };
    },
  },
  {
    name: 'network cut of a worker for 20 s',
    prepare: async () => ({
      workers: {
        one: (fleet) => ({ REDIS_URL: fleet.redis.url.replace(/:\d+\/0$/, `:${proxy!.port}/0`) }),
      },
      close: async () => {
        await proxy?.close();
        proxy = undefined;
      },
    }),
    harm: async (scene) => {
      const hit = pick(scene, 'one');
      const ms = performance.now();
      proxy!.cut();
      await delay(20_000);
      proxy!.heal();
      return { hit: [hit], ms };
    },
  },
  {
    name: 'network cut of a worker until all is done',
    prepare: async () => ({
      workers: {
        one: (fleet) => ({ REDIS_URL: fleet.redis.url.replace(/:\d+\/0$/, `:${proxy!.port}/0`) }),
      },
      close: async () => {
        await proxy?.close();
        proxy = undefined;
      },
    }),
    harm: async (scene) => {
      const ms = performance.now();
      proxy!.cut();
      return { hit: [pick(scene, 'one')], ms };
    },
  },
  {
    name: 'artifact disk full for 15 s',
    prepare: async () => {
      mounted = mkdtempSync(join(tmpdir(), 'small-disk-'));
      const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=40m', 'tmpfs', mounted]);
      if (status !== 0) throw new Error(`no small disk can be mounted here: ${String(stderr)}`);
      return {
        artifacts: join(mounted, 'artifacts'),
        close: () => {
          spawnSync('umount', ['-l', mounted!]);
        },
      };
    },
    harm: async (scene) => {
      const filler = join(mounted!, 'filler');
      const ms = performance.now();
      const file = openSync(filler, 'w');
      try {
        for (;;) writeSync(file, Buffer.alloc(1 << 16, 1));
      } catch {
        closeSync(file);
      }
      await delay(15_000);
      rmSync(filler);
      return { hit: scene.allWorkers, ms };
    },
  },
  {
    name: 'every base checkpoint corrupted',
    harm: async (scene) => {
      const ms = performance.now();
      const home = join(scene.fleet.runs, 'artifacts');
      for (const folder of readdirSync(home).filter((name) => /^[0-9a-f]{2}$/.test(name))) {
        for (const name of readdirSync(join(home, folder))) {
          const path = join(home, folder, name);
          const text = readFileSync(path);
          if (text[0] !== 0x7b) continue;
          const { parametersSha256 } = readManifest(path);
          const parameters = join(home, parametersSha256.slice(0, 2), parametersSha256);
          const bytes = readFileSync(parameters);
          bytes[bytes.length - 5]! ^= 1;
          writeFileSync(parameters, bytes);
        }
      }
      // Workers go on with the copies that they have: new ones have none.
      for (const name of WORKERS) {
        await pick(scene, name).end('SIGKILL');
        scene.startWorker(`${name} anew`);
      }
      return { hit: [], ms };
    },
  },
  {
    name: 'clocks step by a day, and a trainer dies',
    prepare: async () => {
      rmSync(clockFile, { force: true });
      return {
        coordinator: clockStep(-DAY_MS),
        workers: { one: () => clockStep(DAY_MS), two: () => clockStep(-DAY_MS) },
      };
    },
    harm: async (scene) => {
      const ms = performance.now();
      writeFileSync(clockFile, '');
      await delay(1000);
      for (const name of ['one', 'two']) {
        const [trainer] = trainersOf(pick(scene, name));
        if (trainer) process.kill(trainer, 'SIGKILL');
      }
      return { hit: [pick(scene, 'one'), pick(scene, 'two')], ms };
    },
  },
];

/** Runs that a worker had begun by then and not ended. */
function underWay(worker: Part, ms: number): string[] {
  const open = new Set<string>();
  for (const line of worker.lines) {
    if (line.ms > ms) break;
    const [, label, what] = /^(.+?): (begins|done|failed|handed back)/.exec(line.text) ?? [];
    if (label === undefined) continue;
    if (what === 'begins') open.add(label);
    else open.delete(label);
  }
  return [...open];
}

const doneLines = (parts: readonly Part[]) =>
  parts.flatMap((part) =>
    part.lines
      .map(({ ms, text }) => ({ ms, label: /^(.+?): done,/.exec(text)?.[1] }))
      .filter((line): line is { ms: number; label: string } => line.label !== undefined),
  );

interface Outcome {
  name: string;
  wallSeconds: number;
  recoverySeconds: number | null;
  runs: { total: number; failed: number };
  results: number;
  /** Ends that workers told beyond one a run. */
  repeated: number;
  csv: string;
}

async function play(scenario: Scenario, cache: string): Promise<Outcome> {
  const redisPort = await freePort();
  if (scenario.name.startsWith('network')) proxy = await startProxy(redisPort);
  const prepared = await scenario.prepare?.();
  const fleet = await startFleet({
    cache,
    redisPort,
    artifactPort: await freePort(),
    ...(prepared?.artifacts && { artifacts: prepared.artifacts }),
  });
  const coordinatorEnvironment = {
    ...(prepared?.artifacts && { ARTIFACTS_URL: prepared.artifacts }),
    ...prepared?.coordinator,
  };
  const scene: Scene = {
    fleet,
    coordinator: fleet.coordinator('configs/smoke.yaml', CONFIG, coordinatorEnvironment),
    coordinators: [],
    workers: new Map(),
    allWorkers: [],
    restartCoordinator: () => {
      scene.coordinator = fleet.coordinator('configs/smoke.yaml', CONFIG, coordinatorEnvironment);
      scene.coordinators.push(scene.coordinator);
    },
    startWorker: (name) => {
      const worker = fleet.worker(name, [], prepared?.workers?.[name]?.(fleet) ?? {});
      scene.workers.set(name, worker);
      scene.allWorkers.push(worker);
      return worker;
    },
  };
  scene.coordinators.push(scene.coordinator);
  const timeout = setTimeout(() => void fleet.close(), SCENARIO_TIMEOUT_MS);
  try {
    await untilLine(scene.coordinator, /no worker takes runs/, 120_000);
    const beganMs = performance.now();
    for (const name of WORKERS) scene.startWorker(name);
    while (doneLines(scene.coordinators).length < RUNS_BEFORE) {
      if (scene.coordinator.child.exitCode !== null) throw new Error(said(scene.coordinator));
      await delay(50);
    }
    const { hit, ms } = await scenario.harm(scene);
    const labels = new Set(hit.flatMap((worker) => underWay(worker, ms)));
    const { code } = await scene.coordinator.ended;
    const endedMs = performance.now();
    if (code !== 0) throw new Error(`${scenario.name}: exit code ${code}\n${said(scene.coordinator)}`);
    const done = doneLines(scene.coordinators).filter((line) => line.ms > ms);
    const back = [...labels].map((label) => done.find((line) => line.label === label)?.ms ?? endedMs);
    const recoveredMs = labels.size > 0 ? Math.max(...back) : (done[0]?.ms ?? endedMs);
    const summary = JSON.parse(scene.coordinator.stdout()) as { runs: { total: number; failed: number } };
    const home = prepared?.artifacts ?? join(fleet.runs, 'artifacts');
    const results = readdirSync(join(home, 'results'), { recursive: true }).filter((name) =>
      String(name).includes('.'),
    ).length;
    const ends = scene.allWorkers.flatMap((worker) =>
      worker.lines.filter(({ text }) => / done$/.test(text)),
    ).length;
    return {
      name: scenario.name,
      wallSeconds: (endedMs - beganMs) / 1000,
      recoverySeconds: scenario.name === 'undisturbed' ? null : (recoveredMs - ms) / 1000,
      runs: summary.runs,
      results,
      repeated: ends - summary.runs.total,
      csv: observationsCsv(fleet.runs, 'faults'),
    };
  } finally {
    clearTimeout(timeout);
    await fleet.close();
    await prepared?.close?.();
  }
}

const said = (part: Part) =>
  part.lines
    .map(({ text }) => text)
    .slice(-40)
    .join('\n');

const cache = mkdtempSync(join(tmpdir(), 'faults-cache-'));
const outcomes: Outcome[] = [];
let reference: string | undefined;
let bad = 0;
for (const scenario of SCENARIOS) {
  if (
    only.length > 0 &&
    scenario.name !== 'undisturbed' &&
    !only.some((word) => scenario.name.includes(word))
  )
    continue;
  try {
    const outcome = await play(scenario, cache);
    reference ??= outcome.csv;
    const same = outcome.csv === reference;
    const whole = outcome.runs.failed === 0 && outcome.results === outcome.runs.total;
    if (!same || !whole) bad++;
    outcomes.push(outcome);
    process.stderr.write(
      `${scenario.name}: ${outcome.wallSeconds.toFixed(1)} s, recovered after ${outcome.recoverySeconds?.toFixed(1) ?? '–'} s, ` +
        `${outcome.results} results of ${outcome.runs.total} runs, ${outcome.runs.failed} failed, ` +
        `${outcome.repeated} ended again, losses ${same ? 'identical' : 'DIFFERENT'}\n`,
    );
  } catch (error) {
    bad++;
    process.stderr.write(`${scenario.name}: ${(error as Error).message}\n`);
  }
}
process.stdout.write(
  `${textTable(
    [
      'fault',
      { header: 'wall', align: 'right' },
      { header: 'recovered after', align: 'right' },
      { header: 'results / runs', align: 'right' },
      { header: 'failed', align: 'right' },
      { header: 'ended again', align: 'right' },
      'losses',
    ],
    outcomes.map((outcome) => [
      outcome.name,
      `${outcome.wallSeconds.toFixed(1)} s`,
      outcome.recoverySeconds === null ? '' : `${outcome.recoverySeconds.toFixed(1)} s`,
      `${outcome.results} / ${outcome.runs.total}`,
      `${outcome.runs.failed}`,
      `${outcome.repeated}`,
      outcome.csv === reference ? 'identical' : 'DIFFERENT',
    ]),
  )}\n`,
);
process.exitCode = bad > 0 ? 1 : 0;
