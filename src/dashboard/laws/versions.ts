import { UserError } from '../../common/errors.ts';
import { driftReport } from '../../refit/drift.ts';
import type { ResultsStore } from '../../store/types.ts';
import { lawContent, subjectOf } from '../../sweep/lawRegistry.ts';
import type { LawVersions, VersionDifference } from '../api/laws.ts';

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);

/** The kept versions of a domain's laws, oldest first. */
export function lawVersionsOf(store: ResultsStore, sweep: string, domain: string): LawVersions {
  const subject = subjectOf(sweep, domain);
  return {
    subject,
    versions: store.lawVersions(subject).map((kept) => {
      const { general, domain: ofDomain, generalRows, recommendation } = lawContent(kept);
      const { status, domainRatio, interval } = recommendation;
      return {
        ...{ version: kept.version, createdAt: kept.createdAt, form: general.form, rows: generalRows.length },
        generalR2: finite(general.quality.r2),
        domainR2: finite(ofDomain.quality.r2),
        ...{ status, domainRatio, interval },
      };
    }),
  };
}

/** What changed from one version to another. Throws a UserError for versions that are not there, or hold no law. */
export function versionDifference(
  store: ResultsStore,
  sweep: string,
  domain: string,
  from: number,
  to: number,
): VersionDifference {
  const subject = subjectOf(sweep, domain);
  const [older, newer] = [from, to].map((version) => {
    const found = store.lawVersion(subject, version);
    if (found) return lawContent(found);
    const known = store.lawVersions(subject).map((each) => each.version);
    throw new UserError(
      `the laws of ${subject} have no version ${version}`,
      known.length > 0
        ? `There are: ${known.join(', ')}.`
        : 'They are kept when a sweep ends, and every night.',
    );
  });
  const drift = driftReport([from, to], older!, newer!);
  if (!drift) throw new UserError('one of the versions found no law: there is nothing to compare');
  return {
    ...{ subject, versions: [from, to], findings: drift.findings },
    laws: drift.laws.map(({ loss, parameters, observations, predictions, band }) => ({
      loss,
      parameters: parameters.map(({ outside, ...parameter }) => ({ ...parameter, isOutside: outside })),
      rows: observations,
      meanAbsoluteChange: predictions.meanAbsolute,
      largestChange: predictions.largest,
      newRowsChecked: band.checked,
      newRowsOutside: band.outside.length,
      newRowsExpectedOutside: band.expectedOutside,
    })),
    ratio: {
      before: drift.ratio.before,
      after: drift.ratio.after,
      beforeInterval: drift.ratio.beforeInterval,
      afterInterval: drift.ratio.afterInterval,
    },
  };
}
