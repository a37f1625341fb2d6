import { canonicalHash } from '../common/canonical.ts';
import { UserError } from '../common/errors.ts';
import {
  type BandReport,
  compareParameters,
  comparePredictions,
  type ParameterChange,
  type PredictionChange,
  pointsOutsideBand,
} from '../laws/answers/compareVersions.ts';
import type { LawFit, LawObservation, RatioRecommendation } from '../laws/types.ts';
import type { DomainAnswer, SweepReportInput } from '../report/types.ts';
import { openResultsStore } from '../store/results.ts';
import { runsLayout } from './runsLayout.ts';

/** What a version of a domain's laws keeps. */
interface LawVersionContent {
  general: LawFit;
  domain: LawFit;
  generalRows: LawObservation[];
  domainRows: LawObservation[];
  recommendation: RatioRecommendation;
}

const subjectOf = (sweep: string, domain: string): string => `${sweep}/${domain}`;

/** Keeps each domain's laws as a version, once per distinct rows and options; says which are new, as lines to show. */
export function registerLaws(runsFolder: string, input: SweepReportInput): string[] {
  const store = openResultsStore(runsLayout(runsFolder).store);
  try {
    return input.answers.flatMap((answer) => {
      const subject = subjectOf(input.sweep.name, answer.domain);
      const { version, isNew } = store.saveLawVersion({
        subject,
        inputs: inputsOf(answer),
        createdAt: new Date().toISOString(),
        content: {
          general: answer.generalLaw,
          domain: answer.domainLaw,
          generalRows: answer.generalRows,
          domainRows: answer.domainRows,
          recommendation: answer.recommendation,
        } satisfies LawVersionContent,
      });
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

/** Hash of all that decides a fit: rows, form, objective, resampling. */
function inputsOf({ generalLaw, domainLaw, generalRows, domainRows, recommendation }: DomainAnswer): string {
  const options = ({ form, objective, delta, constraint, replicates }: LawFit) => ({
    form,
    objective: objective.kind,
    delta,
    constraint: constraint?.kind ?? null,
    resamples: replicates.length,
  });
  return canonicalHash({
    general: options(generalLaw),
    domain: options(domainLaw),
    generalRows,
    domainRows,
    target: recommendation.target,
  });
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
        if (found) return found.content as LawVersionContent;
        const known = store.lawVersions(subject).map((each) => each.version);
        throw new UserError(
          `the laws of ${subject} have no version ${version}`,
          known.length > 0 ? `There are: ${known.join(', ')}.` : 'Fit them first: npm run report',
        );
      }) as [LawVersionContent, LawVersionContent];
      const law = (loss: 'general' | 'domain'): LawComparison['laws'][number] => {
        const rowsOf = (content: LawVersionContent) =>
          loss === 'general' ? content.generalRows : content.domainRows;
        const known = new Set(rowsOf(older).map((row) => `${row.run} ${row.d}`));
        const fresh = rowsOf(newer).filter((row) => !known.has(`${row.run} ${row.d}`));
        return {
          loss,
          parameters: compareParameters(older[loss], newer[loss]),
          predictions: comparePredictions(older[loss], newer[loss], rowsOf(newer)),
          newRows: pointsOutsideBand(older[loss], rowsOf(older), fresh, BAND_LEVEL),
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
    });
  } finally {
    store.close();
  }
}

const BAND_LEVEL = 0.95;

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
