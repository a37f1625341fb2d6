import type { AnswerText } from './answerText.ts';
import type { ReportContent } from './content.ts';
import { escapeXml, slug } from './escape.ts';
import type { Figure } from './figures/types.ts';
import { PAGE_STYLE } from './pageStyle.ts';
import type { ReportTable } from './tables.ts';

/**
 * The report as one page that needs nothing else: no script, no network, no file beside it. A content security
 * policy forbids both to whatever a name or a config might smuggle in.
 */
export function reportHtml(content: ReportContent): string {
  const sections = content.domains.map((domain) => ({ ...domain, id: `domain-${slug(domain.domain)}` }));
  const parts = [
    ...sections.map(
      ({ id, domain, figures, tables }) =>
        `<section aria-labelledby="${id}">\n<h2 id="${id}">${escapeXml(domain)}: the measurements and the laws</h2>\n${figures
          .map(figureHtml)
          .join('\n')}\n${tables.map(tableHtml).join('\n')}\n</section>`,
    ),
    `<section aria-labelledby="sweep">\n<h2 id="sweep">The sweep</h2>\n${[
      tableHtml(content.answers),
      ...content.tables.map(tableHtml),
      foldedTableHtml(content.runs),
      tableHtml(content.provenance),
    ].join('\n')}\n</section>`,
    `<section aria-labelledby="config">\n<h2 id="config">Resolved config</h2>\n<pre tabindex="0"><code>${escapeXml(
      content.configYaml,
    )}</code></pre>\n</section>`,
  ];
  const links = [
    ...sections.map(({ id, domain }) => [id, domain] as const),
    ['sweep', 'the sweep'] as const,
    ['config', 'resolved config'] as const,
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeXml(pageTitle(content))}</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
<header>
<h1>${escapeXml(content.title)}</h1>
<p class="facts">${escapeXml(content.facts)}</p>
${content.domains.map(({ answer }) => answerHtml(answer)).join('\n')}
${content.synthetic ? `<div class="notice unsure" role="note"><p>${emphasised(content.synthetic)}</p></div>` : ''}
${listHtml('Before you rely on it', content.warnings)}
${listHtml('Notes', content.notes)}
<nav aria-label="Contents">${links.map(([id, label]) => `<a href="#${id}">${escapeXml(label)}</a>`).join('\n')}</nav>
</header>
<main>
${parts.join('\n')}
</main>
<footer><p>Written by mixture-law. The figures are also in <code>figures/</code>, all measurements in <code>observations.csv</code>.</p></footer>
</body>
</html>
`;
}

const pageTitle = (content: ReportContent): string =>
  [content.domains.map(({ answer }) => answer.headline.replace(/:$/, '')).join('; '), content.title]
    .filter(Boolean)
    .join(' – ');

function answerHtml({ tone, headline, detail, lines, warnings }: AnswerText): string {
  return `<div class="answer ${tone}">
<p class="sentence"><strong>${escapeXml(headline)}</strong>${escapeXml(detail)}</p>
${lines.map((line) => `<p>${escapeXml(line)}</p>`).join('\n')}
${warnings.length ? `<p class="caution">Be careful:</p>\n${bullets(warnings)}` : ''}
</div>`;
}

/** The words before the first colon in bold. */
function emphasised(text: string): string {
  const end = text.indexOf(':') + 1;
  return `<strong>${escapeXml(text.slice(0, end))}</strong>${escapeXml(text.slice(end))}`;
}

const listHtml = (title: string, lines: readonly string[]): string =>
  lines.length
    ? `<div class="notice unsure" role="note"><p><strong>${escapeXml(title)}</strong></p>\n${bullets(lines)}</div>`
    : '';

const bullets = (lines: readonly string[]): string =>
  `<ul>${lines.map((line) => `<li>${escapeXml(line)}</li>`).join('')}</ul>`;

const figureHtml = (figure: Figure): string =>
  `<figure id="${figure.name}">
<div class="card" tabindex="0" role="group" aria-label="${escapeXml(figure.description)}">${figure.svg}</div>
<figcaption><b>${escapeXml(figure.title)}.</b> ${escapeXml(figure.caption)}</figcaption>
</figure>`;

const tableHtml = (table: ReportTable): string =>
  `<h3>${escapeXml(table.title)}</h3>\n${tableBody(table)}\n${footnote(table)}`;

const foldedTableHtml = (table: ReportTable): string =>
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
