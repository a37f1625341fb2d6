import {
  duration,
  fixed,
  interval,
  loss,
  lossWithError,
  NONE,
  percent,
  ratio,
  short,
  significant,
  whole,
} from '../common/numbers.ts';
import type { TextColumn } from '../common/textTable.ts';
import { lawForm } from '../laws/forms/registry.ts';
import type { LawFit } from '../laws/types.ts';
import { statusWords } from './answerText.ts';
import type { DomainAnswer, SweepReportInput } from './types.ts';

/** A table as plain data: pages, Markdown and terminals write it each in their way. */
export interface ReportTable {
  title: string;
  columns: TextColumn[];
  rows: string[][];
  /** What stands below the table; empty when nothing does. */
  footnote: string;
}

const left = (header: string): TextColumn => ({ header });
const right = (header: string): TextColumn => ({ header, align: 'right' });

/** One line a domain: what to mix and what to expect. */
export function answersTable(input: SweepReportInput): ReportTable {
  return {
    title: 'Answers',
    columns: [
      left('domain'),
      left('status'),
      right('domain ratio'),
      right('interval'),
      right('target N, parameters'),
      right('target D, tokens'),
      right('tolerance'),
      right('base general loss'),
      right('limit'),
      right('predicted general loss'),
      right('predicted domain loss'),
    ],
    rows: input.answers.map(({ domain, recommendation: r }) => [
      domain,
      r.status.replace('-', ' '),
      ratio(r.domainRatio),
      interval(r.interval, ratio) ?? NONE,
      short(r.target.n * 1e9),
      short(r.target.d * 1e9),
      percent(r.target.tolerance),
      loss(r.baseGeneralLoss),
      loss(r.generalLossLimit),
      loss(r.predictedGeneralLoss),
      loss(r.predictedDomainLoss),
    ]),
    footnote: `Losses in nats per token.${levelNote(input.answers)}`,
  };
}

function levelNote(answers: readonly DomainAnswer[]): string {
  const level = answers.find((answer) => answer.recommendation.interval)?.recommendation.interval?.level;
  return level === undefined ? '' : ` Interval: ${percent(level)}, over fits to resampled whole runs.`;
}

const SYMBOLS: Record<string, string> = {
  alpha: 'α',
  beta: 'β',
  gamma: 'γ',
  eta: 'η',
  epsilon: 'ε',
  mu: 'μ',
  sigma: 'σ',
};

/** A parameter as papers write it. */
export const parameterSymbol = (name: string): string => SYMBOLS[name] ?? name;

/** A law's formula as papers write it, e.g. `L3: loss = E + A/N^α + …`. */
export function lawFormula(form: string): string {
  const { formula } = lawForm(form);
  const written = formula.replaceAll(/[A-Za-z]+/g, (word) => parameterSymbol(word)).replaceAll('*', '·');
  return `${form}: loss = ${written}`;
}

/** Both laws' parameters side by side, each with its interval. */
export function parametersTable(answer: DomainAnswer): ReportTable {
  const { generalLaw, domainLaw, domain } = answer;
  const names = [...new Set([...Object.keys(generalLaw.parameters), ...Object.keys(domainLaw.parameters)])];
  const ends = (fit: LawFit, name: string): string =>
    interval(fit.intervals?.[name], (end) => significant(end)) ?? NONE;
  const level = Object.values(generalLaw.intervals ?? domainLaw.intervals ?? {})[0]?.level;
  const range = level === undefined ? 'interval' : `${percent(level)} interval`;
  return {
    title: 'Fitted parameters',
    columns: [
      left('parameter'),
      right('general law'),
      right(`${range}, general`),
      right(`${domain} law`),
      right(`${range}, ${domain}`),
    ],
    rows: names.map((name) => [
      parameterSymbol(name),
      significant(generalLaw.parameters[name] ?? null, 4),
      ends(generalLaw, name),
      significant(domainLaw.parameters[name] ?? null, 4),
      ends(domainLaw, name),
    ]),
    footnote: `${lawFormula(generalLaw.form)} (${lawForm(generalLaw.form).source}). N and D in billions; the ratio r of a law is the share of the corpus whose loss it predicts.${
      level === undefined ? ' No intervals: the fits were not resampled.' : ''
    }`,
  };
}

