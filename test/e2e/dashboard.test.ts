import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { RunStatus, SweepDetail } from '../../src/dashboard/api/sweeps.ts';
import { barriers, overflow } from './axe.ts';
import {
  chromiumPath,
  DESKTOP,
  inPage,
  isBreak,
  openBrowser,
  openPage,
  PHONE,
  pointAtCurve,
  type WatchedPage,
} from './browser.ts';
import { type DashboardProcess, startDashboard, stopDashboard, TOKEN } from './dashboardProcess.ts';
import { type SweepProcess, startSweep, startVerb, sweepFolders, until } from './sweepProcess.ts';

/** Half a minute and more, runs of seconds; base models good enough for the limit on general loss to bind. */
const WATCHED = [
  ...['--set', 'name=watched'],
  ...['--set', 'training.baseTokens=294912'],
  ...['--set', 'training.cptTokens=196608'],
  ...['--set', 'law.resamples=20'],
  ...['--set', 'run.trainers=1'],
];
/** A busy machine trains ten times slower. */
const WAIT = { timeout: 120_000, interval: 200 };
const TO_THE_END = { timeout: 400_000, interval: 500 };
const STATUSES: readonly RunStatus[] = ['planned', 'running', 'done', 'diverged', 'failed'];

describe.skipIf(chromiumPath === null)(
  'the dashboard of a live sweep (skipped where no chromium is installed)',
  {
    timeout: 500_000,
  },
  () => {
    const folders = sweepFolders();
    let dashboard: DashboardProcess;
    let browser: Browser;
    let watched: WatchedPage;
    let page: Page;
    let sweep: SweepProcess;
    /** The run that was cancelled and tried again. */
    let cancelled = '';

    beforeAll(async () => {
      [dashboard, browser] = await Promise.all([startDashboard(folders), openBrowser()]);
      watched = await openPage(browser);
      page = watched.page;
    }, 90_000);
    afterAll(async () => {
      sweep?.child.kill('SIGKILL');
      await browser?.close();
      await stopDashboard(dashboard);
    });
    afterEach(() => expect(watched.problems).toEqual([]));

    const api = async <Result>(path: string): Promise<Result> =>
      (await watched.context.request.get(new URL(path, dashboard.url).href)).json() as Promise<Result>;
    const detail = () => api<SweepDetail>('/api/sweeps/watched');
    const tab = (name: string) =>
      page.getByRole('navigation', { name: 'Views of watched' }).getByRole('link', { name }).click();
    const state = () => page.locator('.sweep-head .tag');
    const said = (words: string) => page.locator('.said.is-shown', { hasText: words }).waitFor();
    const count = async (status: RunStatus) => (await detail()).runs[status];

    it('lets in whoever has the token, which leaves the address; a sweep appears by itself', async () => {
      await page.goto(dashboard.urlWithToken);
      expect(page.url()).toBe(dashboard.url);
      const [cookie, ...others] = await watched.context.cookies();
      expect(others).toEqual([]);
      expect(cookie).toMatchObject({
        name: `dashboard_${dashboard.port}`,
        httpOnly: true,
        sameSite: 'Strict',
      });
      expect(cookie!.value).not.toContain(TOKEN);
      await page.getByText('No sweep yet.').waitFor();
      expect(await page.title()).toBe('Sweeps · Mixture law');
      await page.getByRole('status').filter({ hasText: 'live' }).waitFor();
      await mark(page);

      sweep = startSweep('configs/smoke.yaml', folders, WATCHED);
      const card = page.getByRole('article').filter({ hasText: 'watched' });
      await card.locator('.tag.is-running').waitFor(WAIT);
      await card.getByText('0 of 15 runs done').waitFor();
      await expectSamePage(page);
    });

    it('fills the grid: runs are planned, train, are done; counts are those of the server', async () => {
      await page.getByRole('link', { name: 'watched', exact: true }).click();
      await page.getByRole('grid', { name: 'Runs of math' }).waitFor();
      expect(await page.title()).toBe('Grid · watched · Mixture law');
      const seen = new Map<string, string>();
      const look = async () => {
        for (const [run, status] of Object.entries(await cells(page))) {
          const before = seen.get(run) ?? '';
          if (!before.endsWith(status)) seen.set(run, `${before} ${status}`.trim());
        }
        return [...seen.values()];
      };
      await expect.poll(look, WAIT).toContain('planned running done');
      expect(seen.size).toBe(15);
      const key = page.getByRole('list', { name: 'States of runs' });
      const differences = async () => {
        const shown = (await key.textContent())!.replace(/\s/g, '');
        const { runs } = await detail();
        const told = STATUSES.map((status) => `${status}${runs[status]}`).join('');
        return shown === told ? '' : `${shown} is not ${told}`;
      };
      await expect.poll(differences, WAIT).toBe('');
      await expectSamePage(page);
    });

    it('lets curves grow, reads them, keeps the view in the address', async () => {
      await tab('Loss curves');
      const figure = page.getByRole('figure', { name: 'General loss' });
      await figure.waitFor(WAIT);
      await figure.getByText('Show as table').click();
      const rows = () => figure.locator('table.numbers tbody tr').count();
      const before = await rows();
      await expect.poll(rows, WAIT).toBeGreaterThan(Math.max(2, before));
      await expectSamePage(page);

      expect(await pointAtCurve(page, figure)).toMatch(/^13\.9k math r=\S+ · \S+ tokens · \d\.\d{4} nats$/);
      await page.mouse.down();
      await page.mouse.up();
      await page.waitForURL(/[?&]run=[0-9a-f]{64}/);
      const run = new URL(page.url()).searchParams.get('run')!;
      const label = (await detail()).runRows.find((row) => row.run === run)!.label;
      await page.locator('.in-hand', { hasText: label }).waitFor();

      await page.getByLabel('log tokens').check();
      await page.getByLabel('log loss').check();
      await page.waitForURL(/[?&]x=log&y=log/);
      expect(await pointAtCurve(page, figure)).not.toMatch(/ 0 tokens/);
      await page.reload();
      await page.locator('.in-hand', { hasText: label }).waitFor();
      expect(await page.getByLabel('log tokens').isChecked()).toBe(true);
      expect(await page.getByLabel('log loss').isChecked()).toBe(true);
      expect(await page.getByLabel('base models').isChecked()).toBe(false);
    });

    it('cancels a run, tells why it failed and what its worker logged, and tries it again', async () => {
      await tab('Grid');
      // A run may end while it is being opened: then the next one is cancelled.
      for (let tries = 0; tries < 6 && cancelled === ''; tries++) cancelled = await cancelRunning(page);
      await said('is cancelled: it counts as failed');
      await page.locator('.run-head .status.is-failed').waitFor(WAIT);
      await page.locator('.run-head .note', { hasText: /cancelled/ }).waitFor();
      const log = page.getByRole('region', { name: 'Lines of the log' });
      await log.waitFor();
      expect((await log.innerText()).split('\n').length).toBeGreaterThan(1);

      await page.getByRole('link', { name: 'watched', exact: true }).click();
      const retry = page.getByRole('button', { name: 'Retry failed' });
      await page.locator(`.cell.is-failed[data-run="${cancelled}"]`).waitFor();
      await retry.click();
      await said('failed runs of watched are tried again');
      // It waits its turn, behind the others: at the end it is done.
      await until(() => /1 failed runs are tried again/.test(sweep.stderr()), WAIT.timeout, 'the retry');
    });

    it('pauses and resumes the sweep', async () => {
      await page.getByRole('button', { name: 'Pause' }).click();
      await said('watched is paused');
      await state().filter({ hasText: 'paused' }).waitFor();
      await expect.poll(async () => Object.values(await cells(page)), WAIT).not.toContain('running');
      const done = await count('done');
      const looks = Date.now();
      // Longer than a queue needs to hand out the next run.
      await expect.poll(() => Date.now() - looks, WAIT).toBeGreaterThan(1500);
      expect(await count('done')).toBe(done);
      expect(await count('running')).toBe(0);

      await page.getByRole('button', { name: 'Resume' }).click();
      await said('watched goes on');
      await page.locator('.cell.is-running').first().waitFor({ timeout: WAIT.timeout });
    });

    it('shows workers at work, without barriers, on a desk and a phone', async () => {
      await page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: 'Queue' }).click();
      await page
        .getByRole('table', { name: 'Workers' })
        .getByRole('link', { name: /base|math/ })
        .waitFor(WAIT);
      await page.getByRole('figure', { name: /throughput/i }).waitFor();
      expect(await barriers(page)).toEqual([]);
      await page.setViewportSize(PHONE);
      expect(await barriers(page)).toEqual([]);
      expect(await overflow(page)).toBe(0);
      await page.setViewportSize(DESKTOP);
      await page.goBack();
    });

    it('fits the law as soon as it can, and again as runs are done', async () => {
      await mark(page);
      await tab('Law');
      const fit = page.getByRole('region', { name: 'Fit: General loss' });
      await fit.waitFor(WAIT);
      const runs = async () =>
        Number(/Fitted to (\d+) runs/.exec((await page.locator('.law-head').textContent())!)![1]);
      const first = await runs();
      expect(first).toBeLessThanOrEqual(12);
      await page.getByRole('figure', { name: 'Loss against domain ratio' }).locator('svg').first().waitFor();
      await expect.poll(runs, TO_THE_END).toBe(12);
      await fit.locator('.tag', { hasText: /converged|bound/ }).waitFor(WAIT);
      const names = await fit.getByRole('rowheader').allTextContents();
      expect(names.sort()).toEqual(['A', 'B', 'C', 'E', 'alpha', 'beta', 'epsilon', 'eta', 'gamma']);
      await expectSamePage(page);
    });

    it('answers at the end as npm run recommend does, at each target', async () => {
      await state().filter({ hasText: 'complete' }).waitFor(TO_THE_END);
      expect((await sweep.ended).code).toBe(0);
      expect(await count('done')).toBe(15);
      expect((await detail()).runRows.find(({ run }) => run === cancelled)).toMatchObject({ status: 'done' });

      await tab('Question');
      const atThree = await command(page, '--tolerance 0.03');
      expect(await told(page)).toEqual(await recommended(atThree));

      const typed = page.getByRole('textbox', { name: 'Tolerance, typed' });
      await typed.focus();
      await page.keyboard.press('ControlOrMeta+a');
      await page.keyboard.type('8 %');
      await page.keyboard.press('Enter');
      await page.waitForURL(/[?&]tolerance=0\.08/);
      const atEight = await command(page, '--tolerance 0.08');
      const answer = await told(page);
      expect(answer.ratio).not.toBeNull();
      expect(answer).toEqual(await recommended(atEight));

      const slider = page.getByRole('slider', { name: 'Tolerance' });
      await slider.focus();
      for (let steps = 0; steps < 20; steps++) await page.keyboard.press('ArrowLeft');
      const percent = Number.parseFloat((await slider.getAttribute('aria-valuetext'))!);
      expect(percent).toBeLessThan(8);
      await command(page, `--tolerance ${Number((percent / 100).toPrecision(3))}`);
      expect((await told(page)).ratio).toBeLessThan(answer.ratio!);

      // So few tokens mend nothing: no ratio reaches the base model's loss.
      await page.goto(`${dashboard.url}sweeps/watched?tab=question&tokens=5000&tolerance=0.001`);
      await command(page, '--tolerance 0.001');
      const card = page.getByRole('region', { name: 'The answer' });
      expect(await card.locator('.big-words').textContent()).toBe('Infeasible');
      expect(await card.locator('.sentence').textContent()).toMatch(
        /no ratio keeps general loss within 0\.1 %/,
      );
      expect(await card.locator('.big-number').count()).toBe(0);
    });

    it('says that it is not connected when the server has died, and is live again by itself', async () => {
      await page.goto(`${dashboard.url}sweeps/watched`);
      await page.getByRole('status').filter({ hasText: 'live' }).waitFor();
      await mark(page);
      await stopDashboard(dashboard, 'SIGKILL');
      await page.getByText('The server does not answer.').waitFor(WAIT);
      await page.locator('.pill.is-reconnecting').waitFor();
      expect(await page.locator('.cell.is-done').count()).toBe(15);

      dashboard = await startDashboard(folders, dashboard.port);
      await page.locator('.pill.is-connected').waitFor(WAIT);
      await page.getByText('The server does not answer.').waitFor({ state: 'detached' });
      await expectSamePage(page);
      watched.problems.splice(0, Infinity, ...watched.problems.filter((line) => !isBreak(line)));
    });
  },
);

