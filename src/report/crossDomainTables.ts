import { fixed, loss, NONE, percent, ratio, short, significant } from '../common/numbers.ts';
import { statusWords } from './answerText.ts';
import type { ReportTable } from './tables.ts';
import type { CrossDomainContent } from './types.ts';

const left = (header: string) => ({ header });
const right = (header: string) => ({ header, align: 'right' as const });

/** The cross-domain stage in four tables: hold-outs in short, by domain, the laws, the probes. */
export function crossDomainTables(content: CrossDomainContent): ReportTable[] {
  return [summaryTable(content), unseenTable(content), lawsTable(content), probesTable(content)];
}

/** One sentence: which K foretells unseen domains best, how well, and whether that beats the baselines. */
export function crossDomainSentence({ summary, best, probeShare }: CrossDomainContent): string {
  const of = (method: string) => summary.find((each) => each.method === method)!;
  const own = of(best);
  const nearest = of('nearest-domain');
  const verdict =
    own.ofDomain.meanRelativeError < nearest.ofDomain.meanRelativeError &&
    own.general.meanRelativeError < nearest.general.meanRelativeError &&
    (own.ratioError ?? 0) <= (nearest.ratioError ?? 1)
      ? 'better than the law of the nearest domain'
      : 'no better in every respect than simply taking the law of the nearest domain';
  return (
    `From probes of ${percent(probeShare)} of the training tokens, the cross-domain law with ${best} foretells unseen domains' general loss ` +
    `to ${percent(own.general.meanRelativeError)} and domain loss to ${percent(own.ofDomain.meanRelativeError)} (mean over ${own.holdOuts} hold-outs)` +
    `${own.ratioError === null ? '' : `, and their best ratio to ±${fixed(own.ratioError, 2)}`}: ${verdict} ` +
    `(${percent(nearest.general.meanRelativeError)} and ${percent(nearest.ofDomain.meanRelativeError)}` +
    `${nearest.ratioError === null ? '' : `, ±${fixed(nearest.ratioError, 2)}`}).`
  );
}

function summaryTable({ summary }: CrossDomainContent): ReportTable {
  return {
    title: 'Cross-domain hold-outs: unseen domains foretold from their first steps',
    columns: [
      left('method'),
      right('hold-outs'),
      right('general R²'),
      right('general error'),
      right('domain R²'),
      right('domain error'),
      right('worst domain error'),
      right('ratio error'),
      right('no ratio in one of the two'),
    ],
    rows: summary.map((each) => [
      each.method,
      String(each.holdOuts),
      fixed(each.general.r2, 3),
      percent(each.general.meanRelativeError),
      fixed(each.ofDomain.r2, 3),
      percent(each.ofDomain.meanRelativeError),
      percent(each.worstDomainError),
      fixed(each.ratioError, 3),
      String(each.ratioDisagreements),
    ]),
    footnote:
      'Means over all hold-outs and the domains unseen in each; errors are mean relative errors of losses; ratio error: mean absolute difference from the best ratio by the domain’s own law.',
  };
}

function unseenTable({ holdOuts, best }: CrossDomainContent): ReportTable {
  return {
    title: `Every hold-out with ${best}, beside the nearest domain's law`,
    columns: [
      left('unseen'),
      left('fitted to'),
      right('general error'),
      right('domain error'),
      right('ratio foretold'),
      right('ratio by its own law'),
      right('nearest: general error'),
      right('nearest: domain error'),
      right('nearest: ratio'),
    ],
    rows: holdOuts
      .filter(({ method }) => method === best)
      .map((each) => {
        const nearest = holdOuts.find(
          (other) =>
            other.method === 'nearest-domain' &&
            other.unseen === each.unseen &&
            other.fitted.join() === each.fitted.join(),
        )!;
        return [
          each.unseen,
          each.fitted.join(', '),
          percent(each.general.meanRelativeError),
          percent(each.ofDomain.meanRelativeError),
          ratio(each.predictedRatio),
          ratio(each.ownRatio),
          percent(nearest.general.meanRelativeError),
          percent(nearest.ofDomain.meanRelativeError),
          ratio(nearest.predictedRatio),
        ];
      }),
    footnote: '',
  };
}

function lawsTable({ laws }: CrossDomainContent): ReportTable {
  const fits = Object.values(laws).flatMap(({ kind, general, ofDomain }) => [
    { kind, loss: 'general', fit: general },
    { kind, loss: 'domain', fit: ofDomain },
  ]);
  return {
    title: 'Cross-domain laws over all domains',
    columns: [left('K'), left('loss'), right('R²'), right('error'), left('status'), left('parameters')],
    rows: fits.map(({ kind, loss: which, fit }) => [
      kind,
      which,
      fixed(fit.quality.r2, 4),
      percent(fit.quality.meanRelativeError),
      statusWords(fit.status),
      Object.entries(fit.parameters)
        .map(([name, value]) => `${name} ${significant(value)}`)
        .join(', '),
    ]),
    footnote: 'N and D in billions, losses in nats per token.',
  };
}

function probesTable({ probes, probeShare }: CrossDomainContent): ReportTable {
  return {
    title: 'What was read off the first steps',
    columns: [
      left('domain'),
      right('general k1'),
      right('k2'),
      right('k3'),
      right('domain k1'),
      right('k2'),
      right('k3'),
      right('tokens'),
    ],
    rows: probes.map(({ domain, general, ofDomain, cost }) => [
      domain,
      loss(general.k1),
      loss(general.k2),
      loss(general.k3),
      loss(ofDomain.k1),
      loss(ofDomain.k2),
      loss(ofDomain.k3),
      short(cost * 1e9),
    ]),
    footnote: probes[0]
      ? `k1: loss after ${short(probes[0].at.k1 * 1e9)} tokens; k2: its fall until ${short(probes[0].at.k2 * 1e9)}; k3: how far that fall slows down until ${short(probes[0].at.k3 * 1e9)}. Read at N = ${short(probes[0].at.n * 1e9)} and ratio ${ratio(probes[0].at.domainRatio)}; ${percent(probeShare)} of the training tokens of all CPT runs.`
      : NONE,
  };
}
