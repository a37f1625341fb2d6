import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { inPage } from './browser.ts';

const SOURCE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface Violation {
  rule: string;
  impact: string | null;
  /** Beginnings of the elements, as HTML. */
  elements: string[];
}

/** What axe-core finds in the page as it stands, and would keep somebody out: impact serious or critical. */
export async function barriers(page: Page): Promise<Violation[]> {
  // A page's policy forbids script elements of others, not what the browser's own protocol runs.
  if (!(await inPage<boolean>(page, '"axe" in window'))) await page.evaluate(SOURCE);
  const violations = await inPage<Violation[]>(
    page,
    `axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations.map((each) => ({
      rule: each.id,
      impact: each.impact,
      elements: each.nodes.slice(0, 5).map(({ html, any }) => html.slice(0, 200) + ' ' + (any[0]?.message ?? '')),
    })))`,
  );
  return violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
}

/** How far the document is wider than the window: what lies there is cut off or makes the whole page slide. */
export const overflow = (page: Page): Promise<number> =>
  inPage(page, 'Math.max(0, document.documentElement.scrollWidth - innerWidth)');
