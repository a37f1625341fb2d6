import { duration, whole } from '../common/numbers.ts';
import { type AnswerText, count } from './answerText.ts';
import { slug } from './escape.ts';
import { fitCurves } from './figures/fitCurves.ts';
import { fitPoints } from './figures/fitPoints.ts';
import { formErrors } from './figures/formErrors.ts';
import type { Figure } from './figures/types.ts';
import { lossName, shownFit } from './fitChoice.ts';
import { fitLead } from './fitLead.ts';
import {
  diagnosticsTable,
  otherParametersTable,
  parametersOfTable,
  remarksTable,
} from './fitParameterTables.ts';
import { formsTable, formulasTable, heldOutTables, settingsTable, skippedTable } from './fitTables.ts';
import type { FitReportInput, FittedLoss } from './fitTypes.ts';
import type { ReportTable } from './tables.ts';

/** One loss on the page. */
export interface LossContent {
  name: string;
  /** Unique in the page; prefix of its figures' names. */
  id: string;
  lead: AnswerText;
  figures: Figure[];
  tables: ReportTable[];
  /** Long: shown folded. */
  folded: ReportTable[];
}

/** All that the page of `npm run fit` says, in order, before anything decides how it looks. */
export interface FitContent {
  title: string;
  facts: string;
  losses: LossContent[];
  notes: string[];
  tables: ReportTable[];
}

export function fitContent(input: FitReportInput): FitContent {
  const ids = new Set<string>();
  const forms = new Set(input.losses.flatMap(({ fits }) => fits.map(({ form }) => form))).size;
  return {
    title: `Laws fitted to ${input.title}`,
    facts: [
      input.losses.length === 1 ? '1 loss' : `${input.losses.length} losses`,
      count(forms, 'form'),
      `${whole(input.losses.reduce((sum, { rows }) => sum + rows.length, 0))} rows`,
      `fitted in ${duration(input.seconds)}`,
    ].join(' · '),
    losses: input.losses.map((fitted) => lossContent(fitted, ids)),
    notes: input.notes,
    tables: [formulasTable(input), skippedTable(input), settingsTable(input)].filter(
      (table) => table !== null,
    ),
  };
}

function lossContent(fitted: FittedLoss, taken: Set<string>): LossContent {
  const name = lossName(fitted);
  let id = slug(name);
  for (let copy = 2; taken.has(id); copy++) id = `${slug(name)}-${copy}`;
  taken.add(id);
  const shown = shownFit(fitted);
  const figures: [string, Omit<Figure, 'name'> | null][] = [
    ['held-out-errors', formErrors(fitted, name)],
    ['predicted-against-measured', shown && fitPoints(shown, fitted.rows, name)],
    ['curves', shown && fitCurves(shown, fitted.rows, name)],
  ];
  const others = otherParametersTable(fitted.fits.filter((fit) => fit !== shown));
  return {
    name,
    id,
    lead: fitLead(fitted),
    figures: figures.flatMap(([part, figure]) => (figure ? [{ name: `${id}-${part}`, ...figure }] : [])),
    tables: [
      formsTable(fitted),
      ...heldOutTables(fitted),
      ...(shown ? [parametersOfTable(shown)] : []),
      diagnosticsTable(fitted),
    ],
    folded: [...(others ? [others] : []), remarksTable(fitted)].filter(({ rows }) => rows.length > 0),
  };
}
