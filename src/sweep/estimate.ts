import { availableParallelism } from 'node:os';
import { performance } from 'node:perf_hooks';
import type { Arrays, Engine } from '../engine/types.ts';
import { countParameters, flopsPerToken, modelFromWidth } from '../model/family.ts';
import { initialState, sessionDefinition } from '../model/session.ts';
import type { RunSpec } from '../training/runSpec.ts';
import { evaluationSequences } from '../training/schedule.ts';
import type { PlannedRun } from './plan.ts';

/** Larger models are not built for an estimate: their speed is taken over from the largest measured, in FLOP/s. */
const LARGEST_MEASURED_PARAMETERS = 2_000_000;
const MEASURED_SECONDS = 0.6;

export interface Throughput {
  /** Non-embedding parameters. */
  modelSize: number;
  trainingTokensPerSecond: number;
  evaluationTokensPerSecond: number;
  /** False: from FLOPs and the speed of the largest model that was measured. */
  measured: boolean;
}

export interface SweepEstimate {
  throughputs: Throughput[];
  /** Wall seconds for the runs given, with this many trainers. */
  seconds: number;
}

/** How many trainers run side by side: what was asked for, else one per processor thread. */
export function trainerCount(wanted: number | 'auto'): number {
  return wanted === 'auto' ? availableParallelism() : wanted;
}

/**
 * Expected wall time of runs: each model size is trained and evaluated for a moment on this machine (one trainer,
 * nothing beside it), and the runs' tokens are divided by that speed and by the number of trainers.
 */
export async function estimateSweep(
  runs: readonly PlannedRun[],
  engine: Engine,
  trainers: number,
): Promise<SweepEstimate> {
  const bySize = new Map<number, PlannedRun[]>();
  for (const run of runs) bySize.set(run.label.modelSize, [...(bySize.get(run.label.modelSize) ?? []), run]);
  const throughputs: Throughput[] = [];
  let seconds = 0;
  let flopsPerSecond = await referenceSpeed(engine, [...bySize.values()].flat());
  for (const [modelSize, sizeRuns] of [...bySize].sort(([a], [b]) => a - b)) {
    const { model } = sizeRuns[0]!.spec;
    const flops = flopsPerToken(model);
    const measured = countParameters(model).total <= LARGEST_MEASURED_PARAMETERS;
    if (measured) {
      const speed = await measure(engine, sizeRuns[0]!.spec);
      flopsPerSecond = { training: speed.training * flops, evaluation: speed.evaluation * flops };
    }
    const trainingTokensPerSecond = flopsPerSecond.training / flops;
    const evaluationTokensPerSecond = flopsPerSecond.evaluation / flops;
    throughputs.push({ modelSize, trainingTokensPerSecond, evaluationTokensPerSecond, measured });
    for (const { spec } of sizeRuns) {
      const setTokens = spec.general.validationTokens + (spec.domain?.validationTokens ?? 0);
      seconds +=
        spec.tokens / trainingTokensPerSecond +
        (setTokens * spec.evaluationTokens.length) / evaluationTokensPerSecond;
    }
  }
  return { throughputs, seconds: seconds / trainers };
}

/**
 * FLOP/s for models that are too large to be tried: of a model that is not. Not measured where another size of the
 * sweep will tell.
 */
async function referenceSpeed(
  engine: Engine,
  runs: readonly PlannedRun[],
): Promise<{ training: number; evaluation: number }> {
  if (runs.some(({ label }) => label.totalParameters <= LARGEST_MEASURED_PARAMETERS))
    return { training: 1, evaluation: 1 };
  const spec = runs[0]?.spec;
  if (!spec) return { training: 1, evaluation: 1 };
  const model = modelFromWidth(128, { vocabularySize: 1024, contextLength: 128 });
  const speed = await measure(engine, { ...spec, model, batchSequences: 8 });
  const flops = flopsPerToken(model);
  return { training: speed.training * flops, evaluation: speed.evaluation * flops };
}

/** Tokens per second of training steps and of evaluation, after one call of each that is not counted. */
async function measure(
  engine: Engine,
  spec: Pick<RunSpec, 'model' | 'optimizer' | 'batchSequences' | 'precision'>,
): Promise<{ training: number; evaluation: number }> {
  const { model, optimizer, batchSequences, precision } = spec;
  const evaluationBatch = evaluationSequences(model.contextLength);
  const session = await engine.open({
    ...sessionDefinition(model, optimizer, { trainBatch: batchSequences, evaluationBatch }),
    precision,
  });
  try {
    await session.writeState(initialState(model, 0));
    const rows = (count: number) =>
      new Int32Array(count * (model.contextLength + 1)).map((_, at) => (at * 7919) % model.vocabularySize);
    const train = {
      tokens: rows(batchSequences),
      learningRate: Float32Array.of(1e-6),
      step: Float32Array.of(1),
    };
    const evaluate = { tokens: rows(evaluationBatch) };
    // As many at once as training makes.
    const rate = async (name: string, feeds: Arrays) => {
      const many = Array<Arrays>(session.callsAtOnce).fill(feeds);
      return many.length * (await callsPerSecond(() => session.callEach(name, many)));
    };
    return {
      training: batchSequences * model.contextLength * (await rate('train', train)),
      evaluation: evaluationBatch * model.contextLength * (await rate('evaluate', evaluate)),
    };
  } finally {
    await session.close();
  }
}

async function callsPerSecond(call: () => Promise<unknown>): Promise<number> {
  await call();
  const begin = performance.now();
  let calls = 0;
  do {
    await call();
    calls++;
  } while (performance.now() - begin < MEASURED_SECONDS * 1000);
  return (calls * 1000) / (performance.now() - begin);
}
