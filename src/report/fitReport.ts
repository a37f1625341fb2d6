import { join } from 'node:path';
import { writeFileAtomic } from '../common/atomicFile.ts';
import { escapeMarkdown, escapeXml } from './escape.ts';
import { type FitContent, fitContent } from './fitContent.ts';
import type { FitReportInput } from './fitTypes.ts';
import { FIGURES_FOLDER } from './markdown.ts';
import {
  answerMarkdown,
  bulletsMarkdown,
  figureMarkdown,
  foldedTableMarkdown,
  tableMarkdown,
} from './markdownParts.ts';
import {
  answerHtml,
  contentsHtml,
  figureHtml,
  foldedTableHtml,
  listHtml,
  pageHtml,
  sectionHtml,
  tableHtml,
} from './pageParts.ts';

/**
 * Writes `fit.html` (needs nothing else), `fit.md` and the figures it shows (`figures/*.svg`) into a folder, each file
 * atomically; the same input gives the same bytes. Returns the paths written, the page first.
 */
export function writeFitReport(input: FitReportInput, folder: string): string[] {
  const content = fitContent(input);
  const files: [string, string][] = [
    ['fit.html', fitHtml(content)],
    ...content.losses.flatMap(({ figures }) =>
      figures.map(({ name, svg }): [string, string] => [join(FIGURES_FOLDER, `${name}.svg`), svg]),
    ),
    // Last of the two that a reader sees, so that every figure it names is there.
    ['fit.md', fitMarkdown(content)],
  ];
  return files.map(([name, text]) => {
    const path = join(folder, name);
    writeFileAtomic(path, text);
    return path;
  });
}

const ABOUT = 'What was fitted, and how';

function fitHtml({ title, facts, losses, notes, tables }: FitContent): string {
  const sections = losses.map((loss) => ({ ...loss, id: `${loss.id}-loss` }));
  return pageHtml({
    title: [losses.map(({ lead }) => lead.headline).join('; '), title].filter(Boolean).join(' – '),
    header: [
      `<h1>${escapeXml(title)}</h1>`,
      `<p class="facts">${escapeXml(facts)}</p>`,
      ...losses.map(({ lead }) => answerHtml(lead)),
      contentsHtml([...sections.map(({ id, name }) => [id, name] as const), ['about', ABOUT.toLowerCase()]]),
    ].join('\n'),
    main: [
      ...sections.map(({ id, name, figures, tables, folded }) =>
        sectionHtml(
          id,
          name,
          [...figures.map(figureHtml), ...tables.map(tableHtml), ...folded.map(foldedTableHtml)].join('\n'),
        ),
      ),
      sectionHtml('about', ABOUT, [listHtml('Notes', notes), ...tables.map(tableHtml)].join('\n')),
    ].join('\n'),
    footer: 'Written by mixture-law. The figures are also in <code>figures/</code>.',
  });
}

function fitMarkdown({ title, facts, losses, notes, tables }: FitContent): string {
  const blocks = [
    `# ${escapeMarkdown(title)}`,
    ...losses.flatMap(({ lead }) => answerMarkdown(lead)),
    escapeMarkdown(facts),
    ...losses.flatMap(({ name, figures, tables, folded }) => [
      `## ${escapeMarkdown(name)}`,
      ...figures.map((figure) => figureMarkdown(figure, FIGURES_FOLDER)),
      ...tables.map(tableMarkdown),
      ...folded.map(foldedTableMarkdown),
    ]),
    `## ${ABOUT}`,
    ...(notes.length ? [`**Notes**\n\n${bulletsMarkdown(notes)}`] : []),
    ...tables.map(tableMarkdown),
  ];
  return `${blocks.join('\n\n')}\n`;
}
