import type { AnswerText } from './answerText.ts';
import { escapeXml } from './escape.ts';
import type { Figure } from './figures/types.ts';
import { PAGE_STYLE } from './pageStyle.ts';
import type { ReportTable } from './tables.ts';

/** The pieces that every written page is made of. All text in them is escaped; only `header` and `main` are HTML. */
export interface Page {
  title: string;
  /** HTML: from the heading to the table of contents. */
  header: string;
  /** HTML: one section after the other. */
  main: string;
  /** HTML of one paragraph. */
  footer: string;
}

/**
 * A page that needs nothing else: no script, no network, no file beside it. A content security policy forbids both to
 * whatever a name or a config might smuggle in.
 */
export const pageHtml = ({ title, header, main, footer }: Page): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeXml(title)}</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
<header>
${header}
</header>
<main>
${main}
</main>
<footer><p>${footer}</p></footer>
</body>
</html>
`;

/** A section under its heading; `id` is made for it by the caller and unique in the page. */
export const sectionHtml = (id: string, heading: string, body: string): string =>
  `<section aria-labelledby="${id}">\n<h2 id="${id}">${escapeXml(heading)}</h2>\n${body}\n</section>`;

export const contentsHtml = (links: readonly (readonly [id: string, label: string])[]): string =>
  `<nav aria-label="Contents">${links.map(([id, label]) => `<a href="#${id}">${escapeXml(label)}</a>`).join('\n')}</nav>`;

export function answerHtml({ tone, headline, detail, lines, warnings }: AnswerText): string {
  return `<div class="answer ${tone}">
<p class="sentence"><strong>${escapeXml(headline)}</strong>${escapeXml(detail)}</p>
${lines.map((line) => `<p>${escapeXml(line)}</p>`).join('\n')}
${warnings.length ? `<p class="caution">Be careful:</p>\n${bullets(warnings)}` : ''}
</div>`;
}

/** A framed list under a title; nothing when there is nothing to list. */
export const listHtml = (title: string, lines: readonly string[]): string =>
  lines.length
    ? `<div class="notice unsure" role="note"><p><strong>${escapeXml(title)}</strong></p>\n${bullets(lines)}</div>`
    : '';

const bullets = (lines: readonly string[]): string =>
  `<ul>${lines.map((line) => `<li>${escapeXml(line)}</li>`).join('')}</ul>`;

export const figureHtml = (figure: Figure): string =>
  `<figure id="${figure.name}">
<div class="card" tabindex="0" role="group" aria-label="${escapeXml(figure.description)}">${figure.svg}</div>
<figcaption><b>${escapeXml(figure.title)}.</b> ${escapeXml(figure.caption)}</figcaption>
</figure>`;

export const tableHtml = (table: ReportTable): string =>
  `<h3>${escapeXml(table.title)}</h3>\n${tableBody(table)}\n${footnote(table)}`;

/** A long table, closed until it is asked for. */
export const foldedTableHtml = (table: ReportTable): string =>
  `<details><summary>${escapeXml(table.title)} (${table.rows.length})</summary>\n${tableBody(table)}\n${footnote(table)}</details>`;

const footnote = (table: ReportTable): string =>
  table.footnote ? `<p class="footnote">${escapeXml(table.footnote)}</p>` : '';

/** A cell of more characters than this may wrap. */
const LONG_CELL = 40;

function tableBody({ title, columns, rows }: ReportTable): string {
  const number = columns.map((column) => column.align === 'right');
  const head = columns
    .map(
      ({ header }, at) => `<th scope="col"${number[at] ? ' class="number"' : ''}>${escapeXml(header)}</th>`,
    )
    .join('');
  const cell = (text: string, at: number): string => {
    const classes = [number[at] ? 'number' : '', text.length > LONG_CELL ? 'long' : '']
      .filter(Boolean)
      .join(' ');
    return `<td${classes ? ` class="${classes}"` : ''}>${escapeXml(text)}</td>`;
  };
  return `<div class="scroll" tabindex="0" role="region" aria-label="${escapeXml(title)}"><table>
<thead><tr>${head}</tr></thead>
<tbody>
${rows.map((row) => `<tr>${row.map(cell).join('')}</tr>`).join('\n')}
</tbody></table></div>`;
}