/** How well each law fits and how far its fit can be trusted. */
export function qualityTable(answer: DomainAnswer): ReportTable {
  const laws = [
    ['general', answer.generalLaw],
    [answer.domain, answer.domainLaw],
  ] as const;
  const row = (name: string, value: (fit: LawFit) => string): string[] => [
    name,
    ...laws.map(([, fit]) => value(fit)),
  ];
  return {
    title: 'Quality of the fits',
    columns: [left('measure'), right('general law'), right(`${answer.domain} law`)],
    rows: [
      row('form', (fit) => fit.form),
      row('status', (fit) => statusWords(fit.status)),
      row('R² on loss', (fit) => fixed(fit.quality.r2, 4)),
      row('Huber on log loss, sum', (fit) => significant(fit.quality.huberSum)),
      row('Huber on log loss, mean', (fit) => significant(fit.quality.huberMean)),
      row('mean absolute error, nats per token', (fit) => significant(fit.quality.mae)),
      row('mean relative error', (fit) => percent(fit.quality.meanRelativeError)),
      row('rows fitted', (fit) => whole(fit.quality.rows)),
      row('Huber threshold δ', (fit) => significant(fit.delta, 2)),
      row('starts, of which near the best', (fit) => `${whole(fit.starts)}, ${whole(fit.startsNearBest)}`),
      row('gradient norm at the solution', (fit) => significant(fit.gradientNorm, 2)),
      row('condition number', (fit) =>
        fit.conditionNumber > 1e16 ? 'singular' : significant(fit.conditionNumber, 2),
      ),
    ],
    footnote: [
      ...laws.map(([name, fit]) =>
        fit.statusDetail ? `${name} law: ${fit.statusDetail.replace(/\.$/, '')}.` : '',
      ),
      `Left out of the fit: ${whole(answer.excluded.count)} ${
        answer.excluded.count === 1 ? 'observation' : 'observations'
      } (${answer.excluded.rule.replace(/\.$/, '')}).`,
    ]
      .filter(Boolean)
      .join(' '),
  };
}

/** Every run: what it was, how it ended, what it cost. */
export function runsTable(input: SweepReportInput): ReportTable {
  const ends = new Map<string, SweepReportInput['observations'][number]>();
  for (const row of input.observations) {
    const last = ends.get(row.run);
    if (!last || row.tokens >= last.tokens) ends.set(row.run, row);
  }
  const epochs = (passes: number | null): string =>
    passes === null ? NONE : `${fixed(passes, 2)}${passes > 1 ? ' (repeats)' : ''}`;
  return {
    title: 'Runs',
    columns: [
      left('run'),
      right('N, parameters'),
      right('with embeddings'),
      right('domain ratio'),
      right('seed'),
      right('tokens'),
      right('general epochs'),
      right('domain epochs'),
      left('status'),
      right('final general loss ± SE'),
      right('final domain loss ± SE'),
      right('setup, s'),
      right('training, s'),
      right('evaluation, s'),
      right('checkpoints, s'),
      left('id'),
    ],
    rows: input.runs.map((run) => {
      const end = ends.get(run.run);
      return [
        run.label,
        whole(run.modelSize),
        whole(run.totalParameters),
        run.kind === 'base' ? NONE : ratio(run.domainRatio),
        String(run.seed),
        whole(run.tokens),
        epochs(run.generalEpochs),
        epochs(run.domainEpochs),
        run.reason && run.status !== 'done' ? `${run.status}: ${run.reason}` : run.status,
        lossWithError(end?.generalLoss ?? null, end?.generalStandardError ?? null),
        lossWithError(end?.domainLoss ?? null, end?.domainStandardError ?? null),
        fixed(run.seconds?.setup ?? null, 1),
        fixed(run.seconds?.training ?? null, 1),
        fixed(run.seconds?.evaluation ?? null, 1),
        fixed(run.seconds?.checkpoint ?? null, 1),
        run.run.slice(0, 12),
      ];
    }),
    footnote:
      'Losses in nats per token at the last evaluation, with the standard error over validation windows. Epochs: passes over a training corpus; above 1 text was repeated. Ids are the first 12 digits of the SHA-256 of the run’s spec.',
  };
}

