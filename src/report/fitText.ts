import pc from 'picocolors';
import { fixed, interval, NONE, percent, significant, whole } from '../common/numbers.ts';
import { textTable } from '../common/textTable.ts';
import { lawForm } from '../laws/forms/registry.ts';
import type { LawFit } from '../laws/types.ts';
import { type AnswerTone, count } from './answerText.ts';
import { formRows, isSolved, shownFit, statusCell, uncoveredRows } from './fitChoice.ts';
import { fitLead } from './fitLead.ts';
import type { FitReportInput, FittedLoss } from './fitTypes.ts';
import type { SummaryOptions } from './summaryText.ts';
import { parameterSymbol } from './tables.ts';
import { wrapText } from './wrapText.ts';

const MOST_FORMS = 8;
const MOST_WARNINGS = 4;

/** The fits for a terminal: a block a loss (the form to rely on, the best forms, its parameters), then the notes. */
export function fitSummaryText(input: FitReportInput, options: SummaryOptions = {}): string {
  const { columns = 100 } = options;
  const paint = pc.createColors(options.colour ?? false);
  return [
    ...input.losses.map((fitted) => lossText(fitted, options)),
    ...(input.notes.length
      ? [input.notes.map((note) => warning(note, columns, paint.yellow)).join('\n')]
      : []),
  ].join('\n\n');
}

function lossText(fitted: FittedLoss, options: SummaryOptions): string {
  const { columns = 100 } = options;
  const paint = pc.createColors(options.colour ?? false);
  const tones: Record<AnswerTone, (text: string) => string> = {
    good: (text) => paint.bold(paint.green(text)),
    unsure: (text) => paint.bold(paint.yellow(text)),
    bad: (text) => paint.bold(paint.red(text)),
  };
  const { tone, headline, detail, lines, warnings } = fitLead(fitted);
  const shown = shownFit(fitted);
  const sentence = wrapText(headline + detail, columns);
  const kept = warnings.slice(0, MOST_WARNINGS);
  const rest = warnings.length - kept.length;
  return [
    // A headline longer than a line is broken in it too.
    sentence.startsWith(headline)
      ? tones[tone](headline) + sentence.slice(headline.length)
      : tones[tone](sentence),
    ...lines.map((line) => wrapText(line, columns, '  ')),
    ...(fitted.fits.length > 1 || fitted.validation ? ['', formsText(fitted, paint.dim)] : []),
    ...(shown ? ['', parametersText(shown, paint.dim)] : []),
    ...kept.map((line) => warning(line, columns, paint.yellow)),
    ...(rest > 0
      ? [paint.yellow(`  ! ${rest} more ${rest === 1 ? 'warning' : 'warnings'} in the report`)]
      : []),
  ].join('\n');
}

function formsText(fitted: FittedLoss, dim: (text: string) => string): string {
  const rows = formRows(fitted);
  // Baselines are what a law must beat: they stay, whatever their rank.
  const laws = rows.filter(({ kind }) => kind === 'law').slice(0, MOST_FORMS);
  const shown = rows.filter((row) => row.kind === 'baseline' || laws.includes(row));
  const left = rows.length - shown.length;
  const table = textTable(
    [
      'form',
      ...['parameters', 'R²', 'error', 'held-out error'].map((header) => ({
        header,
        align: 'right' as const,
      })),
      'status',
    ],
    shown.map((row) => {
      const quality = row.fit ? (isSolved(row.fit) ? row.fit.quality : null) : row.validation?.inSample;
      return [
        row.name,
        row.kind === 'baseline' ? NONE : whole(lawForm(row.name).parameters.length),
        fixed(quality?.r2 ?? null, 4),
        percent(quality?.meanRelativeError ?? null),
        percent(row.error, 3),
        uncoveredRows(row) > 0
          ? `${statusCell(row)}; no value on ${count(uncoveredRows(row), 'row')}`
          : statusCell(row),
      ];
    }),
    { indent: 2, paintHeader: dim },
  );
  return left > 0 ? `${table}\n  ${dim(`… and ${left} more in the report`)}` : table;
}

function parametersText(fit: LawFit, dim: (text: string) => string): string {
  const level = Object.values(fit.intervals ?? {})[0]?.level;
  return textTable(
    [
      `${fit.form}, N and D in billions`,
      { header: 'value', align: 'right' },
      ...(level === undefined ? [] : [{ header: `${percent(level)} interval`, align: 'right' as const }]),
    ],
    Object.entries(fit.parameters).map(([name, value]) => [
      parameterSymbol(name),
      significant(value, 4),
      ...(level === undefined ? [] : [interval(fit.intervals?.[name], (end) => significant(end)) ?? NONE]),
    ]),
    { indent: 2, paintHeader: dim },
  );
}

const warning = (text: string, columns: number, paint: (text: string) => string): string =>
  paint(wrapText(text, columns, '    ').replace(/^ {4}/, '  ! '));
