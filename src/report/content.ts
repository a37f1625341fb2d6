import { sha256 } from '../common/canonical.ts';
import { duration, whole } from '../common/numbers.ts';
import { type AnswerText, answerText, count, sweepWarnings, syntheticNotice } from './answerText.ts';
import { crossDomainSentence, crossDomainTables } from './crossDomainTables.ts';
import { withoutEmptyFits } from './emptyFits.ts';
import { sweepFigures } from './figures/index.ts';
import type { Figure } from './figures/types.ts';
import {
  answersTable,
  corporaTable,
  parametersTable,
  provenanceTable,
  qualityTable,
  type ReportTable,
  runsTable,
  timeTable,
} from './tables.ts';
import type { SweepReportInput } from './types.ts';

/** All that a report says, in order, before anything decides how it looks. */
export interface ReportContent {
  title: string;
  /** One line: what was run, when, how long it took. */
  facts: string;
  synthetic: string | null;
  warnings: string[];
  notes: string[];
  domains: { domain: string; answer: AnswerText; figures: Figure[]; tables: ReportTable[] }[];
  answers: ReportTable;
  /** About the sweep as a whole. */
  tables: ReportTable[];
  /** Long: shown folded. */
  runs: ReportTable;
  provenance: ReportTable;
  configYaml: string;
}

export function reportContent(stored: SweepReportInput): ReportContent {
  const input = { ...stored, answers: stored.answers.map(withoutEmptyFits) };
  const figures = sweepFigures(input);
  const done = input.runs.filter((run) => run.status === 'done').length;
  const tokens = input.runs.reduce((sum, run) => sum + run.tokens, 0);
  return {
    title: `Mixture sweep ${input.sweep.name}`,
    facts: [
      input.sweep.createdAt.replace(/T(\d\d:\d\d).*/, ' $1 UTC'),
      `${done} of ${count(input.runs.length, 'run')} done`,
      `${whole(tokens)} training tokens`,
      `${whole(input.observations.length)} observations`,
      `wall time ${duration(input.wallSeconds)}`,
    ].join(' · '),
    synthetic: syntheticNotice(input),
    warnings: sweepWarnings(input),
    notes: [...(input.crossDomain ? [crossDomainSentence(input.crossDomain)] : []), ...input.notes],
    domains: input.answers.map((answer) => ({
      domain: answer.domain,
      answer: answerText(answer),
      figures: figures.get(answer.domain)!,
      tables: [parametersTable(answer), qualityTable(answer)],
    })),
    answers: answersTable(input),
    tables: [
      ...(input.crossDomain ? crossDomainTables(input.crossDomain) : []),
      corporaTable(input),
      timeTable(input),
    ],
    runs: runsTable(input),
    provenance: provenanceTable(input, sha256(input.configYaml)),
    configYaml: input.configYaml,
  };
}