/** By run: its state as a cell of the grid shows it. */
const cells = (page: Page): Promise<Record<string, string>> =>
  inPage(
    page,
    `Object.fromEntries([...document.querySelectorAll('[data-run]')].map((cell) =>
      [cell.dataset.run, /is-(\\w+)/.exec(cell.className)[1]]))`,
  );

/** What is marked stays so until somebody loads the page again. */
const mark = (page: Page) => inPage(page, 'void (window.isMarked = true)');
const expectSamePage = async (page: Page) => expect(await inPage(page, 'window.isMarked')).toBe(true);

/** From the grid: opens a run that trains and cancels it. Gives back its id, or nothing when it ended before. */
async function cancelRunning(page: Page): Promise<string> {
  const cell = page.locator('.cell.is-running[aria-label*="math"]').first();
  await cell.waitFor({ timeout: WAIT.timeout });
  const run = (await cell.getAttribute('data-run'))!;
  await page.locator(`[data-run="${run}"]`).focus();
  await page.keyboard.press('Enter');
  try {
    await page.getByRole('button', { name: 'Cancel this run…' }).click({ timeout: 3000 });
    const dialog = page.getByRole('dialog', { name: /^Cancel the run 1?[0-9.]+k math/ });
    await dialog.getByRole('button', { name: 'Yes, cancel it' }).click({ timeout: 3000 });
    await page.locator('.said.is-shown').waitFor({ timeout: 3000 });
    if ((await page.locator('.said.is-bad').count()) === 0) return run;
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'TimeoutError') throw error;
  }
  await page.getByRole('link', { name: 'watched', exact: true }).click();
  return '';
}

