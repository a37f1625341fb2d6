import pc from 'picocolors';
import { fixed, interval, percent, significant, whole } from '../common/numbers.ts';
import { textTable } from '../common/textTable.ts';
import type { LawFit } from '../laws/types.ts';
import { type AnswerTone, answerText, statusWords, sweepWarnings, syntheticNotice } from './answerText.ts';
import { crossDomainSentence } from './crossDomainTables.ts';
import { withoutEmptyFits } from './emptyFits.ts';
import { lawFormula, parameterSymbol } from './tables.ts';
import type { DomainAnswer, SweepReportInput } from './types.ts';
import { wrapText } from './wrapText.ts';

export interface SummaryOptions {
  colour?: boolean;
  /** Sentences are broken here; tables are never wider than they must be. */
  columns?: number;
}

/** The most lines one domain may take. */
const MOST_LINES = 25;

/** The answer of a sweep for a terminal: every domain's, then what concerns the sweep as a whole. */
export function sweepSummaryText(input: SweepReportInput, options: SummaryOptions = {}): string {
  const { columns = 100 } = options;
  const paint = pc.createColors(options.colour ?? false);
  const general = [syntheticNotice(input), ...sweepWarnings(input), ...input.notes].filter(
    (line) => line !== null,
  );
  return [
    ...input.answers.map((answer) => domainSummaryText(answer, options)),
    ...(input.crossDomain ? [wrapText(crossDomainSentence(input.crossDomain), columns)] : []),
    ...(general.length ? [general.map((line) => warning(line, columns, paint.yellow)).join('\n')] : []),
  ].join('\n\n');
}

/** One domain's answer, laws and quality in at most 25 lines; warnings that find no room are counted. */
export function domainSummaryText(stored: DomainAnswer, options: SummaryOptions = {}): string {
  const answer = withoutEmptyFits(stored);
  const { columns = 100 } = options;
  const paint = pc.createColors(options.colour ?? false);
  const tones: Record<AnswerTone, (text: string) => string> = {
    good: (text) => paint.bold(paint.green(text)),
    unsure: (text) => paint.bold(paint.yellow(text)),
    bad: (text) => paint.bold(paint.red(text)),
  };
  const { tone, headline, detail, lines, warnings } = answerText(answer);
  const sentence = wrapText(headline + detail, columns);
  const head = [
    tones[tone](sentence.slice(0, headline.length)) + sentence.slice(headline.length),
    ...lines.map((line) => wrapText(line, columns, '  ')),
    '',
    `  ${lawFormula(answer.generalLaw.form)}, N and D in billions`,
    lawsTable(answer, paint.dim),
  ].join('\n');
  const room = MOST_LINES - head.split('\n').length;
  const kept: string[] = [];
  for (const [at, line] of warnings.entries()) {
    const next = warning(line, columns, paint.yellow).split('\n');
    const last = at === warnings.length - 1;
    if (kept.length + next.length + (last ? 0 : 1) > room) {
      const rest = warnings.length - at;
      kept.push(`  ! ${rest} ${at === 0 ? '' : 'more '}${rest === 1 ? 'warning' : 'warnings'} in the report`);
      break;
    }
    kept.push(...next);
  }
  return [head, ...kept].join('\n');
}

function lawsTable(answer: DomainAnswer, dim: (text: string) => string): string {
  const laws = [answer.generalLaw, answer.domainLaw];
  const parameter = (fit: LawFit, name: string): string => {
    const ends = interval(fit.intervals?.[name], (end) => significant(end));
    return significant(fit.parameters[name] ?? null, 4) + (ends ? ` (${ends})` : '');
  };
  const names = [...new Set(laws.flatMap((fit) => Object.keys(fit.parameters)))];
  const level = laws.flatMap((fit) => Object.values(fit.intervals ?? {}))[0]?.level;
  const range = level === undefined ? '' : ` (${percent(level)} interval)`;
  const row = (name: string, value: (fit: LawFit) => string): string[] => [name, ...laws.map(value)];
  return textTable(
    [{ header: '' }, { header: `general law${range}` }, { header: `${answer.domain} law${range}` }],
    [
      ...names.map((name) => row(parameterSymbol(name), (fit) => parameter(fit, name))),
      row('status', (fit) =>
        fit.status === 'converged' ? statusWords(fit.status) : fit.status.replaceAll('-', ' '),
      ),
      row('R²', (fit) => `${fixed(fit.quality.r2, 4)} on ${whole(fit.quality.rows)} rows`),
      row(
        'Huber',
        (fit) => `${significant(fit.quality.huberSum)} sum, ${significant(fit.quality.huberMean)} mean`,
      ),
      row(
        'error',
        (fit) => `${significant(fit.quality.mae, 2)} nats, ${percent(fit.quality.meanRelativeError)}`,
      ),
    ],
    { indent: 2, paintHeader: dim },
  );
}

const warning = (text: string, columns: number, paint: (text: string) => string): string =>
  paint(wrapText(text, columns, '    ').replace(/^ {4}/, '  ! '));
