import type { ResolvedConfig } from '../config/schema.ts';
import type { BaseLoss } from '../laws/answers/baseLoss.ts';
import { fitPair } from '../laws/fitting/bootstrap.ts';
import { recommendRatio } from '../laws/answers/bestRatio.ts';
import { lawForm } from '../laws/forms/registry.ts';
import { lawRows, type MeasuredPoint } from '../laws/rows.ts';
import type { DomainAnswer } from '../report/types.ts';
import type { RunRecord, SweepObservation, SweepRunRecord } from '../store/types.ts';
import { runSpecSchema } from '../training/runSpec.ts';

export interface AnswerInputs {
  config: ResolvedConfig;
  runs: readonly (RunRecord & SweepRunRecord)[];
  observations: readonly SweepObservation[];
}

/**
 * Laws and recommendation per domain, from what the store holds; nothing here knows how it was measured. Runs that
 * diverged or failed have no place in a law. `onDomain` is told before each domain's fits, which take seconds.
 */
export function answerSweep(
  inputs: AnswerInputs,
  onDomain: (domain: string) => void = () => {},
): DomainAnswer[] {
  const { config } = inputs;
  const done = new Map(inputs.runs.filter((run) => run.status === 'done').map((run) => [run.run, run]));
  const warmupOf = (run: string): number => runSpecSchema.parse(done.get(run)!.spec).warmupTokens;
  const form = lawForm(config.law.form);
  return Object.entries(config.corpora.domains).flatMap(([domain, { target }]) => {
    const observed = inputs.observations.filter((row) => row.domain === domain && done.has(row.run));
    const points = observed.map(
      (row): MeasuredPoint => ({
        run: row.run,
        modelSize: row.modelSize,
        tokens: row.tokens,
        warmupTokens: warmupOf(row.run),
        domainRatio: row.domainRatio,
        generalLoss: row.generalLoss,
        domainLoss: row.domainLoss!,
      }),
    );
    const rows = lawRows(points);
    if (rows.general.length === 0) return [];
    onDomain(domain);
    const { huberDelta: delta, resamples, intervalLevel: level } = config.law;
    const { general, domain: ofDomain } = fitPair(form, rows, {
      delta,
      resamples,
      level,
      seed: config.seeds[0]!,
    });
    const sizes = observed.map((row) => row.modelSize);
    const modelSize = target.modelSize === 'largest' ? Math.max(...sizes) : target.modelSize;
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
          baseLosses: observed
            .filter((row) => row.tokens === 0)
            .map((row): BaseLoss => ({ n: row.modelSize / 1e9, loss: row.generalLoss })),
          generalRows: rows.general,
          level,
        }),
      },
    ];
  });
}
