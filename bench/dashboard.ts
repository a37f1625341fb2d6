/**
 * `npm run bench:dashboard`: the dashboard on a store of 2,000 CPT runs with 100,000 observations, looked at with chromium:
 * how soon a view is there, how soon an observation is on the screen, and what the server takes.
 */
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Browser } from 'playwright-core';
import { textTable } from '../src/common/textTable.ts';
import { measured, openStore, type PlantedRun, plantSweep } from '../test/dashboard/plantedStore.ts';
import {
  curveLatencies,
  type FirstView,
  firstView,
  gridLatencies,
  type Latencies,
  newContext,
  openView,
} from './dashboardPage.ts';
import { type DashboardProcess, openBrowser, startDashboardProcess } from './dashboardParts.ts';
import type { Commit, Order } from './dashboardWriter.ts';

const USAGE = `npm run bench:dashboard -- [--rounds 5] [--rate 50] [--json]

  --rounds  how often each first view is measured
  --rate    observations a second that are committed while a page looks
  --json    prints one object`;
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    rate: { type: 'string', default: '50' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  process.stdout.write(`${USAGE}\n`);
  process.exit(0);
}
const rounds = Number(values.rounds);
const rate = Number(values.rate);
if (!(Number.isInteger(rounds) && rounds > 0 && Number.isInteger(rate) && rate > 0)) {
  process.stderr.write('bench:dashboard: --rounds and --rate are positive whole numbers\n');
  process.exit(2);
}
const say = (line: string) => process.stderr.write(`${line}\n`);

const SWEEP = 'bench';
const SIZES = [6000, 10_000, 14_000, 20_000, 25_000, 38_000, 55_000, 80_000];
const RATIOS = Array.from({ length: 25 }, (_, at) => Math.round((100 * at) / 24) / 100);
const SEEDS = Array.from({ length: 10 }, (_, at) => at + 1);
const POINTS = 50;
/** A law of 100,000 rows takes minutes: this much of it is looked at. */
const FITTING_MS = 8000;
/** Of the runs that are under way: measured before anybody looks. */
const FIRST_POINTS = 4;
/** The two sizes whose runs of the last seed are under way: one set for each of the two live views. */
const UNDER_WAY = [SIZES[3]!, SIZES[5]!] as const;

const runsInAll = SIZES.length * SEEDS.length * (1 + RATIOS.length);
const VIEWS = {
  list: { name: 'sweep list', path: '/', selector: `main a[href="/sweeps/${SWEEP}"]`, count: 1 },
  grid: { name: 'grid, every run', path: `/sweeps/${SWEEP}`, selector: '[data-run]', count: runsInAll },
  curves: {
    ...{ name: 'loss curves, 300 of the runs', path: `/sweeps/${SWEEP}?tab=curves` },
    ...{ selector: '.uplot canvas', count: 2 },
  },
  curvesOfSize: {
    ...{ name: 'loss curves of a size', path: `/sweeps/${SWEEP}?tab=curves&size=${UNDER_WAY[1]}` },
    ...{ selector: '.uplot canvas', count: 2 },
  },
};

/** The q-th part of the numbers lies below it. */
function quantile(numbers: readonly number[], q: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]!;
}
const median = (numbers: readonly number[]) => quantile(numbers, 0.5);

/** Returns the runs under way of each of the two sizes. */
function plant(runsFolder: string): { underWay: PlantedRun[][]; runs: number; observations: number } {
  const store = openStore(runsFolder);
  const isOpen = ({ modelSize, seed }: { modelSize: number; seed: number }) =>
    (UNDER_WAY as readonly number[]).includes(modelSize) && seed === SEEDS.at(-1);
  const runs = plantSweep(store, SWEEP, {
    sizes: SIZES,
    ratios: RATIOS,
    seeds: SEEDS,
    points: POINTS,
    isOpen,
  });
  const open = runs.filter((run) => run.kind === 'cpt' && isOpen(run));
  for (const run of open) {
    store.setRunning(run.run, {});
    const tokens = [0, ...run.tokens.slice(0, FIRST_POINTS)];
    store.recordObservations(tokens.map((each) => measured(SWEEP, run, each)));
    store.setProgress(run.run, tokens.at(-1)!);
  }
  const observations = store.observations(SWEEP).length;
  store.close();
  const underWay = UNDER_WAY.map((size) =>
    open
      .filter(({ modelSize }) => modelSize === size)
      .map((run) => ({ ...run, tokens: run.tokens.slice(FIRST_POINTS) })),
  );
  return { underWay, runs: runs.length, observations };
}