/** The corpora with their hashes. */
export function corporaTable(input: SweepReportInput): ReportTable {
  return {
    title: 'Corpora',
    columns: [
      left('corpus'),
      left('what it is'),
      left('kind'),
      right('training tokens'),
      right('training documents'),
      right('validation tokens'),
      right('overlap'),
      left('training shard'),
      left('validation shard'),
    ],
    rows: input.corpora.map((corpus) => [
      corpus.name,
      corpus.description,
      corpus.synthetic ? 'synthetic' : 'real text',
      whole(corpus.trainTokens),
      whole(corpus.trainDocuments),
      whole(corpus.validationTokens),
      percent(corpus.overlapShare),
      corpus.trainShard.slice(0, 16),
      corpus.validationShard.slice(0, 16),
    ]),
    footnote:
      'Overlap: validation documents with an exact or near duplicate among the training documents. Shards by the first 16 digits of their SHA-256.',
  };
}

/** Where the time of the runs went. */
export function timeTable(input: SweepReportInput): ReportTable {
  const phases = ['setup', 'training', 'evaluation', 'checkpoint'] as const;
  const sums = phases.map((phase) => input.runs.reduce((sum, run) => sum + (run.seconds?.[phase] ?? 0), 0));
  const total = sums.reduce((sum, seconds) => sum + seconds, 0);
  return {
    title: 'Time',
    columns: [left('phase'), right('trainer time'), right('share')],
    rows: [
      ...phases.map((phase, at) => [phase, duration(sums[at]!), percent(total ? sums[at]! / total : null)]),
      ['all', duration(total), percent(total ? 1 : null)],
    ],
    footnote: `Summed over all runs of this sweep, wherever and whenever they were trained. This sweep’s own wall time: ${duration(input.wallSeconds)}.`,
  };
}

/** What was run where: the sweep's facts, then every distinct place that trained runs. */
export function provenanceTable(input: SweepReportInput, configHash: string): ReportTable {
  const places = new Map<string, { environment: Record<string, string>; runs: number }>();
  for (const run of input.runs) {
    if (!run.environment) continue;
    const key = JSON.stringify(Object.entries(run.environment).sort());
    const place = places.get(key);
    if (place) place.runs++;
    else places.set(key, { environment: run.environment, runs: 1 });
  }
  const seeds = [...new Set(input.runs.map((run) => run.seed))].sort((a, b) => a - b);
  const bases = input.runs.filter((run) => run.kind === 'base' && run.checkpoint);
  return {
    title: 'Provenance',
    columns: [left('what'), left('value')],
    rows: [
      ['sweep', input.sweep.sweep],
      ['begun', input.sweep.createdAt],
      ['SHA-256 of the resolved config', configHash],
      ['seeds', seeds.length ? seeds.join(', ') : NONE],
      ...Object.entries(input.environment),
      ...[...places.values()].map(({ environment, runs }) => [
        `trained ${runs} of ${input.runs.length} runs`,
        Object.entries(environment)
          .map(([name, value]) => `${name}: ${value}`)
          .join('; '),
      ]),
      ...bases.map((run) => [`checkpoint of ${run.label}`, run.checkpoint!]),
    ],
    footnote: '',
  };
}
