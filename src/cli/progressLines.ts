import pc from 'picocolors';
import { formatCount, formatDuration, formatPercent } from './format.ts';
import type { ActiveRun, Overall, RunEnd } from './progressState.ts';

const MAX_BAR = 24;
const MIN_BAR = 6;
const MOST_LINES = 16;

/** What a live line is made of: the label and percent always show, details as far as there is room. */
interface LiveLine {
  label: string;
  share: number;
  details: string[];
}

/** The live display: a line per run under way, then the whole sweep. No line is wider than `columns`. */
export function liveLines(
  active: ReadonlyMap<number, ActiveRun>,
  overall: Overall,
  columns: number,
  colour: boolean,
): string[] {
  const lines: LiveLine[] = [];
  // The runs of a fleet, or of many seats, would not fit on a screen: the others are counted in the last line.
  const shown = [...active].sort(([a], [b]) => a - b).slice(0, MOST_LINES);
  for (const [, run] of shown) {
    const { loss, tokensPerSecond } = run;
    const measured = lossesOf(run);
    const details = [
      ...(measured === '' ? [] : [measured]),
      ...(tokensPerSecond === null ? [] : [`${formatCount(tokensPerSecond)} tokens/s`]),
      ...(loss === null ? [] : [`training ${loss.toFixed(3)}`]),
    ];
    lines.push({ label: run.label, share: run.tokens / run.totalTokens, details });
  }
  lines.push({ label: 'sweep', share: overall.share, details: overallDetails(overall) });
  const longest = Math.max(...lines.map((line) => [...line.label].length));
  // A label may take half the line, no more.
  const labelWidth = Math.min(longest, Math.max(5, Math.floor(columns / 2)));
  return lines.map((line) => fitLine(line, labelWidth, columns, colour));
}

function fitLine(
  { label, share, details }: LiveLine,
  labelWidth: number,
  columns: number,
  colour: boolean,
): string {
  const colours = pc.createColors(colour);
  const name = clip(label, labelWidth).padEnd(labelWidth);
  const percent = formatPercent(share).padStart(5);
  const room = columns - labelWidth - percent.length - 1;
  if (room < 0) return clip(`${name}${percent}`, columns);
  // A third of the room, the same on every line, so that bars can be compared; details get what is left.
  const barWidth = Math.min(MAX_BAR, Math.floor(room / 3));
  const bar = barWidth < MIN_BAR ? '' : ` ${barOf(share, barWidth, colours)}`;
  let left = room - (bar === '' ? 0 : barWidth + 1);
  let tail = '';
  for (const detail of details) {
    left -= 2 + detail.length;
    if (left < 0) break;
    tail += `  ${detail}`;
  }
  return `${name}${bar} ${percent}${colours.dim(tail)}`;
}

function barOf(share: number, width: number, colours: ReturnType<typeof pc.createColors>): string {
  const full = Math.floor(Math.min(1, Math.max(0, share)) * width);
  return `${colours.cyan('█'.repeat(full))}${colours.dim('░'.repeat(width - full))}`;
}

/** Cut to at most `width` characters, with an ellipsis when something is cut away. */
export function clip(text: string, width: number): string {
  const characters = [...text];
  if (characters.length <= width) return text;
  return width < 1 ? '' : `${characters.slice(0, width - 1).join('')}…`;
}

function overallDetails(overall: Overall): string[] {
  const { secondsLeft, tokensPerSecond, endedRuns, runs, tokens, totalTokens } = overall;
  return [
    secondsLeft === null ? 'time left: ?' : `${formatDuration(secondsLeft)} left`,
    `${endedRuns} of ${runs} runs`,
    ...(tokensPerSecond > 0 ? [`${formatCount(tokensPerSecond)} tokens/s`] : []),
    `${formatCount(tokens)} of ${formatCount(totalTokens)} tokens`,
  ];
}

/** One line on the whole sweep, for logs. */
export function overallLine(overall: Overall): string {
  return [formatPercent(overall.share), ...overallDetails(overall)].join(', ');
}

function lossesOf({ generalLoss, domainLoss }: ActiveRun): string {
  const general = generalLoss === null ? [] : [`general ${generalLoss.toFixed(3)}`];
  const domain = domainLoss === null ? [] : [`domain ${domainLoss.toFixed(3)}`];
  return [...general, ...domain].join(' ');
}

/** One line on the end of a run: how, its last losses, how long it took. */
export function endedLine(run: ActiveRun, end: RunEnd, seconds: number): string {
  const losses = lossesOf(run);
  const at = end === 'done' ? '' : ` at ${formatCount(run.tokens)} of ${formatCount(run.totalTokens)} tokens`;
  return `${run.label}: ${end}${at}${losses === '' ? '' : `, ${losses} nats/token`}, ${formatDuration(seconds)}`;
}