/** The command beside the answer, once it is that of the question with these words and nothing newer is on its way. */
async function command(page: Page, words: string): Promise<string> {
  const card: Locator = page.locator('section[aria-label="The answer"][aria-busy="false"]');
  await card.locator('.command code', { hasText: new RegExp(`${words}( |$)`) }).waitFor(WAIT);
  await card.getByText('being computed anew').waitFor({ state: 'detached', timeout: WAIT.timeout });
  return card.locator('.command code').innerText();
}

interface Told {
  ratio: number | null;
  interval: string;
}

async function told(page: Page): Promise<Told> {
  const number = page.getByRole('region', { name: 'The answer' }).locator('.big-number');
  if ((await number.count()) === 0) return { ratio: null, interval: '' };
  const interval = await page.locator('.big-interval').textContent();
  return { ratio: Number(await number.getAttribute('data-answer')), interval: interval! };
}

/** Runs the command as a person would copy it, without npm in between. */
async function recommended(line: string): Promise<Told> {
  const words = line.replace(/^npm run recommend -- /, '').split(' ');
  const { code, stdout, stderr } = await startVerb('recommend', [...words, '--json']).ended;
  expect(code, stderr).toBe(0);
  const { status, domainRatio, interval } = JSON.parse(stdout).answers[0].usage1;
  if (status !== 'recommended') return { ratio: null, interval: '' };
  const two = (value: number) => value.toFixed(2);
  return { ratio: domainRatio, interval: `${two(interval.low)}–${two(interval.high)} (90\u00a0%)` };
}
