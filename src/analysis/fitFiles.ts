import { UserError } from '../common/errors.ts';
import type { ColumnMap } from '../measurements/columns.ts';
import { type Problem, readMeasurements } from '../measurements/readMeasurements.ts';
import type { CountUnits } from '../measurements/units.ts';
import type { FitReportInput } from '../report/fitTypes.ts';
import { type FitFormsOptions, fitForms } from './fitForms.ts';
import { lossTables, withoutBaseTraining } from './lossTables.ts';

export interface FitFilesOptions extends FitFormsOptions {
  files: readonly string[];
  map?: ColumnMap;
  lossColumn?: string;
  units?: CountUnits;
  where?: string;
  skipBadRows: boolean;
}

/** How many bad rows a refusal names one by one. */
const NAMED_ROWS = 20;

/** Reads files, refuses bad rows (or leaves them out and says so), and fits. Throws UserErrors. */
export async function fitFiles(options: FitFilesOptions): Promise<FitReportInput> {
  const beganMs = performance.now();
  const { measurements, base, problems, notes, leftOutByWhere } = await readMeasurements(
    options.files,
    options,
  );
  refuseProblems(problems, options.skipBadRows);
  const { mixtures, leftOut } = withoutBaseTraining(measurements);
  const tables = lossTables(mixtures, options.lossColumn);
  const losses = tables.map((table) => fitForms(table, options));
  return {
    title: options.files.map((file) => file.replace(/.*[\\/]/, '')).join(', '),
    sources: [...options.files],
    options: {
      objective: options.objective ?? 'log-huber',
      'huber delta': String(options.delta ?? 1e-3),
      'resampled fits': String(options.resamples),
      'interval level': String(options.level),
      seed: String(options.seed),
      ...(options.constraint ? { condition: options.constraint } : {}),
      ...(options.where ? { where: options.where } : {}),
    },
    notes: [
      ...notes,
      ...(problems.length > 0 ? [`${problems.length} bad rows are left out (--skip-bad-rows)`] : []),
      ...(leftOutByWhere > 0 ? [`${leftOutByWhere} rows are left out by --where`] : []),
      ...(leftOut > 0
        ? [`${leftOut} rows name no domain where others do: base models' own training, not fitted`]
        : []),
      ...(base.length > 0
        ? [`${base.length} rows at 0 tokens are base models: no law of N, D and ratio is fitted to them`]
        : []),
    ],
    losses,
    seconds: (performance.now() - beganMs) / 1000,
  };
}

export function refuseProblems(problems: readonly Problem[], skip: boolean): void {
  if (problems.length === 0 || skip) return;
  const rows = new Set(problems.map(({ file, place }) => `${file} ${place}`)).size;
  const named = problems
    .slice(0, NAMED_ROWS)
    .map(({ file, place, column, reason }) => `\n  ${file}, ${place}: ${column} ${reason}`);
  const more = problems.length > NAMED_ROWS ? `\n  … and ${problems.length - NAMED_ROWS} more` : '';
  throw new UserError(
    `${rows} ${rows === 1 ? 'row' : 'rows'} cannot be used:${named.join('')}${more}`,
    'Mend them, leave them out by a condition (--where "…"), or go on without them: --skip-bad-rows.',
  );
}

/** What `npm run fit --json` prints: one entry a loss and form. */
export function fitsJson({ losses, options, notes }: FitReportInput) {
  return {
    fits: losses.flatMap(({ loss, domain, fits, rows }) =>
      fits.map((fit) => ({
        loss,
        domain,
        form: fit.form,
        parameters: fit.parameters,
        intervals: fit.intervals,
        units: { model_size: 'billions of parameters', tokens: 'billions of tokens', loss: 'nats per token' },
        status: fit.status,
        statusDetail: fit.statusDetail,
        r2: fit.quality.r2,
        mae: fit.quality.mae,
        meanRelativeError: fit.quality.meanRelativeError,
        huberSum: fit.quality.huberSum,
        huberMean: fit.quality.huberMean,
        objective: fit.objective,
        delta: fit.delta,
        gradientNorm: fit.gradientNorm,
        conditionNumber: Number.isFinite(fit.conditionNumber) ? fit.conditionNumber : null,
        starts: fit.starts,
        startsNearBest: fit.startsNearBest,
        nearOptimalSpread: fit.nearOptimalSpread,
        constraint: fit.constraint,
        observations: fit.quality.rows,
        rows: rows.length,
        warnings: fit.warnings,
      })),
    ),
    recommended: losses.map(({ loss, domain, recommendation }) => ({ loss, domain, ...recommendation })),
    validation: losses.map(({ loss, domain, validation }) => ({ loss, domain, forms: validation })),
    skipped: losses.flatMap(({ loss, domain, skipped }) =>
      skipped.map((each) => ({ loss, domain, ...each })),
    ),
    options,
    notes,
  };
}
