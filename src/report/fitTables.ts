import { duration, fixed, NONE, percent, significant, whole } from '../common/numbers.ts';
import type { TextColumn } from '../common/textTable.ts';
import { lawForm } from '../laws/forms/registry.ts';
import { PROTOCOLS, type Protocol } from '../laws/validation/folds.ts';
import type { HeldOutQuality } from '../laws/validation/validate.ts';
import { count } from './answerText.ts';
import {
  formRows,
  isChosen,
  isSolved,
  plain,
  shownFit,
  statusCell,
  statusNote,
  uncoveredRows,
} from './fitChoice.ts';
import type { FitReportInput, FittedLoss } from './fitTypes.ts';
import { lawFormula, type ReportTable } from './tables.ts';

const left = (header: string): TextColumn => ({ header });
const right = (header: string): TextColumn => ({ header, align: 'right' });

/** Every form and baseline: how well it fits and how well it foretells held-out rows. */
export function formsTable(fitted: FittedLoss): ReportTable {
  const shown = shownFit(fitted);
  const chosen = shown && isChosen(fitted, shown) ? shown.form : null;
  const rows = formRows(fitted);
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
    rows: rows.map((row) => {
      const quality = row.fit ? (isSolved(row.fit) ? row.fit.quality : null) : row.validation?.inSample;
      return [
        `${row.name}${uncoveredRows(row) > 0 ? ' *' : ''}${row.name === chosen && !only ? ' (rely on it)' : ''}`,
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
      rows.some((row) => uncoveredRows(row) > 0)
        ? '* has no value on some rows, which are not held against it.'
        : '',
      statusNote(fitted),
    ]
      .filter(Boolean)
      .join(' '),
  };
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
