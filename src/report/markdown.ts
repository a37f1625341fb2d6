import type { ReportContent } from './content.ts';
import { escapeMarkdown, fencedCode } from './escape.ts';
import {
  answerMarkdown,
  bulletsMarkdown,
  figureMarkdown,
  foldedTableMarkdown,
  tableMarkdown,
} from './markdownParts.ts';

/** The folder of the figures, beside the report. */
export const FIGURES_FOLDER = 'figures';

/** The report as Markdown, with its figures as files in FIGURES_FOLDER. */
export function reportMarkdown(content: ReportContent): string {
  const blocks = [
    `# ${escapeMarkdown(content.title)}`,
    ...content.domains.flatMap(({ answer }) => answerMarkdown(answer)),
    ...(content.synthetic ? [`> ${escapeMarkdown(content.synthetic)}`] : []),
    ...(content.warnings.length ? [`**Before you rely on it**\n\n${bulletsMarkdown(content.warnings)}`] : []),
    ...(content.notes.length ? [`**Notes**\n\n${bulletsMarkdown(content.notes)}`] : []),
    escapeMarkdown(content.facts),
    ...content.domains.flatMap(({ domain, figures, tables }) => [
      `## ${escapeMarkdown(domain)}: the measurements and the laws`,
      ...figures.map((figure) => figureMarkdown(figure, FIGURES_FOLDER)),
      ...tables.map(tableMarkdown),
    ]),
    '## The sweep',
    ...[content.answers, ...content.tables].map(tableMarkdown),
    foldedTableMarkdown(content.runs),
    tableMarkdown(content.provenance),
    '## Resolved config',
    fencedCode(content.configYaml, 'yaml'),
  ];
  return `${blocks.join('\n\n')}\n`;
}
