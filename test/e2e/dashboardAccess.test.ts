import { readFileSync } from 'node:fs';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { checkXml } from '../report/xml.ts';
import { barriers, overflow } from './axe.ts';
import { chromiumPath, DESKTOP, inPage, openBrowser, openPage, PHONE, type WatchedPage } from './browser.ts';
import { type DashboardProcess, startDashboard, stopDashboard } from './dashboardProcess.ts';
import { HOSTILE, type PlantedPlaces, plantPlaces } from './plantedPlaces.ts';
import { sweepFolders } from './sweepProcess.ts';

/** Every view, and what is there once it is whole; RUN and HOSTILE stand for ids. */
const VIEWS: [name: string, path: string, whole: string][] = [
  ['sweeps', '', 'text=Compare them'],
  ['grid', 'sweeps/math?run=RUN', 'role=figure[name="Runs of math"]'],
  ['loss curves', 'sweeps/math?tab=curves&base=1&run=RUN', '.u-over'],
  ['law', 'sweeps/math?tab=law', 'role=figure[name="Predicted against measured"]'],
  ['question', 'sweeps/math?tab=question&domainTokens=90000', 'figure:has-text("trade")'],
  ['runs', 'sweeps/math?tab=runs', 'role=table'],
  ['versions', 'sweeps/math?tab=versions', 'text=What changed'],
  ['forms', 'sweeps/math?tab=forms', 'role=table'],
  ['config', 'sweeps/math?tab=config', 'pre'],
  ['run', 'runs/HOSTILE', '.u-over'],
  ['queue', 'queue', 'text=No queue is running.'],
  ['comparison', 'compare?sweeps=math,texts', 'figure svg'],
  ['nothing', 'nowhere', 'text=There is no page at /nowhere.'],
];

describe.skipIf(chromiumPath === null)(
  'the dashboard for everybody (skipped where no chromium is installed)',
  { timeout: 300_000 },
  () => {
    const folders = sweepFolders();
    let places: PlantedPlaces;
    let dashboard: DashboardProcess;
    let browser: Browser;
    let watched: WatchedPage;
    let page: Page;

    beforeAll(async () => {
      places = plantPlaces(folders.runs);
      [dashboard, browser] = await Promise.all([startDashboard(folders), openBrowser()]);
      watched = await openPage(browser);
      page = watched.page;
      await page.goto(dashboard.urlWithToken);
    }, 90_000);
    afterAll(async () => {
      await browser?.close();
      await stopDashboard(dashboard);
    });
    afterEach(() => expect(watched.problems).toEqual([]));

    const open = (path: string) => page.goto(`${dashboard.url}${path}`);
    const focused = () => page.locator(':focus');

    it('leads to every run by keyboard alone', async () => {
      await open('sweeps/math');
      await page.getByRole('grid', { name: 'Runs of math' }).waitFor();
      await page.keyboard.press('Tab');
      expect(await focused().textContent()).toBe('Skip to the content');
      expect((await focused().boundingBox())!.y).toBeGreaterThanOrEqual(0);
      await page.keyboard.press('Enter');
      expect(await focused().getAttribute('id')).toBe('content');
      expect(page.url()).not.toContain('?');

      await tabTo(page, page.getByRole('link', { name: 'Loss curves' }));
      await page.keyboard.press('Enter');
      await page.waitForURL(/tab=curves/);
      await page.keyboard.press('Shift+Tab');
      expect(await focused().textContent()).toBe('Grid');
      await page.keyboard.press('Enter');

      const selected = () => new URL(page.url()).searchParams.get('run');
      await tabTo(page, page.locator('.cell[tabindex="0"]'));
      const first = await focused().getAttribute('data-run');
      await page.keyboard.press('ArrowRight');
      await expect.poll(() => focused().getAttribute('data-run')).not.toBe(first);
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('End');
      await page.waitForURL(/run=/);
      await expect.poll(() => focused().getAttribute('data-run')).toBe(selected());
      expect(await focused().getAttribute('aria-label')).toMatch(/^14k math r=1 s1: done/);
      await page.getByRole('complementary', { name: 'Selected run' }).getByText('14k math r=1 s1').waitFor();
      await page.keyboard.press('Home');
      await expect.poll(() => focused().getAttribute('aria-label')).toMatch(/^14k base s1: done/);
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { level: 1, name: '14k base s1' }).waitFor();
      expect(await focused().getAttribute('id')).toBe('content');
    });

    it('asks before it cancels; Escape means no, and gives the focus back', async () => {
      await open(`runs/${places.runningRun}`);
      const button = page.getByRole('button', { name: 'Cancel this run…' });
      await button.focus();
      await page.keyboard.press('Enter');
      const dialog = page.getByRole('dialog', { name: /^Cancel the run/ });
      await dialog.waitFor();
      for (let presses = 0; presses < 4; presses++) {
        await page.keyboard.press('Tab');
        // The page behind a modal dialog cannot be reached; the browser's own bar may be.
        expect(await inPage(page, '!document.activeElement.closest("main > :not(:has(dialog))")')).toBe(true);
      }
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'detached' });
      expect(await focused().textContent()).toBe('Cancel this run…');
      expect(await page.locator('.said.is-shown').count()).toBe(0);
    });

    it('saves figures as SVG, PNG and CSV', async () => {
      await open('sweeps/math?tab=curves');
      const curves = page.getByRole('figure', { name: 'General loss' });
      const csv = (await saved(page, curves, 'CSV')).toString('utf8').trim().split(/\r?\n/);
      expect(csv[0]).toBe(
        'label,kind,domain,model_size,domain_ratio,seed,tokens,general_loss,domain_loss,general_bits_per_byte,domain_bits_per_byte',
      );
      expect(csv.length).toBe(1 + places.observations);
      for (const [path, name] of [
        ['sweeps/math?tab=curves', 'General loss'],
        ['sweeps/math', 'Runs of math'],
        ['sweeps/math?tab=law', 'Loss against domain ratio'],
      ] as const) {
        await open(path);
        const figure = page.getByRole('figure', { name });
        await figure.locator('svg, canvas, table').first().waitFor();
        expectPicture((await saved(page, figure, 'SVG')).toString('utf8'));
        const png = await saved(page, figure, 'PNG');
        expect(png.subarray(0, 8)).toEqual(Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]));
        expect(png.readUInt32BE(16)).toBeGreaterThan(600);
        expect(png.length).toBeGreaterThan(5000);
      }
    });

    it('shows hostile names as the text that they are', async () => {
      const isHarmless = async () => {
        expect(await inPage(page, 'window.injected === undefined')).toBe(true);
        expect(await page.locator('img[src="x"], body script, [onerror]').count()).toBe(0);
      };
      await open(`runs/${places.hostileRun}`);
      await page.getByRole('heading', { level: 1 }).getByText(HOSTILE).waitFor();
      await page.locator('.note.is-bad', { hasText: HOSTILE }).waitFor();
      await page.getByRole('region', { name: 'Environment' }).getByText(HOSTILE).waitFor();
      expect(await page.title()).toContain(HOSTILE);
      await isHarmless();
      const figure = page.getByRole('figure', { name: 'General loss' });
      expectPicture((await saved(page, figure, 'SVG')).toString('utf8'));
      expect((await saved(page, figure, 'CSV')).toString('utf8')).toContain(HOSTILE.replaceAll('"', '""'));

      await open(`sweeps/texts?run=${places.hostileRun}`);
      await page.getByRole('complementary', { name: 'Selected run' }).getByText(HOSTILE).first().waitFor();
      await isHarmless();
      await open('sweeps/texts?tab=runs');
      await page.getByRole('table').getByText(HOSTILE).first().waitFor();
      await isHarmless();
      await open(`sweeps/texts?tab=curves&run=${places.hostileRun}`);
      await page.locator('.in-hand', { hasText: HOSTILE }).waitFor();
      await isHarmless();
      await open('sweeps/texts?tab=config');
      await page.locator('pre', { hasText: 'onerror' }).waitFor();
      await isHarmless();
      await open(encodeURIComponent(HOSTILE));
      await page.getByText(`There is no page at /${encodeURIComponent(HOSTILE)}.`).waitFor();
      await isHarmless();
      await open(`sweeps/${encodeURIComponent(HOSTILE)}`);
      await page.getByRole('heading', { level: 1 }).getByText(HOSTILE).waitFor();
      await isHarmless();
    });

    describe('has no barriers, light and dark, on a desk and a phone', () => {
      it.each(VIEWS)('%s', async (_, path, whole) => {
        await page.setViewportSize(DESKTOP);
        await open(path.replace('RUN', places.run).replace('HOSTILE', places.hostileRun));
        await page.locator(whole).first().waitFor({ timeout: 150_000 });
        for (const size of [DESKTOP, PHONE]) {
          await page.setViewportSize(size);
          for (const colorScheme of ['light', 'dark'] as const) {
            await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
            await page.locator(`html[data-theme="${colorScheme}"]`).waitFor();
            expect(await barriersWhenSettled(page), `${colorScheme}, ${size.width} px`).toEqual([]);
          }
          expect(await overflow(page), `${size.width} px`).toBe(0);
        }
      });
    });
  },
);

