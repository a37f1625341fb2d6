import type { AnswerText } from './answerText.ts';
import { escapeMarkdown } from './escape.ts';
import type { Figure } from './figures/types.ts';
import type { ReportTable } from './tables.ts';

/** The pieces that every written Markdown file is made of; all text in them is escaped. */

export const bulletsMarkdown = (lines: readonly string[]): string =>
  lines.map((line) => `- ${escapeMarkdown(line)}`).join('\n');

/** The blocks of an answer: its sentence, what to expect, what to be careful about. */
export const answerMarkdown = ({ headline, detail, lines, warnings }: AnswerText): string[] => [
  `**${escapeMarkdown(headline)}**${escapeMarkdown(detail)}`,
  ...lines.map(escapeMarkdown),
  ...(warnings.length ? [`Be careful:\n\n${bulletsMarkdown(warnings)}`] : []),
];

/** A figure as a file in `folder` beside the Markdown. */
export const figureMarkdown = ({ name, title, caption, description }: Figure, folder: string): string =>
  `### ${escapeMarkdown(title)}\n\n![${escapeMarkdown(description)}](${folder}/${name}.svg)\n\n${escapeMarkdown(caption)}`;

export const tableMarkdown = (table: ReportTable): string =>
  [`### ${escapeMarkdown(table.title)}`, tableBody(table), escapeMarkdown(table.footnote)]
    .filter(Boolean)
    .join('\n\n');

/** A long table, closed until it is asked for. */
export const foldedTableMarkdown = (table: ReportTable): string =>
  [
    `<details>\n<summary>${escapeMarkdown(table.title)} (${table.rows.length})</summary>`,
    tableBody(table),
    escapeMarkdown(table.footnote),
    '</details>',
  ]
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
