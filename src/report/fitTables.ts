import type { TextColumn } from '../common/textTable.ts';
import { lawForm } from '../laws/forms/registry.ts';
import type { LawFit } from '../laws/types.ts';
import { PROTOCOLS, type Protocol } from '../laws/validation/folds.ts';
import type { HeldOutQuality } from '../laws/validation/validate.ts';
import { count, statusWords } from './answerText.ts';
import { type FormRow, formRows, isChosen, isSolved, plain, shownFit } from './fitChoice.ts';
import type { FitReportInput, FittedLoss } from './fitTypes.ts';
import { duration, fixed, interval, NONE, percent, significant, whole } from './numbers.ts';
import { lawFormula, parameterSymbol, type ReportTable } from './tables.ts';

const left = (header: string): TextColumn => ({ header });
const right = (header: string): TextColumn => ({ header, align: 'right' });

/** Every form and baseline: how well it fits and how well it foretells held-out rows. */
export function formsTable(fitted: FittedLoss): ReportTable {
  const shown = shownFit(fitted);
  const chosen = shown && isChosen(fitted, shown) ? shown.form : null;
  const only = fitted.fits.length === 1 && fitted.recommendation === null;
  return {
    title: 'Forms',
    columns: [
      left('form'),
      right('parameters'),
      right('R²'),
      right('MAE, nats'),
      right('mean relative error'),
      right('Huber, sum'),
      right('Huber, mean'),
      right('AICc'),
      right('held-out error'),
      left('status'),
    ],
    rows: formRows(fitted).map((row) => {
      const quality = row.fit ? (isSolved(row.fit) ? row.fit.quality : null) : row.validation?.inSample;
      return [
        row.name === chosen && !only ? `${row.name} (rely on it)` : row.name,
        row.kind === 'baseline' ? NONE : whole(lawForm(row.name).parameters.length),
        fixed(quality?.r2 ?? null, 4),
        significant(quality?.mae ?? null),
        percent(quality?.meanRelativeError ?? null),
        significant(quality?.huberSum ?? null),
        significant(quality?.huberMean ?? null),
        quality ? fixed(row.validation?.aicc ?? null, 1) : NONE,
        percent(row.error, 3),
        statusCell(row),
      ];
    }),
    footnote: [
      'R² on the loss, Huber on log loss, each on all rows that the form was fitted to.',
      fitted.validation
        ? 'AICc: lower is better; checkpoints of one run are not independent, so it favours large forms. Held-out error: mean over protocols of the mean relative error. Baselines know no law: one that beats a law makes it useless.'
        : 'No held-out errors: the forms were not compared on rows they had not seen.',
    ].join(' '),
  };
}

function statusCell({ kind, fit, validation }: FormRow): string {
  const status =
    kind === 'baseline'
      ? 'baseline'
      : !fit
        ? 'not fitted'
        : isSolved(fit)
          ? statusWords(fit.status)
          : `no solution: ${plain(fit.statusDetail)}`;
  const uncovered = validation?.uncovered ?? 0;
  return uncovered > 0 ? `${status}; no value on ${count(uncovered, 'row')}` : status;
}

const PROTOCOL_NAMES: Readonly<Record<Protocol, string>> = {
  'model-size': 'model size',
  tokens: 'tokens',
  ratio: 'ratio',
  forward: 'forward',
  'largest-size': 'largest size',
};

/** A protocol in a word or two, for headers and legends. */
export const protocolName = (protocol: Protocol): string => PROTOCOL_NAMES[protocol];

/** The protocols that any form was held out by, in the order of the paper's tables. */
export function protocolsOf({ validation }: FittedLoss): Protocol[] {
  return (Object.keys(PROTOCOLS) as Protocol[]).filter((protocol) =>
    validation?.some(({ heldOut }) => heldOut[protocol]),
  );
}

/** Held-out results by protocol, one table for inside and one for outside the range of what was fitted. */
export function heldOutTables(fitted: FittedLoss): ReportTable[] {
  return (['interpolation', 'extrapolation'] as const).flatMap((kind) => {
    const protocols = protocolsOf(fitted).filter((protocol) =>
      fitted.validation!.some(({ heldOut }) => heldOut[protocol]?.[kind]),
    );
    if (protocols.length === 0) return [];
    const folds = (protocol: Protocol): number =>
      Math.max(...fitted.validation!.map(({ heldOut }) => heldOut[protocol]?.[kind]?.folds ?? 0));
    const cells = (quality: HeldOutQuality | null | undefined): string[] => [
      fixed(quality?.r2 ?? null, 3),
      percent(quality?.meanRelativeError ?? null, 3),
    ];
    return [
      {
        title: `Held-out rows, ${kind}`,
        columns: [
          left('form'),
          ...protocols.flatMap((protocol) => [
            right(`${protocolName(protocol)}: R²`),
            right(`${protocolName(protocol)}: error`),
          ]),
        ],
        rows: formRows(fitted)
          .filter(({ validation }) => validation)
          .map(({ name, validation }) => [
            name,
            ...protocols.flatMap((protocol) => cells(validation!.heldOut[protocol]?.[kind])),
          ]),
        footnote: `${
          kind === 'interpolation'
            ? 'Held-out points inside the range of what was fitted'
            : 'Held-out points outside the range of what was fitted, in the direction that was held out'
        }; error: mean relative error. Held out: ${protocols
          .map(
            (protocol) =>
              `${protocolName(protocol)}: ${PROTOCOLS[protocol]}, ${count(folds(protocol), 'fold')}`,
          )
          .join('; ')}.`,
      },
    ];
  });
}

