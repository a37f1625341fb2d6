import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import type { Commit } from './dashboardWriter.ts';

const PATIENCE_MS = 60_000;
const WATCH = readFileSync(join(import.meta.dirname, 'dashboardWatch.js'), 'utf8');

export interface View {
  name: string;
  path: string;
  /** The view is complete when there are so many of these. */
  selector: string;
  count: number;
}

/** As a person who comes for the first time: nothing is cached. */
export const newContext = (browser: Browser) =>
  browser.newContext({ viewport: { width: 1440, height: 900 } });

/** Opens a view and waits until it is complete. `also`: what of dashboardWatch.js is to watch from the start. */
export async function openView(page: Page, url: string, view: View, also = ''): Promise<Page> {
  const { selector, count } = view;
  await page.addInitScript(`${WATCH}; bench.watchView(${JSON.stringify({ selector, count })}); ${also}`);
  await page.goto(new URL(view.path, url).href);
  const late = Date.now() + PATIENCE_MS;
  // Asked from here: the page's policy lets nothing in it evaluate text.
  while (!(await page.evaluate<boolean>('bench.paintedMs !== null'))) {
    if (Date.now() > late) throw new Error(`${view.name} is not complete after ${PATIENCE_MS} ms`);
    await delay(50);
  }
  return page;
}

export interface FirstView {
  /** From the start of the navigation to two frames after the view was complete. */
  ms: number;
  /** What the page's thread has computed meanwhile, in milliseconds of processor time: neighbours do not count in it. */
  threadMs: number;
}

export async function firstView(browser: Browser, url: string, view: View): Promise<FirstView> {
  const context = await newContext(browser);
  try {
    const page = await context.newPage();
    const session = await context.newCDPSession(page);
    await session.send('Performance.enable', { timeDomain: 'threadTicks' });
    await openView(page, url, view);
    const ms = await page.evaluate<number>('bench.paintedMs');
    const { metrics } = await session.send('Performance.getMetrics');
    const threadMs = 1000 * metrics.find(({ name }) => name === 'TaskDuration')!.value;
    return { ms, threadMs };
  } finally {
    await context.close();
  }
}

export interface Latencies {
  /** From each commit to the end of the frame that shows it. */
  ms: number[];
  /** Commits that were not seen by themselves: a later one of the same run came in the same frame. */
  unseen: number;
}

/** In a grid each observation is its cell's loss. */
export async function gridLatencies(page: Page, commits: readonly Commit[]): Promise<Latencies> {
  const seen = new Map(await page.evaluate<[string, number][]>('bench.seen'));
  return since(
    commits,
    commits.map(({ run, generalLoss }) => seen.get(`${run} ${generalLoss.toFixed(3)}`)),
  );
}

/** In charts each observation is one line more in either; `before`: how many there were at first. */
export async function curveLatencies(
  page: Page,
  commits: readonly Commit[],
  before: number,
): Promise<Latencies> {
  const seen = await page.evaluate<[number, number][]>('bench.seen');
  const shownAt = commits.map((_, at) => seen.find(([lines]) => lines >= before + 2 * (at + 1))?.[1]);
  return since(commits, shownAt);
}

function since(commits: readonly Commit[], shownAt: readonly (number | undefined)[]): Latencies {
  const ms = shownAt.flatMap((at, index) => (at === undefined ? [] : [at - commits[index]!.committedMs]));
  return { ms, unseen: shownAt.length - ms.length };
}
