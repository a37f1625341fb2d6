import { textTable } from '../common/textTable.ts';
import { allowance } from '../laws/answers/bestRatio.ts';
import type { Interval } from '../laws/types.ts';
import type { DomainRecommendation } from './recommend.ts';

/** The answers for a terminal: one block a domain, the plain sentences first. */
export function recommendationText(answer: DomainRecommendation): string {
  const { usage1, profile, usage2, usage3, joint, pareto, critical } = answer;
  const lines: string[] = [];
  const { target, domainRatio } = usage1;
  const where = `N = ${count(target.n)} parameters, D = ${count(target.d)} tokens`;
  const headline =
    usage1.status === 'recommended'
      ? `Mix ${domainRatio!.toFixed(2)} ${answer.domain}${ends(usage1.interval)} at ${where}: ${usage1.reason}.`
      : usage1.status === 'infeasible'
        ? `Infeasible at ${where}: ${usage1.reason}.`
        : `Not identified at ${where}: ${usage1.reason}.`;
  lines.push(headline);
  if (usage1.predictedGeneralLoss !== null && usage1.predictedDomainLoss !== null) {
    lines.push(
      `  Expected there: general loss ${usage1.predictedGeneralLoss.toFixed(4)} (limit ${usage1.generalLossLimit.toFixed(4)}, ${allowance(target)} above ${usage1.baseGeneralLoss.toFixed(4)}), ` +
        `${answer.domain} loss ${usage1.predictedDomainLoss.toFixed(4)}.`,
    );
  }
  if (profile) {
    lines.push(
      `  Profile interval of the ratio${ends(profile.ratio)}${open(profile.ratio)}; of the ${answer.domain} loss there${ends(profile.domainLoss, 4)}.`,
    );
  }
  if (usage2) {
    lines.push(`Limited domain text: ${usage2.sentence}`);
    if (usage2.domainLoss !== null) {
      lines.push(
        `  Domain loss there ${usage2.domainLoss.toFixed(4)}, with domain text alone ${usage2.allDomainLoss!.toFixed(4)}.`,
      );
    }
    lines.push(...usage2.warnings.map((text) => `  ! ${text}`));
  }
  if (usage3) {
    lines.push(`Compute budget: ${usage3.sentence}`);
    lines.push(...usage3.warnings.map((text) => `  ! ${text}`));
  }
  if (joint) {
    lines.push(`Compute budget: ${joint.sentence}`, ...joint.warnings.map((text) => `  ! ${text}`));
  }
  if (critical.length > 0) {
    lines.push(
      `Critical mixture ratio (another law, ${critical[0]!.toleranceNats} nats of tolerance, one answer a model size):`,
      textTable(
        [
          { header: 'N', align: 'right' },
          'status',
          { header: 'ratio', align: 'right' },
          'interval',
          'limited by',
        ],
        critical.map((each) => [
          count(each.modelSize),
          each.status,
          each.domainRatio === null ? '–' : each.domainRatio.toFixed(2),
          each.interval ? ends(each.interval).replace(/^ \(|\)$/g, '') : '–',
          each.limitedBy ?? each.reason.slice(0, 60),
        ]),
        { indent: 2 },
      ),
    );
  } else if (answer.criticalProblem)
    lines.push(`Critical mixture ratio: not possible, ${answer.criticalProblem}`);
  const shown = pareto.points.filter((_, i) => i % 20 === 0 || pareto.points.length <= 6);
  lines.push(
    `Pareto front at ${where} (${pareto.points.length} of 101 ratios are on it${pareto.knee === null ? '' : `; it bends most at ${pareto.knee.toFixed(2)}`}):`,
    textTable(
      [
        { header: 'ratio', align: 'right' },
        { header: 'general loss', align: 'right' },
        { header: `${answer.domain} loss`, align: 'right' },
      ],
      shown.map((point) => [
        point.domainRatio.toFixed(2),
        `${point.generalLoss.toFixed(4)}${ends(point.generalInterval, 3)}`,
        `${point.domainLoss.toFixed(4)}${ends(point.domainInterval, 3)}`,
      ]),
      { indent: 2 },
    ),
  );
  lines.push(...usage1.warnings.map((text) => `  ! ${text}`));
  return lines.join('\n');
}

const ends = (interval: Interval | null, digits = 2): string =>
  interval
    ? ` (${Math.round(100 * interval.level)} % interval ${interval.low.toFixed(digits)}–${interval.high.toFixed(digits)})`
    : '';

const open = ({ openBelow, openAbove }: { openBelow: boolean; openAbove: boolean }): string =>
  openBelow || openAbove
    ? `, and nothing stops it ${openBelow && openAbove ? 'on either side' : openBelow ? 'below' : 'above'}`
    : '';

const count = (billions: number): string => {
  const value = billions * 1e9;
  const [unit, size] =
    value >= 1e9 ? ['B', 1e9] : value >= 1e6 ? ['M', 1e6] : value >= 1e3 ? ['k', 1e3] : ['', 1];
  return `${Number((value / (size as number)).toPrecision(3))}${unit}`;
};
