import type { ReportContent } from './content.ts';
import { escapeXml, slug } from './escape.ts';
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

/** The report of a sweep as one page that needs nothing else. */
export function reportHtml(content: ReportContent): string {
  const sections = content.domains.map((domain) => ({ ...domain, id: `domain-${slug(domain.domain)}` }));
  const parts = [
    ...sections.map(({ id, domain, figures, tables }) =>
      sectionHtml(
        id,
        `${domain}: the measurements and the laws`,
        `${figures.map(figureHtml).join('\n')}\n${tables.map(tableHtml).join('\n')}`,
      ),
    ),
    sectionHtml(
      'sweep',
      'The sweep',
      [
        tableHtml(content.answers),
        ...content.tables.map(tableHtml),
        foldedTableHtml(content.runs),
        tableHtml(content.provenance),
      ].join('\n'),
    ),
    sectionHtml(
      'config',
      'Resolved config',
      `<pre tabindex="0"><code>${escapeXml(content.configYaml)}</code></pre>`,
    ),
  ];
  return pageHtml({
    title: pageTitle(content),
    header: [
      `<h1>${escapeXml(content.title)}</h1>`,
      `<p class="facts">${escapeXml(content.facts)}</p>`,
      content.domains.map(({ answer }) => answerHtml(answer)).join('\n'),
      content.synthetic
        ? `<div class="notice unsure" role="note"><p>${emphasised(content.synthetic)}</p></div>`
        : '',
      listHtml('Before you rely on it', content.warnings),
      listHtml('Notes', content.notes),
      contentsHtml([
        ...sections.map(({ id, domain }) => [id, domain] as const),
        ['sweep', 'the sweep'],
        ['config', 'resolved config'],
      ]),
    ].join('\n'),
    main: parts.join('\n'),
    footer:
      'Written by mixture-law. The figures are also in <code>figures/</code>, all measurements in <code>observations.csv</code>.',
  });
}

const pageTitle = (content: ReportContent): string =>
  [content.domains.map(({ answer }) => answer.headline.replace(/:$/, '')).join('; '), content.title]
    .filter(Boolean)
    .join(' – ');

/** The words before the first colon in bold. */
function emphasised(text: string): string {
  const end = text.indexOf(':') + 1;
  return `<strong>${escapeXml(text.slice(0, end))}</strong>${escapeXml(text.slice(end))}`;
}