/** Nothing is being asked for, and no colour is on its way to another. */
const SETTLED =
  'document.querySelector(".dimmed, .skeleton, .spinner") === null && ' +
  '!document.getAnimations().some((each) => each instanceof CSSTransition)';

/** A page that asks again, dims what it shows meanwhile: that is looked at when the answer has come. */
async function barriersWhenSettled(page: Page) {
  for (let tries = 1; ; tries++) {
    // Asked from here: a page that asked itself again and again would need `eval`, which its policy forbids.
    await expect.poll(() => inPage<boolean>(page, SETTLED), { timeout: 150_000, interval: 50 }).toBe(true);
    const found = await barriers(page);
    if (found.length === 0 || tries === 3) return found;
  }
}

/** Presses Tab until it is there. */
async function tabTo(page: Page, place: Locator): Promise<void> {
  for (let presses = 0; presses < 40; presses++) {
    await page.keyboard.press('Tab');
    if ((await place.and(page.locator(':focus')).count()) > 0) return;
  }
  throw new Error('the Tab key does not lead there');
}

async function saved(page: Page, figure: Locator, type: 'SVG' | 'PNG' | 'CSV'): Promise<Buffer> {
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    figure.getByRole('group', { name: /^Save/ }).getByRole('button', { name: type }).click(),
  ]);
  expect(download.suggestedFilename()).toMatch(new RegExp(`^[\\w.-]+\\.${type.toLowerCase()}$`));
  return readFileSync(await download.path());
}

const DRAWN = ['svg', 'g', 'title', 'text', 'tspan', 'path', 'rect', 'line', 'circle', 'clipPath', 'defs'];

/** Well-formed, by itself, and nothing in it that runs. */
function expectPicture(svg: string): void {
  const elements = checkXml(svg.trim());
  expect([...elements.keys()].filter((name) => !DRAWN.includes(name))).toEqual([]);
  expect(svg).not.toMatch(/<[^>]*\son\w+=/i);
  expect(svg).not.toMatch(/NaN|undefined|var\(--/);
}
