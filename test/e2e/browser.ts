import { existsSync } from 'node:fs';
import { type Browser, type BrowserContext, chromium, type Locator, type Page } from 'playwright-core';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** The browser of this machine: CHROMIUM names it, else it is looked for; null where there is none. */
export const chromiumPath =
  [process.env.CHROMIUM, ...PLACES].find((path): path is string => !!path && existsSync(path)) ?? null;

export const DESKTOP = { width: 1440, height: 900 };
export const PHONE = { width: 390, height: 844 };

export function openBrowser(): Promise<Browser> {
  if (chromiumPath === null) throw new Error('no chromium is installed');
  return chromium.launch({
    executablePath: chromiumPath,
    args: [
      // Tests run as root in containers, where its own sandbox cannot be set up.
      '--no-sandbox',
      ...['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
      ...['--disable-component-update', '--disable-sync'],
    ],
  });
}

/** A page in a context of its own, and all that goes wrong in it. */
export interface WatchedPage {
  page: Page;
  context: BrowserContext;
  /** Errors of scripts and of the console, and dialogs that nobody asked for. */
  problems: string[];
}

export async function openPage(browser: Browser): Promise<WatchedPage> {
  const context = await browser.newContext({ viewport: DESKTOP, acceptDownloads: true });
  const page = await context.newPage();
  page.setDefaultTimeout(120_000);
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(`script: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error' && !isRefusal(message.text())) problems.push(message.text());
  });
  page.on('dialog', (dialog) => {
    problems.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  return { page, context, problems };
}

/** A browser logs every answer of 400 to 499; the page shows them in words: no law yet, no such run. */
const isRefusal = (line: string): boolean =>
  /^Failed to load resource: the server responded with a status of 4\d\d/.test(line);

/** What a browser logs of a server that is away. */
export const isBreak = (line: string): boolean => /^Failed to load resource: net::ERR_/.test(line);

/** Runs text in the page: tests know no types of a browser. */
export const inPage = <Result>(page: Page, script: string): Promise<Result> => page.evaluate(script) as never;

/** What has been changed is in the picture. */
export const painted = (page: Page): Promise<unknown> =>
  inPage(page, 'new Promise((done) => requestAnimationFrame(() => setTimeout(() => done(null), 0)))');

/** Moves the mouse over a plot until it reads a point; gives back what it reads. */
export async function pointAtCurve(page: Page, figure: Locator): Promise<string> {
  const plot = figure.locator('.u-over');
  await plot.scrollIntoViewIfNeeded();
  const box = (await plot.boundingBox())!;
  const read = figure.locator('.readout:has(strong)');
  for (let x = 0.96; x > 0; x -= 0.08) {
    for (let y = 0.05; y < 1; y += 0.1) {
      await page.mouse.move(box.x + x * box.width, box.y + y * box.height);
      await painted(page);
      if ((await read.count()) > 0) return (await read.textContent()) ?? '';
    }
  }
  throw new Error('no point of a curve was found');
}
