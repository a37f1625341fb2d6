import { canonicalHash } from '../common/canonical.ts';
import { UserError } from '../common/errors.ts';
import { resolveConfig } from '../config/resolveConfig.ts';
import { treeOf } from '../config/tree.ts';
import {
  type BandReport,
  compareParameters,
  comparePredictions,
  type ParameterChange,
  type PredictionChange,
  pointsOutsideBand,
} from '../laws/answers/compareVersions.ts';
import { lawForm } from '../laws/forms/registry.ts';
import type { LawFit, LawObservation, RatioRecommendation } from '../laws/types.ts';
import type { DomainAnswer, SweepReportInput } from '../report/types.ts';
import { openResultsStore, type ResultsStore } from '../store/results.ts';
import type { LawVersionRecord } from '../store/types.ts';
import { type DomainQuestion, domainQuestions } from './answer.ts';
import { runsLayout } from './runsLayout.ts';

/** What a version of a domain's laws keeps. */
export interface LawVersionContent {
  general: LawFit;
  domain: LawFit;
  generalRows: LawObservation[];
  domainRows: LawObservation[];
  recommendation: RatioRecommendation;
}

/** Coverage of the band that new points are held against. */
export const BAND_LEVEL = 0.95;

/** The registry's name for a domain's laws, e.g. `math/law`. */
export const subjectOf = (sweep: string, domain: string): string => `${sweep}/${domain}`;

/** Hash of all that decides a domain's laws and answer: rows, base losses, form, options, target. Known before any fit. */
export function lawInputs({ form, options, rows, baseLosses, target }: DomainQuestion): string {
  return canonicalHash({
    form,
    options,
    generalRows: rows.general,
    domainRows: rows.domain,
    baseLosses,
    target,
  });
}

/** Keeps a domain's laws as its next version, once per distinct `inputs` (see lawInputs). */
export function saveLaws(
  store: ResultsStore,
  law: { subject: string; inputs: string; createdAt: Date; answer: DomainAnswer },
): { version: number; isNew: boolean } {
  const { answer } = law;
  return store.saveLawVersion({
    subject: law.subject,
    inputs: law.inputs,
    createdAt: law.createdAt.toISOString(),
    content: {
      general: answer.generalLaw,
      domain: answer.domainLaw,
      generalRows: answer.generalRows,
      domainRows: answer.domainRows,
      recommendation: answer.recommendation,
    } satisfies LawVersionContent,
  });
}

/** What the registry keeps of a version; it was written by saveLaws. */
export const lawContent = (version: LawVersionRecord): LawVersionContent =>
  version.content as LawVersionContent;

/** Keeps each domain's laws as a version, once per distinct rows and options; says which are new, as lines to show. */
export function registerLaws(runsFolder: string, input: SweepReportInput): string[] {
  const { config } = resolveConfig(treeOf(input.sweep.config, `the saved config of ${input.sweep.name}`));
  const questions = domainQuestions({ config, runs: input.runs, observations: input.observations });
  const inputsOf = new Map(questions.map((question) => [question.domain, lawInputs(question)]));
  const store = openResultsStore(runsLayout(runsFolder).store);
  try {
    return input.answers.flatMap((answer) => {
      const subject = subjectOf(input.sweep.name, answer.domain);
      const inputs = inputsOf.get(answer.domain);
      if (inputs === undefined)
        throw new Error(`the laws of ${subject} were not fitted to these observations`);
      const { version, isNew } = saveLaws(store, { subject, inputs, createdAt: new Date(), answer });
      return isNew && version > 1
        ? [
            `laws of ${subject}: version ${version} (npm run report -- ${input.sweep.name} --compare ${version - 1},${version})`,
          ]
        : [];
    });
  } finally {
    store.close();
  }
}

export interface LawComparison {
  subject: string;
  versions: [number, number];
  laws: {
    loss: 'general' | 'domain';
    parameters: ParameterChange[];
    predictions: PredictionChange;
    /** Rows that only the newer version has, against the older law's band. */
    newRows: BandReport;
  }[];
  ratio: { before: number | null; after: number | null; beforeInterval: RatioRecommendation['interval'] };
}

