/**
 * `npm run bench:scale`: plans of about 1,000 and 10,000 runs on a real Redis, 50 workers whose training is simulated in
 * milliseconds: what the coordinator, the queue and the fit cost, in all and a run.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Redis } from 'ioredis';
import { openFolderHome } from '../src/artifacts/folderHome.ts';
import { textTable } from '../src/common/textTable.ts';
import { freePort } from '../test/contract/boardRedis.ts';
import { startRedis } from '../test/e2e/fleet.ts';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1000,10000' },
    workers: { type: 'string', default: '50' },
    processes: { type: 'string', default: '2' },
  },
});
const SIZES = [8, 16, 24, 32, 40];
const RATIOS = 25;
/** A base model and its CPT runs. */
const RUNS_PER_SEED = SIZES.length * (1 + RATIOS);

interface Measured {
  runs: number;
  preparedSeconds: number;
  trainedSeconds: number;
  fittedSeconds: number;
  coordinatorMegabytes: number;
  redisMegabytes: number;
  coordinatorCpuSeconds: number;
}

async function measure(wanted: number, cache: string): Promise<Measured> {
  const seeds = Math.round(wanted / RUNS_PER_SEED);
  const folder = mkdtempSync(join(tmpdir(), 'scale-'));
  const home = join(folder, 'artifacts');
  const opened = openFolderHome(home);
  const redis = await startRedis(join(folder, 'redis'), await freePort());
  const environment = { ...process.env, REDIS_URL: redis.url, ARTIFACTS_URL: home, NO_COLOR: '1' };
  const workers: ChildProcess[] = [];
  const perProcess = Math.ceil(Number(values.workers) / Number(values.processes));
  for (let at = 0; at < Number(values.processes); at++) {
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', 'bench/simulatedWorkers.ts', home, join(folder, `w${at}`), `${perProcess}`],
      { env: environment, stdio: ['ignore', 'inherit', 'pipe'] },
    );
    workers.push(child);
    await new Promise<void>((ready, failed) => {
      child.stderr!.on('data', (chunk) => /simulated workers/.test(String(chunk)) && ready());
      child.once('exit', (code) => failed(new Error(`the simulated workers ended with code ${code}`)));
    });
  }
  await opened.close();
  const client = new Redis(redis.url);
  let redisBytes = 0;
  const began = performance.now();
  const at: Record<'prepared' | 'trained' | 'ended', number> = { prepared: 0, trained: 0, ended: 0 };
  const coordinator = spawn(
    process.execPath,
    [
      ...['--import', 'tsx', 'pipelines/sweep.ts', 'configs/smoke.yaml', '--json'],
      ...['--runs', join(folder, 'runs'), '--cache', cache],
      ...['--set', `name=scale`, '--set', `models.sizes=[${SIZES.join(', ')}]`],
      ...['--set', `seeds=[${Array.from({ length: seeds }, (_, seed) => seed + 1).join(', ')}]`],
      ...['--set', `mixture={sample: grid, count: ${RATIOS}}`, '--set', 'evaluation.points=5'],
      ...['--set', 'law.resamples=0'],
    ],
    { env: environment, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let said = '';
  let megabytes = 0;
  let cpuSeconds = 0;
  const poll = setInterval(async () => {
    try {
      const status = readFileSync(`/proc/${coordinator.pid}/status`, 'utf8');
      megabytes = Math.max(megabytes, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
      const ticks = readFileSync(`/proc/${coordinator.pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
      if (at.trained === 0) cpuSeconds = (Number(ticks[11]) + Number(ticks[12])) / 100;
      const info = await client.info('memory');
      redisBytes = Math.max(redisBytes, Number(/used_memory:(\d+)/.exec(info)?.[1] ?? 0));
    } catch {
      // It has ended.
    }
  }, 200);
  coordinator.stderr.on('data', (chunk) => {
    said = (said + String(chunk)).slice(-20_000);
    if (at.prepared === 0 && /: (starts|done)/.test(said)) at.prepared = performance.now();
    if (at.trained === 0 && /fitting:/.test(said)) at.trained = performance.now();
  });
  let output = '';
  coordinator.stdout.on('data', (chunk) => {
    output += chunk;
  });
  const code = await new Promise((done) => coordinator.once('close', done));
  at.ended = performance.now();
  clearInterval(poll);
  client.disconnect();
  for (const child of workers) {
    const ended = new Promise((done) => child.once('exit', done));
    child.kill('SIGTERM');
    await ended;
  }
  await redis.kill();
  if (code !== 0) throw new Error(`the coordinator ended with code ${code}:\n${said}`);
  const { runs } = JSON.parse(output) as { runs: { total: number; trained: number; failed: number } };
  if (runs.trained !== runs.total || runs.failed > 0)
    throw new Error(`not every run is done: ${JSON.stringify(runs)}`);
  return {
    runs: runs.total,
    preparedSeconds: (at.prepared - began) / 1000,
    trainedSeconds: (at.trained - at.prepared) / 1000,
    fittedSeconds: (at.ended - at.trained) / 1000,
    coordinatorMegabytes: megabytes,
    redisMegabytes: redisBytes / 1e6,
    coordinatorCpuSeconds: cpuSeconds,
  };
}

const cache = mkdtempSync(join(tmpdir(), 'scale-cache-'));
const measured: Measured[] = [];
for (const wanted of values.runs!.split(',').map(Number)) {
  measured.push(await measure(wanted, cache));
  process.stderr.write(`${measured.at(-1)!.runs} runs: ${measured.at(-1)!.trainedSeconds.toFixed(1)} s\n`);
}
const number = (header: string) => ({ header, align: 'right' as const });
process.stdout.write(
  `${values.workers} simulated workers in ${values.processes} processes\n\n${textTable(
    [
      number('runs'),
      number('plan, first window'),
      number('dispatch and collect'),
      number('a run'),
      number('coordinator CPU a run'),
      number('fits and report'),
      number('coordinator'),
      number('Redis'),
    ],
    measured.map((each) => [
      `${each.runs}`,
      `${each.preparedSeconds.toFixed(1)} s`,
      `${each.trainedSeconds.toFixed(1)} s`,
      `${((1000 * each.trainedSeconds) / each.runs).toFixed(1)} ms`,
      `${((1000 * each.coordinatorCpuSeconds) / each.runs).toFixed(1)} ms`,
      `${each.fittedSeconds.toFixed(1)} s`,
      `${each.coordinatorMegabytes.toFixed(0)} MB`,
      `${each.redisMegabytes.toFixed(0)} MB`,
    ]),
  )}\n`,
);
