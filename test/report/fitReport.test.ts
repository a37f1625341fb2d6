import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import { percent } from '../../src/common/numbers.ts';
import { lawForm } from '../../src/laws/forms/registry.ts';
import { heldOutError } from '../../src/laws/validation/recommendForm.ts';
import { writeFitReport } from '../../src/report/fitReport.ts';
import { fitSummaryText } from '../../src/report/fitText.ts';
import type { FitReportInput } from '../../src/report/fitTypes.ts';
import { plantedRows } from '../laws/planted.ts';
import { fitRows, fittedLoss, reportInput } from './fitFixture.ts';
import { checkXml } from './xml.ts';

/** Words that stand for a number without a value, with what is around them. */
const BROKEN = /.{0,60}(NaN|undefined|\bInfinity\b|\[object|\bnull\b).{0,40}/;
const broken = (text: string): string | null => BROKEN.exec(text)?.[0] ?? null;
const textOf = (node: { textContent: string | null } | null): string => node?.textContent ?? '';

function written(input: FitReportInput) {
  const folder = mkdtempSync(join(tmpdir(), 'fit-'));
  const paths = writeFitReport(input, folder).map((path) => relative(folder, path));
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
  const html = read('fit.html');
  const { document } = parseHTML(html);
  const table = (title: string, at = 0): string[][] =>
    [
      ...[...document.querySelectorAll(`[role="region"][aria-label="${title}"]`)][at]!.querySelectorAll('tr'),
    ].map((row) => [...row.querySelectorAll('th, td')].map(textOf));
  return { paths, html, document, table, read, markdown: read('fit.md') };
}

/** No number without a value in any output, and all of it well formed. */
function checkSound(input: FitReportInput) {
  const result = written(input);
  expect(broken(result.html)).toBeNull();
  expect(broken(result.markdown)).toBeNull();
  expect(broken(fitSummaryText(input))).toBeNull();
  checkXml(result.html.slice(result.html.indexOf('<body>'), result.html.indexOf('</html>')));
  for (const path of result.paths.filter((path) => path.endsWith('.svg'))) {
    const svg = result.read(path);
    checkXml(svg);
    expect(broken(svg)).toBeNull();
  }
  const ids = [...result.document.querySelectorAll('[id]')].map((element) => element.getAttribute('id'));
  expect(new Set(ids).size).toBe(ids.length);
  const lines = result.markdown.split('\n');
  const cells = (line: string): number => line.split(/(?<!\\)\|/).length;
  lines.forEach((line, at) => {
    if (line.startsWith('| ') && lines[at - 1]?.startsWith('| '))
      expect(cells(line)).toBe(cells(lines[at - 1]!));
  });
  return result;
}

const compared = fittedLoss(['L3', 'L1', 'chinchilla', 'bimix'], fitRows(), {
  validate: true,
  resamples: 4,
  domain: 'math',
});

describe('the page of fitted forms', () => {
  const input = { ...reportInput([compared, { ...compared, loss: 'domain_loss' }]), notes: ['a note'] };
  const page = checkSound(input);
  const chosen = compared.recommendation!.form!;

  it('names its files, the page first', () => {
    const figures = ['held-out-errors', 'predicted-against-measured', 'curves'];
    expect(page.paths).toEqual([
      'fit.html',
      ...['general-loss-of-math', 'domain-loss-of-math'].flatMap((loss) =>
        figures.map((figure) => join('figures', `${loss}-${figure}.svg`)),
      ),
      'fit.md',
    ]);
    for (const path of page.paths.filter((path) => path.endsWith('.svg')))
      expect(page.markdown).toContain(`](${path})`);
  });

  it('begins with the form to rely on for each loss and why', () => {
    const leads = [...page.document.querySelectorAll('header .answer .sentence')].map(textOf);
    expect(leads).toHaveLength(2);
    expect(leads[0]).toBe(
      `general_loss of math: rely on ${chosen}. ${compared.recommendation!.reason.replace(/\.*$/, '.')}`,
    );
    expect(textOf(page.document.querySelector('title'))).toContain(`domain_loss of math: rely on ${chosen}`);
    expect(page.markdown.indexOf(`rely on ${chosen}`)).toBeLessThan(page.markdown.indexOf('!['));
  });

  it('sorts forms and baselines by held-out error and says which is to be relied on', () => {
    const rows = page.table('Forms').slice(1);
    const sorted = [...compared.validation!].sort((a, b) => heldOutError(a) - heldOutError(b));
    expect(rows.map(([name]) => name)).toEqual(
      sorted.map(({ name }) => (name === chosen ? `${name} (rely on it)` : name)),
    );
    expect(rows.map((row) => row[8])).toEqual(sorted.map((form) => percent(heldOutError(form), 3)));
    expect(rows.filter((row) => row.at(-1) === 'baseline').map((row) => row[0])).toHaveLength(2);
    const l3 = rows.find(([name]) => name!.startsWith('L3'))!;
    expect(l3[1]).toBe('9');
    expect(l3[2]).toBe(compared.fits[0]!.quality.r2.toFixed(4));
  });

  it('has held-out results by protocol, inside and outside apart', () => {
    const result = compared.validation!.find(({ name }) => name === 'L3')!;
    for (const kind of ['interpolation', 'extrapolation'] as const) {
      const [head, ...rows] = page.table(`Held-out rows, ${kind}`);
      const l3 = rows.find(([name]) => name === 'L3')!;
      const at = head!.indexOf('ratio: error');
      expect(l3[at]).toBe(percent(result.heldOut.ratio![kind]!.meanRelativeError, 3));
      expect(l3[at - 1]).toBe(result.heldOut.ratio![kind]!.r2.toFixed(3).replace('-', '−'));
      expect(head!.includes('forward: error')).toBe(kind === 'extrapolation');
    }
  });

  it('has every parameter with its unit and interval, the chosen form open and the others folded', () => {
    const names = lawForm(chosen).parameters.length;
    const rows = page.table(`Parameters of ${chosen}`).slice(1);
    expect(rows).toHaveLength(names);
    expect(rows.every((row) => /[–]|to/.test(row[2]!) && row[2] !== '–')).toBe(true);
    expect(rows.map((row) => row[3])).toContain('nats per token');
    const others = page.table('Parameters of the other forms').slice(1);
    expect(others).toHaveLength(
      compared.fits
        .filter(({ form }) => form !== chosen)
        .reduce((sum, { form }) => sum + lawForm(form).parameters.length, 0),
    );
    expect(page.table('How the fits were found').slice(1)).toHaveLength(4);
  });

  it('ends with formulas, sources and settings', () => {
    expect(page.table('Formulas').map(([name]) => name)).toEqual([
      'form',
      ...compared.fits.map((fit) => fit.form),
    ]);
    const settings = page.table('Sources and settings');
    expect(settings).toContainEqual(['source', 'runs/math/losses.csv']);
    expect(settings).toContainEqual(['huber delta', '0.001']);
    expect(settings).toContainEqual(['rows of general_loss of math', '60 of 15 runs']);
    expect(textOf(page.document.querySelector('#about ~ .notice'))).toContain('a note');
  });

  it('gives the same bytes for the same input', () => {
    const again = written(structuredClone(input));
    for (const path of page.paths) expect(again.read(path)).toBe(page.read(path));
  });

  it('needs nothing: no script, no address', () => {
    expect(page.html.replaceAll('xmlns="http://www.w3.org/2000/svg"', '')).not.toMatch(
      /<script|https?:|src=|<link|<img|@import|url\(|\son\w+=/i,
    );
    expect(page.html).toContain(`default-src 'none'`);
  });
});

describe('the page when something is missing', () => {
  it('names a form that was asked for alone with its quality, and figures of it', () => {
    const alone = fittedLoss(['L3'], fitRows());
    const { document, paths, html } = checkSound(reportInput([alone]));
    const lead = textOf(document.querySelector('header .sentence'));
    expect(lead).toContain(`general_loss: L3 fits with R² ${alone.fits[0]!.quality.r2.toFixed(4)}`);
    expect(paths).toHaveLength(4);
    expect(html).toContain('not compared on rows they had not seen');
    expect(html).not.toContain('rely on it');
    expect(html).toContain('No intervals');
  });

  it('does not call a form reliable when several were not compared', () => {
    const { document } = checkSound(reportInput([fittedLoss(['L3', 'chinchilla'])]));
    const lead = document.querySelector('header .answer')!;
    expect(lead.getAttribute('class')).toBe('answer unsure');
    expect(textOf(lead)).toContain(
      'no form to rely on: the forms were not compared on held-out rows. Shown is L3',
    );
  });

  it('shows no number of a fit without a solution', () => {
    const loss = structuredClone(fittedLoss(['L3']));
    Object.assign(loss.fits[0]!, {
      starts: 0,
      statusDetail: 'no start gave a positive loss',
      parameters: Object.fromEntries(lawForm('L3').parameters.map(({ name }) => [name, 0])),
      conditionNumber: Number.MAX_VALUE,
    });
    loss.fits[0]!.objective.value = Number.POSITIVE_INFINITY;
    const { document, paths, table } = checkSound(reportInput([loss]));
    expect(textOf(document.querySelector('header .sentence'))).toBe(
      'general_loss: L3 found no solution: no start gave a positive loss.',
    );
    expect(document.querySelector('header .answer')!.getAttribute('class')).toBe('answer bad');
    expect(paths).toEqual(['fit.html', 'fit.md']);
    expect(table('Forms')[1]!.slice(2, 9)).toEqual(['–', '–', '–', '–', '–', '–', '–']);
    expect(table('Forms')[1]!.at(-1)).toBe('no solution');
  });

  it('survives every number that is not one', () => {
    const loss = structuredClone(compared);
    const poison = (numbers: object, value: number): void => {
      for (const [name, old] of Object.entries(numbers))
        if (typeof old === 'number' && name !== 'rows' && name !== 'folds')
          (numbers as Record<string, number>)[name] = value;
    };
    for (const fit of loss.fits) {
      poison(fit.quality, Number.NaN);
      poison(fit.parameters, Number.POSITIVE_INFINITY);
      for (const ends of Object.values(fit.intervals ?? {})) poison(ends, Number.NaN);
      for (const parameters of fit.replicates) poison(parameters, Number.NaN);
      Object.assign(fit, {
        gradientNorm: Number.NaN,
        nearOptimalSpread: Number.POSITIVE_INFINITY,
        conditionNumber: Number.POSITIVE_INFINITY,
        statusDetail: 'condition number NaN',
        status: 'singular-design',
        constraint: { kind: 'box', binds: true, freeObjective: Number.NaN, detail: 'costs Infinity' },
      });
    }
    for (const form of loss.validation!) {
      form.aicc = Number.NEGATIVE_INFINITY;
      for (const result of Object.values(form.heldOut)) {
        result.foldErrors.fill(Number.NaN);
        for (const quality of [result.all, result.interpolation, result.extrapolation])
          if (quality) poison(quality, Number.NaN);
      }
    }
    loss.recommendation!.reason = 'errs by NaN %';
    loss.seedNoise = { sd: Number.NaN, points: 3 };
    checkSound(reportInput([loss]));
  });

  it('marks a form that has no value on some rows, and gives their number in a terminal', () => {
    const loss = structuredClone(compared);
    loss.validation!.find(({ name }) => name === 'bimix')!.uncovered = 5;
    const { table, html } = checkSound(reportInput([loss]));
    expect(table('Forms').map(([name]) => name)).toContain('bimix *');
    expect(html).toContain('* has no value on some rows, which are not held against it.');
    expect(fitSummaryText(reportInput([loss]))).toMatch(/^ {2}bimix .*; no value on 5 rows$/m);
  });

  it('shows losses of a table without ratios along tokens', () => {
    const rows = plantedRows({ ratios: [1], rowNoise: 0.002 });
    const { html, paths } = checkSound(reportInput([fittedLoss(['chinchilla'], rows)]));
    expect(paths).toContain(join('figures', 'general-loss-curves.svg'));
    expect(html).toContain('general_loss against tokens');
    expect(html).toContain('Residual against model size');
    expect(html).not.toContain('against mixture ratio');
  });

  it('thins 2,000 rows, and names what was skipped', () => {
    const rows = plantedRows({
      sizes: Array.from({ length: 25 }, (_, at) => 1e-5 * 1.3 ** at),
      tokens: Array.from({ length: 10 }, (_, at) => 6e-5 * 1.5 ** at),
    });
    expect(rows.length).toBeGreaterThan(2000);
    // What the figures draw does not hang on where the parameters came from.
    const loss = { ...structuredClone(fittedLoss(['L3'])), rows };
    loss.skipped = [{ form: 'ge24', reason: 'it needs a column' }];
    const { html, table, read } = checkSound(reportInput([loss]));
    expect(table('Forms that could not be tried')[1]).toEqual(['ge24', 'it needs a column']);
    expect(html).toContain('25 model sizes, e.g.');
    expect(html).toContain('Drawn: 8 of 25 model sizes.');
    expect(read('fit.html').length).toBeLessThan(1_500_000);
  });

  it('lets no name, note or reason become markup', () => {
    const attack =
      '</title></svg><script>alert(1)</script><img src=x onerror=alert(2)> | `x` [l](https://evil.example)';
    const loss = structuredClone(compared);
    Object.assign(loss, { loss: attack, domain: attack });
    loss.rows = loss.rows.map((row) => ({ ...row, run: attack }));
    loss.recommendation!.reason = attack;
    loss.skipped = [{ form: attack, reason: attack }];
    for (const fit of loss.fits) {
      fit.statusDetail = attack;
      fit.warnings = [attack];
    }
    for (const form of loss.validation!) if (form.kind === 'baseline') form.name = attack;
    const input = {
      ...reportInput([loss, structuredClone(loss)]),
      title: attack,
      sources: [attack],
      options: { [attack]: attack },
      notes: [attack],
    };
    const { html, markdown, document } = checkSound(input);
    expect(html).not.toMatch(/<script|<img/i);
    expect(document.querySelectorAll('script, img, [onerror]')).toHaveLength(0);
    expect(markdown).not.toMatch(/<script|<img|https:\/\/evil|[^\\]\[l\]/i);
  });
});