/** A process that commits; resolves to what it has committed. */
function write(order: Order): Promise<Commit[]> {
  const child = fork(join(import.meta.dirname, 'dashboardWriter.ts'), {
    execArgv: ['--import', import.meta.resolve('tsx')],
  });
  child.send(order);
  return new Promise((done, failed) => {
    child.once('message', (commits) => done(commits as Commit[]));
    child.once('error', failed);
    child.once('exit', (code) => code !== 0 && failed(new Error(`the writer ended with code ${code}`)));
  });
}

interface Live {
  view: string;
  observations: number;
  seconds: number;
  median: number;
  p95: number;
  largest: number;
  unseen: number;
  /** Share of one core that the server took. */
  serverCpu: number;
  /** Share of the time in which the page's thread was in tasks of 50 ms and more. */
  longTaskShare: number;
}

async function live(
  dashboard: DashboardProcess,
  browser: Browser,
  runsFolder: string,
  runs: PlantedRun[],
  kind: 'grid' | 'curvesOfSize',
): Promise<Live> {
  const context = await newContext(browser);
  const isGrid = kind === 'grid';
  const also = isGrid ? '' : 'bench.watchCurves();';
  const page = await openView(await context.newPage(), dashboard.url, VIEWS[kind], also);
  // What loads late (the live connection, the figures' first size) is over.
  await delay(2000);
  const before = isGrid ? 0 : await page.evaluate<number>('bench.seen.at(-1)[0]');
  await page.evaluate(`bench.watchLongTasks(); ${isGrid ? 'bench.watchGrid()' : 'bench.seen.length = 0'}`);
  const [cpuBefore, began] = [dashboard.cpuSeconds(), performance.now()];
  const commits = await write({ runsFolder, sweep: SWEEP, runs, perSecond: rate });
  const seconds = (performance.now() - began) / 1000;
  const serverCpu = (dashboard.cpuSeconds() - cpuBefore) / seconds;
  await delay(1000);
  const found: Latencies = isGrid
    ? await gridLatencies(page, commits)
    : await curveLatencies(page, commits, before);
  const longTasks = await page.evaluate<number[]>('bench.longTasks');
  await context.close();
  if (found.ms.length < commits.length / 2)
    throw new Error(`the page has shown ${found.ms.length} of ${commits.length} observations`);
  return {
    ...{ view: VIEWS[kind].name, observations: commits.length, seconds, serverCpu, unseen: found.unseen },
    ...{ median: median(found.ms), p95: quantile(found.ms, 0.95), largest: Math.max(...found.ms) },
    longTaskShare: longTasks.reduce((sum, each) => sum + each, 0) / 1000 / seconds,
  };
}

/** Megabytes with so many pages on the grid. */
async function memoryWith(dashboard: DashboardProcess, browser: Browser, pages: number): Promise<number> {
  const context = await newContext(browser);
  for (let page = 0; page < pages; page++) await openView(await context.newPage(), dashboard.url, VIEWS.grid);
  await delay(2000);
  const { server } = dashboard.megabytes();
  await context.close();
  return server;
}

/** How long the server takes to answer while a law of everything is fitted, and what that process takes. */
async function whileFitting({ url, megabytes }: DashboardProcess) {
  const end = performance.now() + FITTING_MS;
  const answers: number[] = [];
  let childMegabytes = 0;
  while (performance.now() < end) {
    await (await fetch(new URL(`/api/sweeps/${SWEEP}/law?domain=math`, url))).arrayBuffer();
    const asked = performance.now();
    await (await fetch(new URL('/api/sweeps', url))).arrayBuffer();
    answers.push(performance.now() - asked);
    childMegabytes = Math.max(childMegabytes, megabytes().children);
    await delay(100);
  }
  return { answerMs: median(answers), childMegabytes };
}

