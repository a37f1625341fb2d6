import { existsSync } from 'node:fs';
import { setImmediate as yieldToOthers } from 'node:timers/promises';
import { messageOf, UserError } from '../common/errors.ts';
import { resolveConfig } from '../config/resolveConfig.ts';
import { treeOf } from '../config/tree.ts';
import { designStatus } from '../laws/fitting/checkRows.ts';
import { lawForm } from '../laws/forms/registry.ts';
import type { DomainAnswer } from '../report/types.ts';
import { openResultsStore, type ResultsStore } from '../store/results.ts';
import type { SweepRecord } from '../store/types.ts';
import { answerQuestion, type DomainQuestion, domainQuestions } from '../sweep/answer.ts';
import { lawContent, lawInputs, saveLaws, subjectOf } from '../sweep/lawRegistry.ts';
import { runsLayout } from '../sweep/runsLayout.ts';
import { driftReport } from './drift.ts';
import type { LawOutcome, RefitResult } from './types.ts';

export interface RefitOptions {
  runsFolder: string;
  /**
   * Called first: takes results that arrived late, of any sweep, into the store, and returns how many runs had some.
   * When it throws, the refit goes on with what the store holds, and says so.
   */
  collectLate?(note: (line: string) => void): Promise<number>;
  /** Fits one domain's laws; answerQuestion unless a test gives another. */
  fitDomain?(question: DomainQuestion): DomainAnswer;
  now?(): Date;
  /** A line about what goes on, for a person. */
  note(line: string): void;
  signal: AbortSignal;
}

/**
 * Fits the laws of every domain of every sweep again, where their observations or options are new to the law registry.
 * A sweep may be running meanwhile: it only reads what is stored, and adds law versions. What goes wrong with one sweep
 * stands in the result and does not stop the others. Throws a UserError when there is no results store, and the
 * signal's reason after an abort (between two domains).
 */
export async function refit(options: RefitOptions): Promise<RefitResult> {
  const { runsFolder, note, signal, now = () => new Date() } = options;
  const startedAt = now();
  const warnings: string[] = [];
  const lateResults = await collect(options, warnings);
  signal.throwIfAborted();
  const path = runsLayout(runsFolder).store;
  if (!existsSync(path)) {
    throw new UserError(
      `there is no results store in ${runsFolder}`,
      'Run a sweep first, or name its --runs folder.',
    );
  }
  const store = openResultsStore(path);
  const laws: LawOutcome[] = [];
  try {
    for (const sweep of store.sweeps()) {
      let questions: DomainQuestion[];
      try {
        questions = questionsOf(store, sweep, laws);
      } catch (error) {
        laws.push({ sweep: sweep.name, domain: null, ...failure(error) });
        continue;
      }
      for (const question of questions) {
        // Fits hold up everything else in this process: signals are heard here.
        await yieldToOthers();
        signal.throwIfAborted();
        const about = { sweep: sweep.name, domain: question.domain };
        try {
          laws.push({ ...about, ...refitDomain(store, sweep.sweep, question, options) });
        } catch (error) {
          laws.push({ ...about, ...failure(error) });
        }
      }
    }
  } finally {
    store.close();
  }
  if (laws.length === 0) note('no sweep has been run here yet');
  return {
    startedAt: startedAt.toISOString(),
    seconds: (now().getTime() - startedAt.getTime()) / 1000,
    lateResults,
    laws,
    warnings,
  };
}

async function collect({ collectLate, note }: RefitOptions, warnings: string[]): Promise<number | null> {
  if (!collectLate) return null;
  try {
    return await collectLate(note);
  } catch (error) {
    warnings.push(`late results could not be taken in: ${messageOf(error)}`);
    return null;
  }
}

/** The domains of a sweep that can be asked about; the others are told as outcomes. Throws a UserError on a bad config. */
function questionsOf(store: ResultsStore, sweep: SweepRecord, outcomes: LawOutcome[]): DomainQuestion[] {
  const { config } = resolveConfig(treeOf(sweep.config, `the saved config of ${sweep.name}`));
  const questions = domainQuestions({
    config,
    runs: store.runs(sweep.sweep),
    observations: store.observations(sweep.sweep),
  });
  const asked = new Set(questions.map(({ domain }) => domain));
  for (const domain of Object.keys(config.corpora.domains)) {
    if (asked.has(domain)) continue;
    const reason = 'no finished run has an observation yet';
    outcomes.push({ sweep: sweep.name, domain, status: 'too-few', observations: 0, reason });
  }
  return questions;
}

type DomainOutcome = LawOutcome extends infer Each
  ? Each extends LawOutcome
    ? Omit<Each, 'sweep' | 'domain'>
    : never
  : never;

function refitDomain(
  store: ResultsStore,
  sweep: string,
  question: DomainQuestion,
  { fitDomain = answerQuestion, now = () => new Date(), note }: RefitOptions,
): DomainOutcome {
  const subject = subjectOf(sweep, question.domain);
  const observations = question.rows.general.length;
  const inputs = lawInputs(question);
  const known = store.lawVersions(subject).find((version) => version.inputs === inputs);
  if (known) {
    const { domainRatio } = lawContent(known).recommendation;
    return { status: 'unchanged', version: known.version, observations, domainRatio };
  }
  const tooFew = designProblem(question);
  if (tooFew !== null) return { status: 'too-few', observations, reason: tooFew };

  note(`fitting: the laws of ${subject}, ${observations} observations`);
  const answer = fitDomain(question);
  const unsolved = [answer.generalLaw, answer.domainLaw].find((law) => law.starts === 0);
  if (unsolved) return { status: 'failed', reason: unsolved.statusDetail, nextStep: null };
  const { version, isNew } = saveLaws(store, { subject, inputs, createdAt: now(), answer });
  const { domainRatio } = answer.recommendation;
  // Another process has fitted the same meanwhile.
  if (!isNew) return { status: 'unchanged', version, observations, domainRatio };
  const older = version > 1 ? store.lawVersion(subject, version - 1) : null;
  const newer = store.lawVersion(subject, version);
  if (!older || !newer) return { status: 'first', version, observations, domainRatio };
  return {
    status: 'new',
    version,
    observations,
    domainRatio,
    drift: driftReport([older.version, version], lawContent(older), lawContent(newer)),
  };
}

/** Why no law can be fitted to these rows, or null. */
function designProblem({ form: name, rows }: DomainQuestion): string | null {
  const form = lawForm(name);
  for (const loss of [rows.general, rows.domain]) {
    const covered = form.ratios === 'positive' ? loss.filter((row) => row.ratio > 0) : loss;
    const problem = designStatus(form, covered);
    if (problem) return problem.detail;
  }
  return null;
}

function failure(error: unknown): { status: 'failed'; reason: string; nextStep: string | null } {
  const nextStep = error instanceof UserError ? (error.nextStep ?? null) : null;
  const reason = error instanceof UserError ? error.message : `unexpected error: ${messageOf(error)}`;
  return { status: 'failed', reason, nextStep };
}
