import type { ReportContent } from './content.ts';
import { escapeMarkdown, fencedCode } from './escape.ts';
import type { Figure } from './figures/types.ts';
import type { ReportTable } from './tables.ts';

/** The folder of the figures, beside the report. */
export const FIGURES_FOLDER = 'figures';

/** The report as Markdown, with its figures as files in FIGURES_FOLDER. */
export function reportMarkdown(content: ReportContent): string {
  const answers = content.domains.flatMap(({ answer }) => [
    `**${escapeMarkdown(answer.headline)}**${escapeMarkdown(answer.detail)}`,
    ...answer.lines.map(escapeMarkdown),
    ...(answer.warnings.length ? [`Be careful:\n\n${bullets(answer.warnings)}`] : []),
  ]);
  const blocks = [
    `# ${escapeMarkdown(content.title)}`,
    ...answers,
    ...(content.synthetic ? [`> ${escapeMarkdown(content.synthetic)}`] : []),
    ...(content.warnings.length ? [`**Before you rely on it**\n\n${bullets(content.warnings)}`] : []),
    ...(content.notes.length ? [`**Notes**\n\n${bullets(content.notes)}`] : []),
    escapeMarkdown(content.facts),
    ...content.domains.flatMap(({ domain, figures, tables }) => [
      `## ${escapeMarkdown(domain)}: the measurements and the laws`,
      ...figures.map(figureMarkdown),
      ...tables.map(tableMarkdown),
    ]),
    '## The sweep',
    ...[content.answers, ...content.tables].map(tableMarkdown),
    `<details>\n<summary>Runs (${content.runs.rows.length})</summary>\n\n${tableBody(content.runs)}\n\n${escapeMarkdown(
      content.runs.footnote,
    )}\n\n</details>`,
    tableMarkdown(content.provenance),
    '## Resolved config',
    fencedCode(content.configYaml, 'yaml'),
  ];
  return `${blocks.join('\n\n')}\n`;
}

const bullets = (lines: readonly string[]): string =>
  lines.map((line) => `- ${escapeMarkdown(line)}`).join('\n');

const figureMarkdown = ({ name, title, caption, description }: Figure): string =>
  `### ${escapeMarkdown(title)}\n\n![${escapeMarkdown(description)}](${FIGURES_FOLDER}/${name}.svg)\n\n${escapeMarkdown(caption)}`;

const tableMarkdown = (table: ReportTable): string =>
  [`### ${escapeMarkdown(table.title)}`, tableBody(table), escapeMarkdown(table.footnote)]
    .filter(Boolean)
    .join('\n\n');

function tableBody({ columns, rows }: ReportTable): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    line(columns.map(({ header }) => escapeMarkdown(header))),
    line(columns.map(({ align }) => (align === 'right' ? '---:' : '---'))),
    ...rows.map((row) => line(row.map(escapeMarkdown))),
  ].join('\n');
}