const folder = mkdtempSync(join(tmpdir(), 'dashboard-'));
const runsFolder = join(folder, 'runs');
const release: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true })];
try {
  const planted = plant(runsFolder);
  say(`${planted.runs} runs, ${planted.observations} observations`);
  const dashboard = await startDashboardProcess(folder, 'runs');
  release.push(() => dashboard.close());
  const browser = await openBrowser();
  release.push(() => browser.close());
  const memory = { idle: dashboard.megabytes().server, onePage: 0, fivePages: 0 };

  const firstViews = [];
  for (const view of [VIEWS.list, VIEWS.grid, VIEWS.curves]) {
    // The first of all also starts what the browser starts once.
    await firstView(browser, dashboard.url, view);
    const taken: FirstView[] = [];
    const cpuBefore = dashboard.cpuSeconds();
    for (let round = 0; round < rounds; round++) taken.push(await firstView(browser, dashboard.url, view));
    const serverMs = (1000 * (dashboard.cpuSeconds() - cpuBefore)) / rounds;
    const ms = taken.map((each) => each.ms);
    const threadMs = median(taken.map((each) => each.threadMs));
    firstViews.push({ view: view.name, median: median(ms), largest: Math.max(...ms), threadMs, serverMs });
    say(`${view.name}: ${median(ms).toFixed(0)} ms`);
  }
  memory.onePage = await memoryWith(dashboard, browser, 1);
  memory.fivePages = await memoryWith(dashboard, browser, 5);
  const lives: Live[] = [];
  for (const [at, kind] of (['grid', 'curvesOfSize'] as const).entries()) {
    lives.push(await live(dashboard, browser, runsFolder, planted.underWay[at]!, kind));
    say(`live, ${lives.at(-1)!.view}: ${lives.at(-1)!.median.toFixed(0)} ms`);
  }
  const fitting = await whileFitting(dashboard);
  const load = loadavg()[0]!;
  const result = { ...planted, underWay: undefined, load, firstViews, live: lives, memory, fitting };
  if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`);
  else process.stdout.write(`${report(result)}\n`);
} finally {
  for (const each of release.reverse()) await each();
}

function report(given: {
  runs: number;
  observations: number;
  load: number;
  firstViews: { view: string; median: number; largest: number; threadMs: number; serverMs: number }[];
  live: Live[];
  memory: { idle: number; onePage: number; fivePages: number };
  fitting: { answerMs: number; childMegabytes: number };
}): string {
  const right = (header: string) => ({ header, align: 'right' as const });
  const ms = (number: number) => `${number.toFixed(0)} ms`;
  const share = (number: number) => `${(100 * number).toFixed(0)} %`;
  const { memory, fitting } = given;
  return [
    `${cpus()[0]?.model.trim()}, ${availableParallelism()} threads, load ${given.load.toFixed(1)}; ${given.runs} runs, ${given.observations} observations`,
    textTable(
      [`first view, ${rounds} times`, ...['median', 'largest', 'page’s thread', 'server'].map(right)],
      given.firstViews.map((each) => [
        each.view,
        ...[each.median, each.largest, each.threadMs, each.serverMs].map(ms),
      ]),
    ),
    textTable(
      [
        `live, ${rate} observations/s`,
        ...['median', '95 % within', 'largest', 'seen', 'server', 'long tasks'].map(right),
      ],
      given.live.map((each) => [
        ...[each.view, ms(each.median), ms(each.p95), ms(each.largest)],
        `${each.observations - each.unseen} of ${each.observations}`,
        ...[`${share(each.serverCpu)} of a core`, share(each.longTaskShare)],
      ]),
    ),
    `server: ${memory.idle.toFixed(0)} MB at first, ${memory.onePage.toFixed(0)} MB with a page, ${memory.fivePages.toFixed(0)} MB with five`,
    `while a law of all of it is fitted: other answers in ${ms(fitting.answerMs)}, ${fitting.childMegabytes.toFixed(0)} MB in its own process`,
  ].join('\n\n');
}
