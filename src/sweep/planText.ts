import { textTable } from '../common/textTable.ts';
import type { ResolvedConfig } from '../config/schema.ts';
import { countParameters, flopsPerToken } from '../model/family.ts';
import type { SweepEstimate } from './estimate.ts';
import type { SweepPlan } from './sweep.ts';

/** Evaluation points printed one by one. */
const MOST_POINTS = 16;

const count = (value: number): string => Math.round(value).toLocaleString('en-US');

/** What is about to happen, before it does: every model with its derived quantities, and the work in all. */
export function planText(config: ResolvedConfig, plan: SweepPlan, estimate: SweepEstimate | null): string {
  const { runs, doneIds, trainers } = plan;
  const bySize = new Map([...runs].reverse().map((run) => [run.label.modelSize, run]));
  const speeds = new Map(estimate?.throughputs.map((each) => [each.modelSize, each]));
  const models = [...bySize.values()].reverse().map(({ spec: { model, learningRate }, label }) => {
    const speed = speeds.get(label.modelSize);
    const tokens = config.training.baseTokens + config.training.cptTokens;
    return [
      `${model.width} × ${model.layers}`,
      `${model.heads}${model.keyValueHeads === model.heads ? '' : `/${model.keyValueHeads}`}`,
      `${model.feedForwardWidth}`,
      count(countParameters(model).nonEmbedding),
      count(countParameters(model).total),
      (flopsPerToken(model) / 1e6).toPrecision(3),
      (tokens / countParameters(model).nonEmbedding).toPrecision(3),
      learningRate.toPrecision(3),
      ...(estimate
        ? [speed ? `${speed.measured ? '' : '~'}${count(speed.trainingTokensPerSecond)}` : '–']
        : []),
    ];
  });
  const right = (header: string) => ({ header, align: 'right' as const });
  const table = textTable(
    [
      'width × layers',
      right('heads'),
      right('feed-forward'),
      right('parameters N'),
      right('with embeddings'),
      right('MFLOP/token'),
      right('tokens/N'),
      right('learning rate'),
      ...(estimate ? [right('tokens/s')] : []),
    ],
    models,
  );
  const todo = runs.filter((run) => !doneIds.has(run.id));
  const sum = (of: (run: (typeof runs)[number]) => number) => todo.reduce((total, run) => total + of(run), 0);
  const { domains } = config.corpora;
  const lines = [
    `sweep ${config.name}: ${Object.keys(domains).join(', ')} against general text`,
    '',
    table,
    '',
    `domain ratios     ${config.mixture.ratios.join(', ')}; seeds ${config.seeds.join(', ')}`,
    `tokens            ${count(config.training.baseTokens)} for a base model, ${count(config.training.cptTokens)} for a CPT run of it`,
    `losses measured   at ${points(runs.find((run) => run.spec.kind === 'cpt')?.spec.evaluationTokens ?? [])} tokens, ` +
      `on ${count(runs[0]?.spec.general.validationTokens ?? 0)} validation tokens of each corpus`,
    `runs              ${count(runs.length)}, ${count(doneIds.size)} of them done already`,
    `still to train    ${count(sum((run) => run.spec.tokens))} tokens, ${sum((run) => run.flops).toExponential(2)} FLOP, ${trainers === 0 ? 'by the workers of the queue' : `with ${trainers} trainers`}`,
    `engine            ${runs[0]?.spec.engine ?? '–'} (${plan.engineReason})`,
  ];
  if (estimate) {
    lines.push(
      `expected time     ${duration(estimate.seconds)}, from the measured tokens/s above (~: from FLOPs)`,
    );
  }
  return lines.join('\n');
}

/** The first points show the spacing; of many, the rest is left out. */
function points(tokens: readonly number[]): string {
  if (tokens.length <= MOST_POINTS) return tokens.map(count).join(', ');
  return `${tokens.slice(0, 4).map(count).join(', ')}, … ${count(tokens.at(-1)!)} (${tokens.length} points)`;
}

function duration(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  if (seconds < 5400) return `${(seconds / 60).toPrecision(2)} min`;
  if (seconds < 172_800) return `${(seconds / 3600).toPrecision(3)} h`;
  return `${(seconds / 86_400).toPrecision(3)} days`;
}
