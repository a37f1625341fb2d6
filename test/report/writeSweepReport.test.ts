import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import type { SweepReportInput } from '../../src/report/types.ts';
import { writeSweepReport } from '../../src/report/writeSweepReport.ts';
import { plantedSweep } from './fixture.ts';
import { checkXml } from './xml.ts';

function written(input: SweepReportInput) {
  const folder = mkdtempSync(join(tmpdir(), 'report-'));
  const paths = writeSweepReport(input, folder);
  const html = readFileSync(join(folder, 'report.html'), 'utf8');
  const markdown = readFileSync(join(folder, 'report.md'), 'utf8');
  return { folder, paths, html, markdown, document: parseHTML(html).document };
}

const textOf = (node: { textContent: string | null } | null): string => node?.textContent ?? '';

describe('the report of a sweep', () => {
  const input = plantedSweep({ domains: ['math', 'code'] });
  const { folder, paths, html, markdown, document } = written(input);
  const table = (title: string): string[][] => {
    const region = document.querySelector(`[role="region"][aria-label="${title}"]`)!;
    return [...region.querySelectorAll('tr')].map((row) => [...row.querySelectorAll('th, td')].map(textOf));
  };

  it('begins with the answer of every domain, also in its title', () => {
    const answers = [...document.querySelectorAll('header .answer .sentence')].map(textOf);
    const { domainRatio, interval } = input.answers[0]!.recommendation;
    const ends = `${interval!.low.toFixed(2)}–${interval!.high.toFixed(2)}`;
    expect(answers).toHaveLength(2);
    expect(answers[0]).toBe(
      `Mix ${domainRatio!.toFixed(2)} math (90\u00a0% interval ${ends}), at N = 369k parameters and D = 1.57M tokens: ` +
        `the largest share that keeps general loss within 3 % of the base model's ${input.answers[0]!.recommendation.baseGeneralLoss.toFixed(4)}.`,
    );
    expect(textOf(document.querySelector('title'))).toBe(
      `Mix ${domainRatio!.toFixed(2)} math; Mix ${domainRatio!.toFixed(2)} code – Mixture sweep math`,
    );
    expect(markdown.split('\n\n')[1]).toContain(`**Mix ${domainRatio!.toFixed(2)} math** (90`);
  });

  it('says before any figure that corpora are synthetic, and only when they are', () => {
    expect(html.indexOf('Synthetic data:')).toBeGreaterThan(0);
    expect(html.indexOf('Synthetic data:')).toBeLessThan(html.indexOf('<figure'));
    expect(markdown.indexOf('> Synthetic data:')).toBeLessThan(markdown.indexOf('!['));
    const real = written(plantedSweep({ synthetic: false }));
    expect(real.html + real.markdown).not.toMatch(/synthetic/i);
  });

  it('is one page that needs nothing: no script, no address, nothing to load', () => {
    const withoutNames = html.replaceAll('xmlns="http://www.w3.org/2000/svg"', '');
    expect(withoutNames).not.toMatch(/<script|https?:|\/\/[a-z]|src=|<link|<img|@import|url\(|\son\w+=/i);
    expect(html).not.toMatch(/NaN|undefined|\[object|Infinity/);
    expect(html).toContain(`default-src 'none'`);
    const inside = html.slice(html.indexOf('<body>'), html.indexOf('</html>'));
    checkXml(inside);
    expect(document.querySelectorAll('figure svg[role="img"]')).toHaveLength(10);
    const ids = [...document.querySelectorAll('[id]')].map((element) => element.getAttribute('id'));
    expect(new Set(ids).size).toBe(ids.length);
    for (const link of document.querySelectorAll('nav a'))
      expect(ids).toContain(link.getAttribute('href')!.slice(1));
  });

  it('writes each figure as a file that the Markdown shows', () => {
    const shown = [...markdown.matchAll(/!\[[^\]]+\]\((figures\/[\w-]+\.svg)\)/g)].map((match) => match[1]!);
    expect(shown).toHaveLength(10);
    for (const path of shown) expect(existsSync(join(folder, path))).toBe(true);
    expect(readdirSync(join(folder, 'figures'))).toHaveLength(10);
    expect(paths.map((path) => path.slice(folder.length + 1)).sort()).toEqual(
      ['report.html', 'report.md', ...shown].sort(),
    );
  });

  it('tells the parameters with intervals, the quality, the runs, the corpora and where it all came from', () => {
    const [header, first] = table('Fitted parameters');
    expect(header).toEqual([
      'parameter',
      'general law',
      '90\u00a0% interval, general',
      'math law',
      '90\u00a0% interval, math',
    ]);
    expect(first).toEqual(['E', '1.600', '1.49–1.73', '0.9000', '0.837–0.972']);
    expect(html).toContain('L3: loss = E + A/N^α + B·r^η/D^β + C/(r + ε)^γ (arXiv 2406.01375 Eq 6)');
    expect(table('Quality of the fits').map(([name]) => name)).toEqual(
      expect.arrayContaining(['R² on loss', 'Huber on log loss, sum', 'mean relative error', 'rows fitted']),
    );
    const runs = table('Runs');
    expect(runs).toHaveLength(1 + input.runs.length);
    const repeating = runs.find(([label]) => label === '24.6k math r=0.9 s1')!;
    expect(repeating.slice(1, 9)).toEqual([
      '24,576',
      '40,960',
      '0.90',
      '1',
      '1,572,864',
      '0.06',
      '1.53 (repeats)',
      'done',
    ]);
    expect(repeating[9]).toMatch(/^\d\.\d{4} ± 0\.0041$/);
    expect(runs[1]!.slice(9, 11)[1]).toBe('–');
    expect(table('Corpora')).toHaveLength(4);
    const provenance = new Map(table('Provenance').map(([name, value]) => [name, value]));
    expect(provenance.get('sweep')).toBe(input.sweep.sweep);
    expect(provenance.get('trained 76 of 76 runs')).toContain('onnxruntime-node: 1.30.0');
    expect(provenance.get('SHA-256 of the resolved config')).toMatch(/^[0-9a-f]{64}$/);
    expect(html).toContain('warm-up (65,536 tokens)');
    for (const row of table('Answers')) expect(row).toHaveLength(11);
  });

  it('is the same bytes for the same input', () => {
    const again = written(plantedSweep({ domains: ['math', 'code'] }));
    expect(again.html).toBe(html);
    expect(again.markdown).toBe(markdown);
  });
});

describe('a report of trouble', () => {
  it('says in words what diverged, failed, is open, repeats or overlaps', () => {
    const input = plantedSweep();
    Object.assign(input.runs[5]!, { status: 'diverged', reason: 'general loss 14.2 at 65,536 tokens' });
    Object.assign(input.runs[6]!, {
      status: 'failed',
      reason: 'out of memory',
      seconds: null,
      environment: null,
    });
    Object.assign(input.runs[7]!, { status: 'planned', tokens: 0, generalEpochs: null, domainEpochs: null });
    input.observations = input.observations.filter((row) => row.run !== input.runs[7]!.run);
    input.corpora[1]!.overlapShare = 0.04;
    input.notes = ['the validation set is small'];
    const { html, markdown } = written(input);
    for (const text of [html, markdown]) {
      expect(text).toContain('1 run diverged');
      expect(text).toContain('1 run failed');
      expect(text).toContain('1 run not finished');
      expect(text).toMatch(/\d+ runs read some text more than once/);
      expect(text).toContain('4\u00a0% of the math validation documents');
      expect(text).toContain('the validation set is small');
      expect(text).toContain('out of memory');
      expect(text).not.toMatch(/NaN|undefined/);
    }
  });

  it('says when nothing can be recommended, and why', () => {
    const input = plantedSweep({ domains: ['math', 'code'] });
    Object.assign(input.answers[0]!.recommendation, {
      status: 'infeasible',
      domainRatio: null,
      interval: null,
      predictedGeneralLoss: null,
      predictedDomainLoss: null,
      reason: 'no ratio keeps general loss within 3 % of the base model',
    });
    Object.assign(input.answers[1]!.recommendation, {
      status: 'not-identified',
      reason: 'the data cannot tell, because the fits disagree',
      warnings: ['only ratios from 0.1 to 0.2 were measured'],
    });
    const { document, html } = written(input);
    const [math, code] = [...document.querySelectorAll('.answer')];
    expect(math!.getAttribute('class')).toBe('answer bad');
    expect(textOf(math!)).toContain(
      'Infeasible for math, at N = 369k parameters and D = 1.57M tokens: no ratio keeps',
    );
    expect(code!.getAttribute('class')).toBe('answer unsure');
    expect(textOf(code!)).toMatch(
      /The data cannot tell how much code to mix, .* because the fits disagree\. The point estimate is 0\.\d\d/,
    );
    expect(textOf(code!)).toContain('Only ratios from 0.1 to 0.2 were measured.');
    expect(html).not.toMatch(/NaN|undefined/);
  });

  it('shows no number of a fit that found no solution', () => {
    const input = plantedSweep({ replicates: 0 });
    const [answer] = input.answers;
    for (const fit of [answer!.generalLaw, answer!.domainLaw]) {
      Object.assign(fit, {
        starts: 0,
        status: 'too-few-sizes',
        statusDetail: '1 model size, 3 needed',
        conditionNumber: Number.MAX_VALUE,
      });
      for (const numbers of [fit.parameters, fit.quality as unknown as Record<string, number>])
        for (const name of Object.keys(numbers)) numbers[name] = 0;
    }
    Object.assign(answer!.recommendation, {
      status: 'not-identified',
      domainRatio: 1,
      predictedGeneralLoss: 0,
      predictedDomainLoss: 0,
      reason: 'the data cannot tell, because there is 1 model size',
    });
    const { document, html } = written(input);
    expect(textOf(document.querySelector('.answer'))).not.toContain('point estimate');
    expect(textOf(document.querySelector('.answer'))).toContain('Both laws: 1 model size, 3 needed.');
    const parameters = document.querySelector('[aria-label="Fitted parameters"]')!;
    for (const row of parameters.querySelectorAll('tbody tr'))
      expect([...row.querySelectorAll('td')].slice(1).map(textOf)).toEqual(['–', '–', '–', '–']);
    expect(html).not.toMatch(/NaN|undefined/);
  });

  it('lets no name, reason or config become markup', () => {
    const attack =
      '</title></svg><script>alert(1)</script><img src=x onerror=alert(2)> | `x` [l](https://evil.example)';
    const input = plantedSweep({ domains: [attack] });
    input.sweep.name = attack;
    input.configYaml = `name: "${attack}"\n\`\`\`\n</code></pre>${attack}\n`;
    input.notes = [attack];
    input.environment = { [attack]: attack };
    Object.assign(input.runs[4]!, { label: attack, status: 'failed', reason: attack });
    input.corpora[1]!.description = attack;
    const { html, markdown, folder, document } = written(input);
    expect(html).not.toMatch(/<script|<img/i);
    expect(document.querySelectorAll('script, img, [onerror]')).toHaveLength(0);
    checkXml(html.slice(html.indexOf('<body>'), html.indexOf('</html>')));
    const prose = markdown.slice(0, markdown.indexOf('## Resolved config'));
    expect(prose).not.toMatch(/<script|<img|https:\/\/evil|[^\\]\[l\]/i);
    expect(markdown).toMatch(/\n````yaml\n/);
    for (const line of prose.split('\n').filter((line) => line.startsWith('| ')))
      expect(line.match(/(?<!\\)\|/g)!.length).toBeGreaterThan(2);
    expect(readdirSync(join(folder, 'figures'))).toHaveLength(5);
  });

  it('keeps a table row in Markdown to its number of cells', () => {
    const input = plantedSweep();
    input.runs[0]!.label = 'a | b\nc';
    const { markdown } = written(input);
    const lines = markdown.split('\n');
    const at = lines.findIndex((line) => line.startsWith('| run |'));
    const cells = (line: string): number => line.split(/(?<!\\)\|/).length;
    for (let row = at; lines[row]!.startsWith('|'); row++) expect(cells(lines[row]!)).toBe(cells(lines[at]!));
  });
});