const parameterCells = (fit: LawFit): string[][] =>
  lawForm(fit.form).parameters.map(({ name, unit }) => [
    parameterSymbol(name),
    isSolved(fit) ? significant(fit.parameters[name] ?? null, 4) : NONE,
    (isSolved(fit) && interval(fit.intervals?.[name], (end) => significant(end))) || NONE,
    unit === '1' ? NONE : unit,
  ]);

const intervalHeader = (fits: readonly LawFit[]): string => {
  const level = fits.flatMap((fit) => Object.values(fit.intervals ?? {}))[0]?.level;
  return level === undefined ? 'interval' : `${percent(level)} interval`;
};

/** The parameters of one fit. */
export function parametersOfTable(fit: LawFit): ReportTable {
  return {
    title: `Parameters of ${fit.form}`,
    columns: [left('parameter'), right('value'), right(intervalHeader([fit])), left('unit')],
    rows: parameterCells(fit),
    footnote: `${lawFormula(fit.form)} (${lawForm(fit.form).source}). N and D in billions; r is the share of the corpus whose loss is predicted.${
      fit.intervals
        ? ` Intervals over ${count(fit.replicates.length, 'fit')} to resampled runs.`
        : ' No intervals: the fit was not resampled.'
    }`,
  };
}

/** The parameters of several fits below each other; null for none. */
export function otherParametersTable(fits: readonly LawFit[]): ReportTable | null {
  if (fits.length === 0) return null;
  return {
    title: 'Parameters of the other forms',
    columns: [left('form'), left('parameter'), right('value'), right(intervalHeader(fits)), left('unit')],
    rows: fits.flatMap((fit) => parameterCells(fit).map((cells) => [fit.form, ...cells])),
    footnote: 'N and D in billions. Formulas: see the table of formulas.',
  };
}

/** How each fit was found and how far it can be trusted. */
export function diagnosticsTable({ fits }: FittedLoss): ReportTable {
  return {
    title: 'How the fits were found',
    columns: [
      left('form'),
      right('rows'),
      left('objective'),
      right('its value'),
      right('gradient norm'),
      right('condition number'),
      right('starts'),
      right('near the best'),
      right('spread of near-best fits, nats'),
      left('condition on the ratio'),
      left('detail'),
    ],
    rows: fits.map((fit) => {
      const of = (text: string): string => (isSolved(fit) ? text : NONE);
      return [
        fit.form,
        of(whole(fit.quality.rows)),
        fit.objective.kind === 'log-huber'
          ? `Huber on log loss, δ ${significant(fit.delta, 2)}`
          : 'least squares on loss',
        of(significant(fit.objective.value, 4)),
        of(significant(fit.gradientNorm, 2)),
        of(fit.conditionNumber > 1e16 ? 'singular' : significant(fit.conditionNumber, 2)),
        whole(fit.starts),
        of(whole(fit.startsNearBest)),
        of(significant(fit.nearOptimalSpread, 2)),
        fit.constraint
          ? `${fit.constraint.kind}, ${fit.constraint.binds ? 'binds' : 'does not bind'}: ${plain(fit.constraint.detail)}; objective without it ${significant(fit.constraint.freeObjective, 4)}`
          : NONE,
        [plain(fit.statusDetail), ...fit.warnings.map(plain)].filter(Boolean).join('; ') || NONE,
      ];
    }),
    footnote:
      'The objective is a sum over rows. Near the best: starts that ended within 1 % of the best objective; spread: the largest disagreement of their predictions on any row. Gradient norm and condition number: parameters scaled to unit size.',
  };
}

/** Every form that was fitted, as a formula with its source. */
export function formulasTable({ losses }: FitReportInput): ReportTable {
  const names = [...new Set(losses.flatMap(({ fits }) => fits.map((fit) => fit.form)))];
  return {
    title: 'Formulas',
    columns: [left('form'), left('formula'), left('source')],
    rows: names.map((name) => [name, lawFormula(name).replace(`${name}: loss = `, ''), lawForm(name).source]),
    footnote: 'N and D in billions, loss in nats per token.',
  };
}

/** Forms that could not be tried, with the losses they concern; null when all were. */
export function skippedTable({ losses }: FitReportInput): ReportTable | null {
  const reasons = new Map<string, string[]>();
  for (const { form, reason } of losses.flatMap(({ skipped }) => skipped)) {
    const known = reasons.get(form) ?? [];
    if (!known.includes(reason)) reasons.set(form, [...known, reason]);
  }
  if (reasons.size === 0) return null;
  return {
    title: 'Forms that could not be tried',
    columns: [left('form'), left('reason')],
    rows: [...reasons].map(([form, why]) => [form, plain(why.join('; '))]),
    footnote: '',
  };
}

/** What was fitted, with what settings. */
export function settingsTable({ sources, options, losses, seconds }: FitReportInput): ReportTable {
  return {
    title: 'Sources and settings',
    columns: [left('what'), left('value')],
    rows: [
      ...sources.map((source) => ['source', source]),
      ...losses.map((fitted) => [
        `rows of ${fitted.domain === null ? fitted.loss : `${fitted.loss} of ${fitted.domain}`}`,
        `${whole(fitted.rows.length)} of ${count(new Set(fitted.rows.map((row) => row.run)).size, 'run')}`,
      ]),
      ...losses.map((fitted) => [
        `seed noise of ${fitted.domain === null ? fitted.loss : `${fitted.loss} of ${fitted.domain}`}`,
        fitted.seedNoise
          ? `${percent(fitted.seedNoise.sd)} of the loss, from ${count(fitted.seedNoise.points, 'point')} that several seeds measured`
          : 'unknown: no point was measured with several seeds',
      ]),
      ...Object.entries(options),
      ['time', duration(seconds)],
    ],
    footnote: '',
  };
}
