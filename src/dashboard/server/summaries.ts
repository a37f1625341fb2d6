import { resolveConfig } from '../../config/resolveConfig.ts';
import { resolvedConfigYaml } from '../../config/resolvedConfigYaml.ts';
import { treeOf } from '../../config/tree.ts';
import type { RatioRecommendation } from '../../laws/types.ts';
import type { QueueStatus } from '../api/queue.ts';
import type { KeptAnswer, SweepDetail, SweepSummary } from '../api/sweeps.ts';
import type { Mirror, MirroredSweep } from './mirror.ts';
import type { Pace } from './pace.ts';
import type { VersionRow } from './queries.ts';

/** The newest answers by sweep. */
export function keptAnswers(versions: readonly VersionRow[]): Map<string, KeptAnswer[]> {
  const bySweep = new Map<string, KeptAnswer[]>();
  for (const { subject, version, createdAt, recommendation } of versions) {
    const [sweep, domain] = subject.split('/') as [string, string];
    const { status, domainRatio, interval, target } = JSON.parse(recommendation) as RatioRecommendation;
    const answer: KeptAnswer = {
      ...{ domain, version, createdAt, status, domainRatio, interval },
      modelSize: target.n * 1e9,
      tokens: target.d * 1e9,
      tolerance: target.tolerance,
    };
    bySweep.set(sweep, [...(bySweep.get(sweep) ?? []), answer]);
  }
  return bySweep;
}

interface Around {
  mirror: Mirror;
  pace: Pace;
  queue: QueueStatus;
  answers: ReadonlyMap<string, readonly KeptAnswer[]>;
  nowMs: number;
}

/** One line of the list of sweeps. */
export function summaryOf(
  { sweep, createdAt, plan }: MirroredSweep,
  { mirror, pace, queue, answers, nowMs }: Around,
): SweepSummary {
  const runs = { total: plan.length, planned: 0, running: 0, done: 0, diverged: 0, failed: 0 };
  const tokens = { trained: 0, planned: 0 };
  const cost = { trainerSeconds: 0, flops: 0 };
  let doneFlops = 0;
  let totalFlops = 0;
  for (const { run } of plan) {
    const known = mirror.runs.get(run)!;
    runs[known.status]++;
    tokens.trained += known.tokens;
    tokens.planned += known.totalTokens;
    cost.trainerSeconds += known.trainerSeconds;
    cost.flops += known.tokens * known.flopsPerToken;
    const all = known.totalTokens * known.flopsPerToken;
    totalFlops += all;
    // What failed or diverged has no work left either.
    doneFlops +=
      known.status === 'planned' || known.status === 'running' ? known.tokens * known.flopsPerToken : all;
  }
  const coordinator =
    queue.state === 'connected' ? queue.sweeps.find((each) => each.sweep === sweep) : undefined;
  const open = runs.planned + runs.running + runs.failed;
  const state = coordinator
    ? coordinator.paused
      ? 'paused'
      : 'running'
    : open > 0
      ? 'incomplete'
      : 'complete';
  if (state === 'running') pace.note(sweep, doneFlops, nowMs);
  else pace.forget(sweep);
  const ids = new Set(plan.map(({ run }) => run));
  const atWork =
    queue.state === 'connected'
      ? queue.workers.map(({ slots }) => slots.filter(({ doing }) => doing && ids.has(doing.run)).length)
      : [];
  return {
    ...{ sweep, createdAt, state, runs, tokens, cost },
    domains: [...new Set(plan.map(({ domain }) => domain).filter((domain) => domain !== null))],
    secondsLeft: state === 'running' ? pace.secondsLeft(sweep, totalFlops - doneFlops, nowMs) : null,
    trainers: atWork.reduce((sum, each) => sum + each, 0),
    workers: atWork.filter((each) => each > 0).length,
    problems: coordinator?.problems ?? [],
    answers: [...(answers.get(sweep) ?? [])],
  };
}

const ascending = (values: Iterable<number>) => [...new Set(values)].sort((a, b) => a - b);

export function detailOf(sweep: MirroredSweep, around: Around): SweepDetail {
  const { config } = resolveConfig(treeOf(JSON.parse(sweep.config), `the saved config of ${sweep.sweep}`));
  const targets = Object.entries(config.corpora.domains).map(([domain, { target }]) => {
    const { modelSize, tokens, tolerance } = target;
    return [domain, { modelSize: modelSize === 'largest' ? null : modelSize, tokens, tolerance }] as const;
  });
  return {
    ...summaryOf(sweep, around),
    modelSizes: ascending(sweep.plan.map(({ modelSize }) => modelSize)),
    ratios: ascending(
      sweep.plan.filter(({ domain }) => domain !== null).map(({ domainRatio }) => domainRatio),
    ),
    seeds: ascending(sweep.plan.map(({ seed }) => seed)),
    targets: Object.fromEntries(targets),
    lawForm: config.law.form,
    configYaml: resolvedConfigYaml(config),
    observations: around.mirror.queries()!.sweepObservations(sweep.sweep),
    runRows: sweep.plan.map((planned) => around.mirror.row(planned)),
  };
}