/** Two versions of a sweep's laws, per domain. Throws a UserError that lists the versions there are. */
export function compareLaws(
  runsFolder: string,
  input: SweepReportInput,
  versions: [number, number],
): LawComparison[] {
  const store = openResultsStore(runsLayout(runsFolder).store);
  try {
    return input.answers.map(({ domain }) => {
      const subject = subjectOf(input.sweep.name, domain);
      const [older, newer] = versions.map((version) => {
        const found = store.lawVersion(subject, version);
        if (found) return lawContent(found);
        const known = store.lawVersions(subject).map((each) => each.version);
        throw new UserError(
          `the laws of ${subject} have no version ${version}`,
          known.length > 0 ? `There are: ${known.join(', ')}.` : 'Fit them first: npm run report',
        );
      }) as [LawVersionContent, LawVersionContent];
      return compareContents(subject, versions, older, newer);
    });
  } finally {
    store.close();
  }
}

/** What changed from one version of a subject's laws to another. */
export function compareContents(
  subject: string,
  versions: [number, number],
  older: LawVersionContent,
  newer: LawVersionContent,
): LawComparison {
  const law = (loss: 'general' | 'domain'): LawComparison['laws'][number] => {
    const covered = (content: LawVersionContent) =>
      rowsOf(content, loss).filter((row) => covers(older[loss], row) && covers(newer[loss], row));
    const [before, after] = [covered(older), covered(newer)];
    return {
      loss,
      parameters: compareParameters(older[loss], newer[loss]),
      predictions: comparePredictions(older[loss], newer[loss], after),
      newRows: pointsOutsideBand(older[loss], before, onlyIn(after, before), BAND_LEVEL),
    };
  };
  return {
    subject,
    versions,
    laws: [law('general'), law('domain')],
    ratio: {
      before: older.recommendation.domainRatio,
      after: newer.recommendation.domainRatio,
      beforeInterval: older.recommendation.interval,
    },
  };
}

/** Some forms have no value at ratio 0: rows there say nothing about them. */
export const covers = (fit: LawFit, row: LawObservation): boolean =>
  row.ratio > 0 || lawForm(fit.form).ratios === 'all';

export const rowsOf = (content: LawVersionContent, loss: 'general' | 'domain'): LawObservation[] =>
  loss === 'general' ? content.generalRows : content.domainRows;

/** Rows of runs and token counts that `others` has not. */
export function onlyIn(rows: readonly LawObservation[], others: readonly LawObservation[]): LawObservation[] {
  const known = new Set(others.map((row) => `${row.run} ${row.d}`));
  return rows.filter((row) => !known.has(`${row.run} ${row.d}`));
}

/** A comparison as lines for a terminal. */
export function comparisonText({ subject, versions, laws, ratio }: LawComparison): string {
  const digits = (value: number) => Number(value.toPrecision(4));
  const at = (value: number | null) => (value === null ? 'none' : value.toFixed(3));
  return [
    `${subject}, version ${versions[0]} to ${versions[1]}: best ratio ${at(ratio.before)} to ${at(ratio.after)}`,
    ...laws.flatMap(({ loss, parameters, predictions, newRows }) => [
      `  ${loss} law: predictions moved by ${predictions.meanAbsolute.toFixed(4)} nats on average, ${predictions.largest.toFixed(4)} at most`,
      `    ${parameters
        .map(
          ({ name, before, after, outsideInterval }) =>
            `${name} ${digits(before)} to ${digits(after)}${outsideInterval ? ' (outside the older interval)' : ''}`,
        )
        .join(', ')}`,
      newRows.checked === 0
        ? '    no new points'
        : `    ${newRows.outside.length} of ${newRows.checked} new points outside the older law's ${100 * BAND_LEVEL} % band (${newRows.expectedOutside.toFixed(1)} expected by chance)` +
          newRows.outside
            .slice(0, 5)
            .map(
              ({ row, predicted }) =>
                `\n      ${row.run.slice(0, 12)} at D = ${Math.round(row.d * 1e9).toLocaleString('en-US')}, ratio ${row.ratio.toFixed(2)}: ${row.loss.toFixed(4)} where ${predicted.toFixed(4)} was predicted`,
            )
            .join(''),
    ]),
  ].join('\n');
}
