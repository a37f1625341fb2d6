import { join } from 'node:path';
import { writeFileAtomic } from '../common/atomicFile.ts';
import { refitMarkdown } from './refitText.ts';
import type { RefitResult } from './types.ts';

const FOLDER = 'refits';

/** Writes `refits/<time>.md` and `.json`, and the same as `latest`; returns the path of the page with the time. */
export function writeRefitFiles(runsFolder: string, result: RefitResult): string {
  const markdown = refitMarkdown(result);
  const json = `${JSON.stringify(result, null, 2)}\n`;
  // Colons are refused by some file systems.
  const names = [result.startedAt.replaceAll(':', '-'), 'latest'];
  for (const name of names) {
    writeFileAtomic(join(runsFolder, FOLDER, `${name}.json`), json);
    writeFileAtomic(join(runsFolder, FOLDER, `${name}.md`), markdown);
  }
  return join(runsFolder, FOLDER, `${names[0]}.md`);
}
