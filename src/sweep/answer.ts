import { domainsOfSweep } from '../analysis/domainData.ts';
import type { ResolvedConfig } from '../config/schema.ts';
import { recommendRatio } from '../laws/answers/bestRatio.ts';
import { fitPair } from '../laws/fitting/bootstrap.ts';
import { lawForm } from '../laws/forms/registry.ts';
import type { DomainAnswer } from '../report/types.ts';
import type { RunRecord, SweepObservation, SweepRunRecord } from '../store/types.ts';

export interface AnswerInputs {
  config: ResolvedConfig;
  runs: readonly (RunRecord & SweepRunRecord)[];
  observations: readonly SweepObservation[];
}

/**
 * Laws and recommendation per domain, from what the store holds; nothing here knows how it was measured. `onDomain` is
 * told before each domain's fits, which take seconds.
 */
export function answerSweep(
  { config, runs, observations }: AnswerInputs,
  onDomain: (domain: string) => void = () => {},
): DomainAnswer[] {
  const form = lawForm(config.law.form);
  const measured = new Map(domainsOfSweep(runs, observations).map((data) => [data.domain, data]));
  return Object.entries(config.corpora.domains).flatMap(([domain, { target }]) => {
    const data = measured.get(domain);
    if (!data || data.rows.general.length === 0) return [];
    const { rows, baseLosses } = data;
    onDomain(domain);
    const { huberDelta: delta, resamples, intervalLevel: level, constraint } = config.law;
    const { general, domain: ofDomain } = fitPair(form, rows, {
      delta,
      resamples,
      level,
      constraint: constraint === 'none' ? null : constraint,
      seed: config.seeds[0]!,
    });
    const modelSize =
      target.modelSize === 'largest'
        ? Math.max(...data.points.map((point) => point.modelSize))
        : target.modelSize;
    return [
      {
        domain,
        generalLaw: general,
        domainLaw: ofDomain,
        generalRows: rows.general,
        domainRows: rows.domain,
        excluded: rows.excluded,
        recommendation: recommendRatio({
          generalFit: general,
          domainFit: ofDomain,
          target: { n: modelSize / 1e9, d: target.tokens / 1e9, tolerance: target.tolerance },
          baseLosses,
          generalRows: rows.general,
          level,
        }),
      },
    ];
  });
}
