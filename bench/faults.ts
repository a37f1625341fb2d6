/**
 * `npm run bench:faults`: a sweep of more than 200 short runs on a real Redis with 4 workers, undisturbed and under each
 * fault; every loss must be the same, every run done once. Prints a line per fault, with the time to recover.
 */
import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { textTable } from '../src/common/textTable.ts';
import { freePort } from '../test/contract/boardRedis.ts';
import { type Part, startFleet, untilLine } from '../test/e2e/fleet.ts';
import { observationsCsv } from '../test/e2e/sweepProcess.ts';
import { SCENARIOS, type Scenario, type Scene, WORKERS } from './faultScenarios.ts';

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
const SCENARIO_TIMEOUT_MS = 8 * 60_000;
/** Runs that are done before the fault. */
const RUNS_BEFORE = 40;

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
  const prepared = await scenario.prepare?.({ port: redisPort });
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
      const worker = fleet.worker(name, [], prepared?.workers?.[name]?.() ?? {});
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
