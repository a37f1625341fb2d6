import { interval, loss, percent, ratio, short, significant, whole } from '../common/numbers.ts';
import { tableMarkdown } from '../report/markdownParts.ts';
import type { ReportTable } from '../report/tables.ts';
import type { DriftReport, LawDrift, PointOutside } from './types.ts';

/** Points that a terminal shows of each law; the files have them all. */
const SHOWN_POINTS = 5;
const RUN_DIGITS = 12;
/** Of parameters. */
const DIGITS = 4;

/** A drift report as indented lines for a terminal. */
export function driftLines({ laws, ratio: best, findings }: DriftReport): string[] {
  return [
    ...(findings.length > 0 ? findings.map((finding) => `  ! ${finding}`) : ['  Nothing to look at.']),
    `  ${ratioSentence(best)}`,
    ...laws.flatMap((law) => [
      `  ${capital(law.loss)} law: ${observationsText(law)}; ${predictionsText(law)}.`,
      `    ${law.parameters.map(parameterText).join(', ')}`,
      ...(law.band.checked === 0 ? [] : [`    ${bandText(law)}`]),
      ...law.band.outside.slice(0, SHOWN_POINTS).map((point) => `      ${pointText(point)}`),
      ...(law.band.outside.length > SHOWN_POINTS
        ? [`      and ${law.band.outside.length - SHOWN_POINTS} more`]
        : []),
    ]),
  ];
}

/** A drift report as Markdown blocks. */
export function driftMarkdown({ laws, ratio: best, findings }: DriftReport): string[] {
  return [
    findings.length > 0 ? findings.map((finding) => `- ${finding}`).join('\n') : 'Nothing to look at.',
    ratioSentence(best),
    ...laws.flatMap((law) => [
      tableMarkdown(parametersTable(law)),
      ...(law.band.outside.length > 0 ? [tableMarkdown(pointsTable(law))] : []),
    ]),
  ];
}

function ratioSentence({ before, after, beforeInterval, afterInterval }: DriftReport['ratio']): string {
  const text = (value: number | null, range: typeof beforeInterval) => {
    if (value === null) return 'none';
    const span = interval(range, ratio);
    return span === null ? ratio(value) : `${ratio(value)} (${span})`;
  };
  return `Best domain ratio: ${text(after, afterInterval)}, before ${text(before, beforeInterval)}.`;
}

function observationsText({ observations: { before, after, added, gone } }: LawDrift): string {
  const changes = [added > 0 && `${whole(added)} new`, gone > 0 && `${whole(gone)} gone`].filter(Boolean);
  return changes.length > 0
    ? `${whole(after)} observations (${changes.join(', ')})`
    : `the same ${whole(before)} observations`;
}

const predictionsText = ({ predictions }: LawDrift): string =>
  `predictions moved by ${loss(predictions.meanAbsolute)} nats on average, ${loss(predictions.largest)} at most`;

function parameterText({
  name,
  before,
  after,
  outside,
  interval: range,
}: LawDrift['parameters'][number]): string {
  const span = interval(range, (end) => significant(end, DIGITS));
  const note = outside && span !== null ? ` (outside ${span})` : '';
  return `${name} ${significant(before, DIGITS)} to ${significant(after, DIGITS)}${note}`;
}

function bandText({ band }: LawDrift): string {
  const { outside, checked, expectedOutside, level } = band;
  return `${outside.length} of ${whole(checked)} new points outside the older law's ${percent(level)} band (${expectedOutside.toFixed(1)} expected by chance)`;
}

const pointText = (point: PointOutside): string =>
  `${point.run.slice(0, RUN_DIGITS)} (N = ${short(point.modelSize)}) at D = ${short(point.tokens)}, ratio ${ratio(point.ratio)}: ` +
  `${loss(point.loss)} where ${loss(point.predicted)} (${loss(point.low)}–${loss(point.high)}) was expected${point.far ? ', far off' : ''}`;

const right = (header: string) => ({ header, align: 'right' as const });

function parametersTable(law: LawDrift): ReportTable {
  return {
    title: `${capital(law.loss)} law`,
    columns: [
      { header: 'parameter' },
      right('before'),
      right('after'),
      right('older interval'),
      { header: '' },
    ],
    rows: law.parameters.map(({ name, before, after, interval: range, outside }) => [
      name,
      significant(before, DIGITS),
      significant(after, DIGITS),
      interval(range, (end) => significant(end, DIGITS)) ?? '–',
      outside ? 'outside' : '',
    ]),
    footnote:
      `${capital(observationsText(law))}; ${predictionsText(law)}. ` +
      (law.band.checked === 0 ? 'No new points.' : `${capital(bandText(law))}.`),
  };
}

function pointsTable({ loss: which, band }: LawDrift): ReportTable {
  return {
    title: `New points outside the band of the ${which} law`,
    columns: [
      { header: 'run' },
      ...['model size', 'tokens', 'ratio', 'loss', 'predicted', 'band'].map(right),
      { header: '' },
    ],
    rows: band.outside.map((point) => [
      point.run.slice(0, RUN_DIGITS),
      short(point.modelSize),
      short(point.tokens),
      ratio(point.ratio),
      loss(point.loss),
      loss(point.predicted),
      `${loss(point.low)}–${loss(point.high)}`,
      point.far ? 'far off' : '',
    ]),
    footnote: 'Losses in nats per token; ratio is the share of the corpus whose loss it is.',
  };
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
