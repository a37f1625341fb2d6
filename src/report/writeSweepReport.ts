import { join } from 'node:path';
import { writeFileAtomic } from '../common/atomicFile.ts';
import { reportContent } from './content.ts';
import { reportHtml } from './html.ts';
import { FIGURES_FOLDER, reportMarkdown } from './markdown.ts';
import type { SweepReportInput } from './types.ts';

/**
 * Writes `report.html` (needs nothing else), `report.md` and the figures it shows (`figures/*.svg`) into a folder,
 * each file atomically; the same input gives the same bytes. Returns the paths written, the page first.
 */
export function writeSweepReport(input: SweepReportInput, folder: string): string[] {
  const content = reportContent(input);
  const files: [string, string][] = [
    ['report.html', reportHtml(content)],
    ...content.domains.flatMap(({ figures }) =>
      figures.map(({ name, svg }): [string, string] => [join(FIGURES_FOLDER, `${name}.svg`), svg]),
    ),
    // Last of the two that a reader sees, so that every figure it names is there.
    ['report.md', reportMarkdown(content)],
  ];
  return files.map(([name, text]) => {
    const path = join(folder, name);
    writeFileAtomic(path, text);
    return path;
  });
}
