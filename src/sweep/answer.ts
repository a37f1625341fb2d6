import { type DomainData, domainsOfSweep } from '../analysis/domainData.ts';
import type { ResolvedConfig } from '../config/schema.ts';
import type { BaseLoss } from '../laws/answers/baseLoss.ts';
import { recommendRatio } from '../laws/answers/bestRatio.ts';
import { fitPair, type ResampleOptions } from '../laws/fitting/bootstrap.ts';
import { lawForm } from '../laws/forms/registry.ts';
import type { LawRows } from '../laws/rows.ts';
import type { DomainAnswer } from '../report/types.ts';
import type { RunRecord, SweepObservation, SweepRunRecord } from '../store/types.ts';

export interface AnswerInputs {
  config: ResolvedConfig;
  runs: readonly (RunRecord & SweepRunRecord)[];
  observations: readonly SweepObservation[];
}

/** All that decides a domain's laws and its answer, before anything is fitted. */
export interface DomainQuestion {
  domain: string;
  /** The law form's name. */
  form: string;
  options: Required<Pick<ResampleOptions, 'delta' | 'resamples' | 'level' | 'seed' | 'constraint'>>;
  rows: LawRows;
  /** General losses of the base models. */
  baseLosses: readonly BaseLoss[];
  /** n and d in billions. */
  target: { n: number; d: number; tolerance: number };
}

/** The questions of a sweep, from what the store holds; a domain without any usable observation has none. Fits nothing. */
export function domainQuestions({ config, runs, observations }: AnswerInputs): DomainQuestion[] {
  const measured = new Map(domainsOfSweep(runs, observations).map((data) => [data.domain, data]));
  return Object.keys(config.corpora.domains).flatMap((domain) => {
    const data = measured.get(domain);
    return data && data.rows.general.length > 0 ? [question(config, data)] : [];
  });
}

function question(config: ResolvedConfig, { domain, points, rows, baseLosses }: DomainData): DomainQuestion {
  const { target } = config.corpora.domains[domain]!;
  const { form, huberDelta: delta, resamples, intervalLevel: level, constraint } = config.law;
  const modelSize =
    target.modelSize === 'largest' ? Math.max(...points.map((point) => point.modelSize)) : target.modelSize;
  return {
    domain,
    form,
    options: {
      delta,
      resamples,
      level,
      seed: config.seeds[0]!,
      constraint: constraint === 'none' ? null : constraint,
    },
    rows,
    baseLosses,
    target: { n: modelSize / 1e9, d: target.tokens / 1e9, tolerance: target.tolerance },
  };
}

/** Fits both laws of a domain and answers from them; takes seconds. */
export function answerQuestion({
  domain,
  form,
  options,
  rows,
  baseLosses,
  target,
}: DomainQuestion): DomainAnswer {
  const laws = fitPair(lawForm(form), rows, options);
  return {
    domain,
    generalLaw: laws.general,
    domainLaw: laws.domain,
    generalRows: rows.general,
    domainRows: rows.domain,
    excluded: rows.excluded,
    recommendation: recommendRatio({
      generalFit: laws.general,
      domainFit: laws.domain,
      target,
      baseLosses,
      generalRows: rows.general,
      level: options.level,
    }),
  };
}

/**
 * Laws and recommendation per domain, from what the store holds; nothing here knows how it was measured. `onDomain` is
 * told before each domain's fits, which take seconds.
 */
export function answerSweep(
  inputs: AnswerInputs,
  onDomain: (domain: string) => void = () => {},
): DomainAnswer[] {
  return domainQuestions(inputs).map((each) => {
    onDomain(each.domain);
    return answerQuestion(each);
  });
}
