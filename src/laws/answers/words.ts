import type { AnswerWords, Estimate } from './types.ts';

/** A share in words: `3 %`. */
export const percent = (share: number): string => `${Number((100 * share).toPrecision(2))} %`;

/** A number of parameters or tokens, given in billions: `1.8B`, `614k`. */
export function count(billions: number): string {
  const value = billions * 1e9;
  const units: readonly [string, number][] = [
    ['T', 1e12],
    ['B', 1e9],
    ['M', 1e6],
    ['k', 1e3],
  ];
  const [unit, size] = units.find(([, least]) => value >= 0.9995 * least) ?? ['', 1];
  const scaled = value / size;
  return `${scaled >= 1e4 ? scaled.toExponential(1) : Number(scaled.toPrecision(3))}${unit}`;
}

/** What is known about an estimate, to stand behind it: ` (90 % interval 0.40–0.50; equally good fits put it between …)`. */
export function spreadText({ interval, equallyGood }: Estimate, format: (value: number) => string): string {
  const parts = [
    interval && `${percent(interval.level)} interval ${format(interval.low)}–${format(interval.high)}`,
    equallyGood &&
      format(equallyGood.low) !== format(equallyGood.high) &&
      `equally good fits put it between ${format(equallyGood.low)} and ${format(equallyGood.high)}`,
  ].filter(Boolean);
  return parts.length > 0 ? ` (${parts.join('; ')})` : '';
}

/** The words of an answer that cannot be given; `question` follows "cannot tell", e.g. `which size is best`. */
export const cannotTell = (
  question: string,
  trouble: string,
): Pick<AnswerWords, 'status' | 'sentence' | 'reason'> => ({
  status: 'not-identified',
  sentence: `The data cannot tell ${question}: ${trouble}.`,
  reason: `the data cannot tell, because ${trouble}`,
});
