/**
 * `npm run pictures`: a sweep is run, another one is started, and every view of the dashboard is pictured in light and dark
 * colours, wide and on a phone, into docs/images/dashboard: one sheet a view.
 */
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import { openBrowser, startDashboardProcess } from './dashboardParts.ts';

const USAGE = `npm run pictures -- [--runs DIR] [--only law,queue] [--raw DIR] [--out docs/images/dashboard]

  --runs  a runs folder with finished sweeps to copy, instead of running configs/math.yaml (minutes)
  --only  these views
  --raw   also every single picture, as PNG`;
const { values } = parseArgs({
  options: {
    runs: { type: 'string' },
    only: { type: 'string' },
    raw: { type: 'string' },
    out: { type: 'string', default: 'docs/images/dashboard' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  process.stdout.write(`${USAGE}\n`);
  process.exit(0);
}
const say = (line: string) => process.stderr.write(`${line}\n`);

const ROOT = join(import.meta.dirname, '..');
const SIZES = { wide: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } } as const;
const THEMES = ['light', 'dark'] as const;
const MOST_HEIGHT = { wide: 1500, phone: 1900 };
/** What stands in pictures instead of this machine's name. */
const HOST = 'trainer-1';
const QUALITY = 72;
const MOST_BYTES = { picture: 200_000, folder: 1_500_000 };
const PATIENCE_MS = 300_000;

const FINISHED = 'math';
const SMALL = 'smoke';
const LIVE = 'live';
/** Of the live sweep’s runs, before it is pictured. */
const LEAST_DONE = 7;

interface Shot {
  name: string;
  path: string;
  /** The view is complete when this is there. */
  ready: string;
  /** Pictured while a sweep runs. */
  isLive?: boolean;
}

function shots(run: string): Shot[] {
  const sweep = (tab: string) => `/sweeps/${FINISHED}?tab=${tab}`;
  return [
    { name: 'grid', path: `/sweeps/${LIVE}`, ready: '.cell.is-running', isLive: true },
    { name: 'queue', path: '/queue', ready: 'main table', isLive: true },
    { name: 'sweeps', path: '/', ready: '.sweep-card', isLive: true },
    { name: 'curves', path: sweep('curves'), ready: '.uplot canvas' },
    { name: 'law', path: sweep('law'), ready: 'main svg.plot' },
    { name: 'question', path: sweep('question'), ready: 'main svg.plot' },
    { name: 'runs', path: sweep('runs'), ready: 'main tbody tr' },
    { name: 'versions', path: sweep('versions'), ready: 'main tbody tr' },
    { name: 'forms', path: sweep('forms'), ready: 'main tbody tr' },
    { name: 'config', path: sweep('config'), ready: 'main pre' },
    { name: 'run', path: `/runs/${run}?sweep=${FINISHED}`, ready: '.uplot canvas' },
    { name: 'compare', path: `/compare?sweeps=${FINISHED},${SMALL}`, ready: 'main svg.plot' },
  ];
}

async function waitFor(holds: () => Promise<boolean>, what: string): Promise<void> {
  const late = Date.now() + PATIENCE_MS;
  while (!(await holds())) {
    if (Date.now() > late) throw new Error(`waited ${PATIENCE_MS / 1000} s for ${what}`);
    await delay(200);
  }
}

/** A sweep as a process; `ended` resolves to its exit code. */
function startSweep(runsFolder: string, config: string, args: readonly string[]) {
  const child = spawn(
    process.execPath,
    [
      ...['--import', 'tsx', 'pipelines/sweep.ts', `configs/${config}.yaml`],
      ...['--runs', runsFolder, ...args],
    ],
    { cwd: ROOT, stdio: 'ignore', env: { ...process.env, NO_COLOR: '1' } },
  );
  const ended = new Promise<number | null>((done) => child.once('exit', done));
  return { ended, stop: () => child.kill('SIGTERM') && ended };
}

/** Nothing is loading, nothing is being computed, nothing moves. */
const STILL = `document.querySelector('.skeleton, .spinner, [aria-busy="true"]') === null
  && !document.body.innerText.includes('being computed…')`;
const overflow = `document.documentElement.scrollWidth - document.documentElement.clientWidth`;

/** One view in one size and theme, as PNG. */
async function picture(
  browser: Browser,
  url: string,
  shot: Shot,
  size: keyof typeof SIZES,
  theme: (typeof THEMES)[number],
): Promise<Buffer> {
  const context = await browser.newContext({
    viewport: SIZES[size],
    colorScheme: theme,
    reducedMotion: 'reduce',
    timezoneId: 'UTC',
  });
  try {
    const page = await context.newPage();
    await page.goto(new URL(shot.path, url).href);
    await page.locator(shot.ready).first().waitFor({ timeout: PATIENCE_MS });
    await waitFor(() => page.evaluate<boolean>(STILL), `${shot.name} to be still`);
    // Asked again when the page has begun, and what is asked when everything has come to rest.
    await delay(1800);
    await waitFor(() => page.evaluate<boolean>(STILL), `${shot.name} to be still`);
    await nameless(page);
    const beyond = await page.evaluate<number>(overflow);
    if (beyond > 0) say(`${shot.name}, ${size}, ${theme}: ${beyond} px wider than the screen`);
    const height = await page.evaluate<number>('document.documentElement.scrollHeight');
    return await page.screenshot({
      fullPage: true,
      clip: { x: 0, y: 0, width: SIZES[size].width, height: Math.min(height, MOST_HEIGHT[size]) },
    });
  } finally {
    await context.close();
  }
}

/** This machine’s name and system are nobody’s concern, also not in what comes live before the picture is taken. */
const nameless = (page: Page) =>
  page.evaluate(`{
    const own = ${JSON.stringify(hostname())};
    const replace = () => {
      const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      while (walk.nextNode()) {
        const text = walk.currentNode.data.replaceAll(own, ${JSON.stringify(HOST)}).replace(/^linux [0-9][^ ]*/, 'linux');
        if (text !== walk.currentNode.data) walk.currentNode.data = text;
      }
    };
    new MutationObserver(replace).observe(document.body, { characterData: true, childList: true, subtree: true });
    replace();
  }`);

interface Taken {
  wide: Record<(typeof THEMES)[number], Buffer>;
  phone: Record<(typeof THEMES)[number], Buffer>;
}

async function take(browser: Browser, url: string, shot: Shot): Promise<Taken> {
  const both = async (size: keyof typeof SIZES) => ({
    light: await picture(browser, url, shot, size, 'light'),
    dark: await picture(browser, url, shot, size, 'dark'),
  });
  const taken = { wide: await both('wide'), phone: await both('phone') };
  if (values.raw) {
    mkdirSync(values.raw, { recursive: true });
    for (const size of ['wide', 'phone'] as const) {
      for (const theme of THEMES)
        writeFileSync(join(values.raw, `${shot.name}-${size}-${theme}.png`), taken[size][theme]);
    }
  }
  return taken;
}

/** Pictures side by side as WebP, each as wide as it says. */
async function sheet(browser: Browser, pictures: readonly { png: Buffer; width: number }[]): Promise<Buffer> {
  const page = await browser.newPage({ viewport: { width: 1600, height: 1000 } });
  try {
    const images = pictures.map(
      ({ png, width }) => `<img width="${width}" src="data:image/png;base64,${png.toString('base64')}">`,
    );
    await page.setContent(
      `<body style="margin:0;background:#8b949e"><div id="all" style="display:inline-flex;gap:12px;align-items:start">${images.join('')}</div>`,
    );
    const box = (await page.locator('#all').boundingBox())!;
    const session = await page.context().newCDPSession(page);
    const { data } = await session.send('Page.captureScreenshot', {
      ...{ format: 'webp', quality: QUALITY, captureBeyondViewport: true },
      clip: { ...box, scale: 1 },
    });
    return Buffer.from(data, 'base64');
  } finally {
    await page.close();
  }
}

/** The first is the picture of the view; the second has the same in dark, and both on a phone. */
async function write(browser: Browser, name: string, { wide, phone }: Taken): Promise<void> {
  mkdirSync(values.out, { recursive: true });
  const sheets = {
    [name]: await sheet(browser, [{ png: wide.light, width: 1080 }]),
    [`${name}-variants`]: await sheet(browser, [
      { png: wide.dark, width: 720 },
      { png: phone.light, width: 260 },
      { png: phone.dark, width: 260 },
    ]),
  };
  for (const [file, webp] of Object.entries(sheets)) {
    if (webp.length > MOST_BYTES.picture) throw new Error(`${file} has ${webp.length} bytes`);
    writeFileSync(join(values.out, `${file}.webp`), webp);
  }
  say(name);
}

const folder = mkdtempSync(join(tmpdir(), 'pictures-'));
const runsFolder = join(folder, 'runs');
const release: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true })];
try {
  if (values.runs) {
    const passing = ['lock.json', 'queue.json', 'work'].map((name) => resolve(values.runs!, name));
    cpSync(values.runs, runsFolder, { recursive: true, filter: (from) => !passing.includes(resolve(from)) });
  } else {
    for (const name of [SMALL, FINISHED]) {
      say(`running configs/${name}.yaml`);
      if ((await startSweep(runsFolder, name, []).ended) !== 0)
        throw new Error(`the sweep ${name} has failed`);
    }
  }
  const dashboard = await startDashboardProcess(folder, 'runs');
  release.push(() => dashboard.close());
  const browser = await openBrowser();
  release.push(() => browser.close());
  const ask = async <Answer>(path: string): Promise<Answer> =>
    (await (await fetch(new URL(path, dashboard.url))).json()) as Answer;
  const { items } = await ask<{ items: { run: string }[] }>(
    `/api/sweeps/${FINISHED}/runs?search=0.5&status=done`,
  );
  const wanted = shots(items.at(-1)!.run).filter(
    ({ name }) => !values.only || values.only.split(',').includes(name),
  );
  const live = wanted.filter(({ isLive }) => isLive);
  if (live.length > 0) {
    const sweep = startSweep(runsFolder, SMALL, [
      ...['--set', `name=${LIVE}`, '--set', 'training.cptTokens=262144', '--set', 'run.trainers=2'],
      ...['--set', 'mixture.ratios=[0, 0.2, 0.4, 0.6, 0.8, 1]', '--set', 'models.sizes=[8, 16, 24, 32]'],
    ]);
    release.push(sweep.stop);
    await waitFor(async () => {
      const sweeps = await ask<{ sweep: string; runs: { done: number } }[]>('/api/sweeps');
      return (sweeps.find(({ sweep }) => sweep === LIVE)?.runs.done ?? 0) >= LEAST_DONE;
    }, `${LEAST_DONE} runs of the sweep ${LIVE}`);
    for (const shot of live) await write(browser, shot.name, await take(browser, dashboard.url, shot));
    await sweep.stop();
  }
  for (const shot of wanted.filter(({ isLive }) => !isLive)) {
    await write(browser, shot.name, await take(browser, dashboard.url, shot));
  }
  const bytes = readdirSync(values.out).reduce((sum, name) => sum + statSync(join(values.out, name)).size, 0);
  say(`${(bytes / 1e6).toFixed(2)} MB in ${values.out}`);
  if (bytes > MOST_BYTES.folder) throw new Error(`more than ${MOST_BYTES.folder} bytes in ${values.out}`);
} finally {
  for (const each of release.reverse()) await each();
}
