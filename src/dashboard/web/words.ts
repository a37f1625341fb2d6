import { duration, NONE, percent, ratio, short } from '../../common/numbers.ts';
import type { RunStatus, SweepSummary } from '../api/sweeps.ts';

export const STATUS_WORDS: Record<RunStatus, string> = {
  planned: 'planned',
  running: 'running',
  done: 'done',
  diverged: 'diverged',
  failed: 'failed',
};

export const SWEEP_STATES: Record<SweepSummary['state'], string> = {
  running: 'running',
  paused: 'paused',
  incomplete: 'incomplete',
  complete: 'complete',
};

interface AnswerLike {
  status: 'recommended' | 'infeasible' | 'not-identified';
  domainRatio: number | null;
  interval: { low: number; high: number; level: number } | null;
}

/** An answer in few words; never a bare number where there is none to give. */
export function answerWords({ status, domainRatio, interval }: AnswerLike): string {
  if (status === 'infeasible') return 'infeasible';
  if (status === 'not-identified') return 'not identified';
  if (domainRatio === null) return NONE;
  return interval
    ? `${ratio(domainRatio)} (${ratio(interval.low)}–${ratio(interval.high)})`
    : `${ratio(domainRatio)}, no interval`;
}

/** `3 min 20 s left`, or why there is no word of it. */
export function timeLeft({ state, secondsLeft }: Pick<SweepSummary, 'state' | 'secondsLeft'>): string {
  if (state === 'complete') return 'complete';
  if (state === 'paused') return 'paused';
  if (state === 'incomplete') return 'not running';
  return secondsLeft === null ? 'time left not known yet' : `${duration(secondsLeft)} left`;
}

/** What was trained of what is planned, 0…1, by tokens. */
export function progressOf({ tokens, runs }: Pick<SweepSummary, 'tokens' | 'runs'>): number {
  if (tokens.planned > 0) return Math.min(1, tokens.trained / tokens.planned);
  return runs.total > 0 ? runs.done / runs.total : 0;
}

/** A share as whole percent; what is not all is never 100 %, what has begun is never 0 %. */
export function progressWords(share: number): string {
  const whole = share >= 1 ? 100 : share <= 0 ? 0 : Math.min(99, Math.max(1, Math.round(share * 100)));
  return `${whole}\u00a0%`;
}

/** `12 of 40 runs: 3 running, 1 failed`. */
export function runsWords({ runs }: Pick<SweepSummary, 'runs'>): string {
  const others = (['running', 'diverged', 'failed'] as const)
    .filter((status) => runs[status] > 0)
    .map((status) => `${runs[status]} ${status}`);
  return `${runs.done} of ${runs.total} runs done${others.length > 0 ? `, ${others.join(', ')}` : ''}`;
}

/** Floating-point operations: 1.2 PFLOP. */
export function flopsWords(flops: number): string {
  if (flops <= 0) return NONE;
  for (const [unit, size] of [
    ['EFLOP', 1e18],
    ['PFLOP', 1e15],
    ['TFLOP', 1e12],
    ['GFLOP', 1e9],
  ] as const) {
    if (flops >= size * 0.9995) return `${(flops / size).toPrecision(3)} ${unit}`;
  }
  return `${(flops / 1e6).toPrecision(3)} MFLOP`;
}

export const rateWords = (tokensPerSecond: number | null): string =>
  tokensPerSecond === null || tokensPerSecond <= 0 ? NONE : `${short(tokensPerSecond)} tokens/s`;

export function bytesWords(bytes: number): string {
  if (bytes >= 2 ** 30) return `${(bytes / 2 ** 30).toPrecision(3)} GiB`;
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}

/** `2 min ago`, `3 days ago`; for what lies in the future too: `now`. */
export function ago(iso: string, nowMs: number): string {
  const seconds = Math.max(0, (nowMs - Date.parse(iso)) / 1000);
  if (!Number.isFinite(seconds)) return NONE;
  if (seconds < 5) return 'now';
  if (seconds < 60) return `${Math.round(seconds)} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86_400)} days ago`;
}

/** A date and time of this place, to the minute: 2026-03-04 17:05. */
export function when(iso: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return NONE;
  const two = (value: number) => String(value).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** An interval with its level: `0.21–0.33 (90 %)`. */
export function intervalWords(
  interval: { low: number; high: number; level: number } | null,
  format: (value: number) => string,
): string {
  if (!interval) return 'no interval';
  const [low, high] = [format(interval.low), format(interval.high)];
  const ends = low.startsWith('−') || high.startsWith('−') ? `${low} to ${high}` : `${low}–${high}`;
  return `${ends} (${percent(interval.level)})`;
}

/** A count that a person typed: 55.5k, 1.8B, 300000, 2e9; null when it is none. */
export function countFrom(text: string): number | null {
  const found = /^\s*([0-9][0-9_, ]*(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?|\.[0-9]+)\s*([kmbgt]?)\s*$/i.exec(text);
  if (!found) return null;
  const size = { '': 1, k: 1e3, m: 1e6, b: 1e9, g: 1e9, t: 1e12 }[found[2]!.toLowerCase()]!;
  const value = Number(found[1]!.replace(/[_, ]/g, '')) * size;
  return Number.isFinite(value) && value > 0 ? value : null;
}

/** `2 runs at once on 1 worker`. */
export const trainersWords = ({ trainers, workers }: Pick<SweepSummary, 'trainers' | 'workers'>): string =>
  `${trainers} ${trainers === 1 ? 'run' : 'runs'} at once on ${workers} ${workers === 1 ? 'worker' : 'workers'}`;
