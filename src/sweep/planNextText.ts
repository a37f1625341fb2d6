import { textTable } from '../common/textTable.ts';
import type { DomainPlan } from './planNext.ts';

const count = (billions: number): string => Math.round(billions * 1e9).toLocaleString('en-US');
const right = (header: string) => ({ header, align: 'right' as const });

/** What to run next and what it is worth, for a terminal. */
export function domainPlanText({ domain, from, question, plan, check, power }: DomainPlan): string {
  const lines = [
    `${domain}: best ratio at N = ${count(question.target.n)}, D = ${count(question.target.d)}, by the laws of sweep ${from}`,
  ];
  if (plan) {
    const unit = plan.quantity === 'domain-ratio' ? '' : ' nats of general loss';
    const at = (value: number) => value.toFixed(plan.quantity === 'domain-ratio' ? 3 : 4);
    lines.push(
      `Next best runs (predicted ${Math.round(100 * plan.before.level)} % half width now ±${at(plan.before.halfWidth)}${unit}, with all of them ±${at(plan.after.halfWidth)}):`,
      textTable(
        [
          right('#'),
          right('model size'),
          right('domain ratio'),
          right('tokens'),
          right('GFLOP'),
          right('half width then'),
        ],
        plan.runs.map((run, i) => [
          String(i + 1),
          count(run.n),
          run.domainRatio.toFixed(2),
          count(run.d),
          (run.flops / 1e9).toPrecision(3),
          `±${at(run.halfWidthAfter)}`,
        ]),
        { indent: 2 },
      ),
      `  ${count(plan.cost.tokens)} tokens, ${(plan.cost.flops / 1e9).toPrecision(3)} GFLOP in all.`,
    );
    if (check) {
      lines.push(
        `  Verified on ${check.now.simulations} simulated sweeps: ±${at(check.now.halfWidth)} now, ±${at(check.withPlan.halfWidth)} with these runs, ±${at(check.withRandomRuns.halfWidth)} with as many random ones at about the same cost.`,
      );
    }
    lines.push(...plan.warnings.map((text) => `  ! ${text}`));
  }
  if (power) {
    lines.push(
      `Power: ${power.verdict}`,
      textTable(
        [
          right('sizes'),
          right('ratios'),
          right('seeds'),
          right('runs'),
          right('tokens'),
          'half width of the ratio',
        ],
        power.rows.map((row) => [
          String(row.sizes),
          String(row.ratios),
          String(row.seeds),
          String(row.runs),
          count(row.tokens),
          row.halfWidth === null
            ? (row.note ?? '–')
            : `±${row.halfWidth.toFixed(3)}${row === power.reached ? '  <- the cheapest that is enough' : ''}`,
        ]),
        { indent: 2 },
      ),
      ...power.assumptions.map((text) => `  ! ${text}`),
    );
  }
  return lines.join('\n');
}
