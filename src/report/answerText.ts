import { interval, loss, percent, ratio, short } from '../common/numbers.ts';
import type { FitStatus, LawFit, RatioRecommendation } from '../laws/types.ts';
import type { DomainAnswer, SweepReportInput } from './types.ts';

export type AnswerTone = 'good' | 'unsure' | 'bad';

/** A domain's answer in words, for a page, a file and a terminal alike. */
export interface AnswerText {
  tone: AnswerTone;
  /** The first words of the sentence, e.g. `Mix 0.42 math`. */
  headline: string;
  /** The rest of the sentence. */
  detail: string;
  /** What to expect there; plain sentences. */
  lines: string[];
  /** What to be careful about. */
  warnings: string[];
}

/** The answer for one domain: a sentence, what it rests on, and what to be careful about. */
export function answerText(answer: DomainAnswer): AnswerText {
  const { recommendation, domain, generalLaw, domainLaw } = answer;
  return {
    ...answerSentence(recommendation, domain),
    lines: expectation(recommendation, domain),
    warnings: unique([
      ...recommendation.warnings,
      ...fitWarnings([
        ['general', generalLaw],
        [domain, domainLaw],
      ]),
    ]).map(asSentence),
  };
}

function answerSentence(
  recommendation: RatioRecommendation,
  domain: string,
): Pick<AnswerText, 'tone' | 'headline' | 'detail'> {
  const { target, domainRatio, status } = recommendation;
  const where = `at N = ${short(target.n * 1e9)} parameters and D = ${short(target.d * 1e9)} tokens`;
  const reason = recommendation.reason.trim().replace(/\.$/, '');
  const ends = interval(recommendation.interval, ratio);
  const range = ends ? `${percent(recommendation.interval!.level)} interval ${ends}` : null;
  if (status === 'recommended') {
    return {
      tone: 'good',
      headline: `Mix ${ratio(domainRatio)} ${domain}`,
      detail: ` (${range ?? 'no interval: the fits were not resampled'}), ${where}: ${reason}.`,
    };
  }
  if (status === 'infeasible') {
    return { tone: 'bad', headline: 'Infeasible', detail: ` for ${domain}, ${where}: ${reason}.` };
  }
  const guess =
    domainRatio === null
      ? ''
      : ` The point estimate is ${ratio(domainRatio)}${range ? ` (${range})` : ''}; do not rely on it.`;
  // The sentence has these words already, and the target between them.
  const why = reason.replace(/^the data cannot tell,? (because )?/i, '');
  return {
    tone: 'unsure',
    headline: 'The data cannot tell',
    detail: ` how much ${domain} to mix, ${where}, because ${why}.${guess}`,
  };
}

function expectation(recommendation: RatioRecommendation, domain: string): string[] {
  const { baseGeneralLoss, generalLossLimit, predictedGeneralLoss, predictedDomainLoss } = recommendation;
  const limit = `base model ${loss(baseGeneralLoss)}, limit ${loss(generalLossLimit)}`;
  if (predictedGeneralLoss === null) return [`General loss: ${limit} nats per token.`];
  const domainLoss = predictedDomainLoss === null ? '' : `, ${domain} loss ${loss(predictedDomainLoss)}`;
  return [
    `Expected there: general loss ${loss(predictedGeneralLoss)} (${limit})${domainLoss}, in nats per token.`,
  ];
}

const STATUS_WORDS: Record<FitStatus, string> = {
  converged: 'converged',
  'at-bound': 'a parameter stands at its bound',
  'iteration-limit': 'the optimiser stopped before it was done',
  'grid-edge': 'the optimum lies beyond the range that the search began in',
  'singular-design': 'the measurements cannot separate the parameters',
  'too-few-sizes': 'too few model sizes to learn how loss depends on size',
  'too-few-tokens': 'too few token counts to learn how loss depends on tokens',
  'too-few-ratios': 'too few mixture ratios to learn how loss depends on the mixture',
};

/** A fit's status in plain words. */
export const statusWords = (status: FitStatus): string => STATUS_WORDS[status];

/** What the laws themselves warn of; what both say is said once. */
function fitWarnings(laws: readonly (readonly [string, LawFit])[]): string[] {
  const said = new Map<string, string[]>();
  for (const [name, fit] of laws) {
    const trouble = fit.status === 'converged' ? [] : [fit.statusDetail || statusWords(fit.status)];
    for (const line of [...trouble, ...fit.warnings]) said.set(line, [...(said.get(line) ?? []), name]);
  }
  return [...said].map(([line, names]) => `${names.length > 1 ? 'both laws' : `${names[0]} law`}: ${line}`);
}

/** What a reader must know about the sweep as a whole before any number, most serious first. */
export function sweepWarnings(input: SweepReportInput): string[] {
  const { runs, corpora } = input;
  const list = (labels: string[]): string =>
    labels.length <= 4 ? labels.join(', ') : `${labels.slice(0, 3).join(', ')} and ${labels.length - 3} more`;
  const labels = (status: string): string[] =>
    runs.filter((run) => run.status === status).map((run) => run.label);
  const failed = labels('failed');
  const diverged = labels('diverged');
  const open = [...labels('planned'), ...labels('running')];
  const repeats = runs.filter((run) => (run.generalEpochs ?? 0) > 1 || (run.domainEpochs ?? 0) > 1);
  const most = Math.max(...repeats.map((run) => Math.max(run.generalEpochs ?? 0, run.domainEpochs ?? 0)));
  return [
    ...(failed.length
      ? [`${count(failed.length, 'run')} failed, so the answer rests on the others: ${list(failed)}.`]
      : []),
    ...(open.length ? [`${count(open.length, 'run')} not finished: ${list(open)}.`] : []),
    ...(diverged.length ? [`${count(diverged.length, 'run')} diverged: ${list(diverged)}.`] : []),
    ...(repeats.length
      ? [
          `${count(repeats.length, 'run')} read some text more than once (up to ${most.toFixed(2)} epochs); repeated text teaches less than fresh text.`,
        ]
      : []),
    ...corpora
      .filter((corpus) => corpus.overlapShare > 0.01)
      .map(
        (corpus) =>
          `${percent(corpus.overlapShare)} of the ${corpus.name} validation documents have a duplicate or near duplicate in training, which makes its loss look better than it is.`,
      ),
  ];
}

/** One sentence when corpora were generated; null when all are real text. */
export function syntheticNotice(input: SweepReportInput): string | null {
  const names = input.corpora.filter((corpus) => corpus.synthetic).map((corpus) => corpus.name);
  if (names.length === 0) return null;
  const which = names.length === 1 ? names[0]! : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
  return `Synthetic data: the ${names.length === 1 ? 'corpus' : 'corpora'} ${which} ${
    names.length === 1 ? 'was' : 'were'
  } generated for demonstration. These numbers show that the method works; they say nothing about real text.`;
}

export const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`;

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const asSentence = (text: string): string => {
  const trimmed = text.trim();
  if (!trimmed) return '';
  return /[.!?…]$/.test(trimmed) ? capital(trimmed) : `${capital(trimmed)}.`;
};

const unique = (lines: readonly string[]): string[] => [...new Set(lines)];
