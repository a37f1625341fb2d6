import { interval, NONE, percent, significant, whole } from '../common/numbers.ts';
import type { TextColumn } from '../common/textTable.ts';
import { lawForm } from '../laws/forms/registry.ts';
import type { LawFit } from '../laws/types.ts';
import { count } from './answerText.ts';
import { isSolved, plain } from './fitChoice.ts';
import type { FittedLoss } from './fitTypes.ts';
import { lawFormula, parameterSymbol, type ReportTable } from './tables.ts';

const left = (header: string): TextColumn => ({ header });
const right = (header: string): TextColumn => ({ header, align: 'right' });

const parameterCells = (fit: LawFit): string[][] =>
  lawForm(fit.form).parameters.map(({ name, unit }) => [
    parameterSymbol(name),
    isSolved(fit) ? significant(fit.parameters[name] ?? null, 4) : NONE,
    (isSolved(fit) && interval(fit.intervals?.[name], (end) => significant(end))) || NONE,
    unit === '1' ? NONE : unit.replaceAll(/[A-Za-z]+/g, (word) => parameterSymbol(word)),
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
      ];
    }),
    footnote:
      'The objective is a sum over rows. Near the best: starts that ended within 1 % of the best objective; spread: the largest disagreement of their predictions on any row. Gradient norm and condition number: parameters scaled to unit size.',
  };
}

/** What each fit itself says: its status in detail, the condition it was fitted under, its warnings. */
export function remarksTable({ fits }: FittedLoss): ReportTable {
  const condition = ({ constraint }: LawFit): [string, string][] =>
    constraint
      ? [
          [
            `${constraint.kind} condition`,
            `${constraint.binds ? 'binds' : 'does not bind'}: ${constraint.detail}; objective without it ${significant(constraint.freeObjective, 4)}`,
          ],
        ]
      : [];
  return {
    title: 'What the fits say themselves',
    columns: [left('form'), left('about'), left('remark')],
    rows: fits.flatMap((fit) =>
      [
        ['status', fit.statusDetail],
        ...condition(fit),
        ...fit.warnings.map((warning) => ['warning', warning]),
      ]
        .filter(([, remark]) => remark)
        .map(([about, remark]) => [fit.form, about!, plain(remark!)]),
    ),
    footnote: '',
  };
}
