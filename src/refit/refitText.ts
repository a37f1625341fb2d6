import { duration, ratio, whole } from '../common/numbers.ts';
import { escapeMarkdown } from '../report/escape.ts';
import { driftLines, driftMarkdown } from './driftText.ts';
import type { LawOutcome, RefitResult } from './types.ts';

export const hasNews = ({ laws }: RefitResult): boolean =>
  laws.some(({ status }) => status === 'first' || status === 'new');

/** Something deserves a look: see DriftReport.findings. */
export const hasDrift = ({ laws }: RefitResult): boolean =>
  laws.some((law) => law.status === 'new' && (law.drift?.findings.length ?? 0) > 0);

/** The whole in a sentence or two. */
function refitSentence(result: RefitResult): string {
  const { laws } = result;
  if (laws.length === 0) return 'Nothing new: no sweep has been run here yet.';
  const count = (...statuses: LawOutcome['status'][]) =>
    laws.filter(({ status }) => statuses.includes(status)).length;
  const [fresh, same, few, failed] = [
    count('first', 'new'),
    count('unchanged'),
    count('too-few'),
    count('failed'),
  ];
  const drifted = laws.filter((law) => law.status === 'new' && (law.drift?.findings.length ?? 0) > 0).length;
  const parts = [
    fresh > 0 && `${things(fresh, 'law')} fitted anew${drifted > 0 ? `, ${drifted} of them drifted` : ''}`,
    fresh > 0 && same > 0 && `${same} unchanged`,
    few > 0 && `${few} with too few observations`,
    failed > 0 && `${failed} failed`,
  ].filter((part) => part !== false);
  if (fresh > 0) return `${capital(parts.join('; '))}.`;
  const unchanged =
    same > 0
      ? `Nothing new: ${same === 1 ? 'the law stands' : `all ${same} laws stand`} as fitted, and nothing was fitted.`
      : 'Nothing new, and nothing was fitted.';
  return [unchanged, ...(parts.length > 0 ? [`${capital(parts.join('; '))}.`] : [])].join(' ');
}

/** A refit as lines for a terminal. */
export function refitText(result: RefitResult): string {
  return [
    refitSentence(result),
    ...lateLine(result),
    ...result.warnings.map((warning) => `Warning: ${warning}`),
    ...result.laws.flatMap((law) => [
      `${nameOf(law)}: ${outcomeText(law)}`,
      ...(law.status === 'new' && law.drift ? driftLines(law.drift) : []),
    ]),
  ].join('\n');
}

/** A refit as a Markdown page. */
export function refitMarkdown(result: RefitResult): string {
  const blocks = [
    `# Refit of ${result.startedAt}`,
    escapeMarkdown(`${refitSentence(result)} It took ${duration(result.seconds)}.`),
    ...lateLine(result),
    ...result.warnings.map((warning) => `Warning: ${escapeMarkdown(warning)}`),
    ...result.laws.flatMap((law) => [
      `## ${escapeMarkdown(nameOf(law))}`,
      escapeMarkdown(`${capital(outcomeText(law))}.`),
      ...(law.status === 'new' && law.drift ? driftMarkdown(law.drift) : []),
    ]),
  ];
  return `${blocks.join('\n\n')}\n`;
}

const nameOf = ({ sweep, domain }: LawOutcome): string => (domain === null ? sweep : `${sweep}/${domain}`);

function lateLine({ lateResults }: RefitResult): string[] {
  if (lateResults === null) return [];
  return [lateResults === 0 ? 'No late results.' : `Late results of ${things(lateResults, 'run')} taken in.`];
}

function outcomeText(law: LawOutcome): string {
  if (law.status === 'too-few') return `too few observations to fit (${law.reason})`;
  if (law.status === 'failed') return `failed: ${law.reason}${law.nextStep ? `. ${law.nextStep}` : ''}`;
  const at = `${things(law.observations, 'observation')}, best domain ratio ${law.domainRatio === null ? 'none' : ratio(law.domainRatio)}`;
  if (law.status === 'unchanged') return `nothing new, version ${law.version} (${at})`;
  if (law.status === 'first') return `version 1, its first (${at})`;
  const compared = law.drift === null ? '; the version before had found no law to compare with' : '';
  return `version ${law.version} (${at})${compared}`;
}

const things = (count: number, noun: string): string => `${whole(count)} ${noun}${count === 1 ? '' : 's'}`;

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
