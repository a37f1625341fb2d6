import { performance } from 'node:perf_hooks';
import { makeRandom } from '../common/random.ts';
import { createOnnxEngine } from '../engine/onnx/engine.ts';
import type { Engine, Precision } from '../engine/types.ts';
import { modelFromWidth } from '../model/family.ts';
import { initialState, sessionDefinition } from '../model/session.ts';

/** Small, and with all that a model can have: grouped queries, two blocks of attention, a vocabulary matrix of its own. */
const SPEC = modelFromWidth(16, {
  vocabularySize: 40,
  contextLength: 72,
  layers: 1,
  heads: 2,
  keyValueHeads: 1,
  tiedEmbeddings: false,
});
const OPTIMIZER = { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1, clipNorm: 1 };
const BATCHES = { trainBatch: 2, evaluationBatch: 2 };
const STEPS = 3;
/** Devices sum in another order; in float16 they may also round on the way, which the processor does not. */
const TOLERANCES: Record<Precision, number> = { float32: 1e-4, float16: 1e-2 };

export interface TinyTraining {
  /** Loss and gradient norm of each step. */
  measured: number[];
  /** The fastest step; the first compiles kernels. */
  stepMs: number;
  notes: readonly string[];
}

/** A few real training steps of a tiny model. */
export async function trainTiny(engine: Engine, precision: Precision = 'float32'): Promise<TinyTraining> {
  const session = await engine.open({ ...sessionDefinition(SPEC, OPTIMIZER, BATCHES), precision });
  try {
    await session.writeState(initialState(SPEC, 1));
    const random = makeRandom('tiny training');
    const tokens = Int32Array.from({ length: BATCHES.trainBatch * (SPEC.contextLength + 1) }, () =>
      random.integer(SPEC.vocabularySize),
    );
    const measured: number[] = [];
    let stepMs = Number.POSITIVE_INFINITY;
    for (let step = 1; step <= STEPS; step++) {
      const beganMs = performance.now();
      const outputs = await session.call('train', {
        tokens,
        learningRate: Float32Array.of(0.003),
        step: Float32Array.of(step),
      });
      stepMs = Math.min(stepMs, performance.now() - beganMs);
      measured.push(outputs.loss![0]!, outputs.gradientNorm![0]!);
    }
    return { measured, stepMs, notes: session.notes?.() ?? [] };
  } finally {
    await session.close();
  }
}

/**
 * Trains the tiny model on an engine and, to compare, with ONNX Runtime on the processor. Throws when they disagree: a
 * provider that computes an operator wrongly gives losses that look like losses.
 */
export async function checkTraining(
  engine: Engine,
  precision: Precision = 'float32',
): Promise<TinyTraining & { processorStepMs: number }> {
  const right = await trainTiny(createOnnxEngine(), precision);
  const training = await trainTiny(engine, precision);
  training.measured.forEach((value, i) => {
    const expected = right.measured[i]!;
    if (Math.abs(value / expected - 1) <= TOLERANCES[precision]) return;
    const what = i % 2 === 0 ? 'loss' : 'gradient norm';
    throw new Error(
      `${engine.name} on ${engine.device} trains wrongly in ${precision}: a tiny model’s ${what} is ${value} at step ${(i >> 1) + 1}, ${expected} on the processor`,
    );
  });
  return { ...training, processorStepMs: right.stepMs };
}

/** A GPU waits for its driver in so small a model, but not so long; Vulkan in software takes several hundred times. */
const MOST_TIMES_SLOWER = 50;

export function isSoftware({
  stepMs,
  processorStepMs,
}: {
  stepMs: number;
  processorStepMs: number;
}): boolean {
  return stepMs > MOST_TIMES_SLOWER * processorStepMs;
}

/** As checkTraining, and refuses a device that is far slower than the processor. */
export async function checkWorthwhile(engine: Engine): Promise<void> {
  const training = await checkTraining(engine);
  if (!isSoftware(training)) return;
  const { stepMs, processorStepMs } = training;
  throw new Error(
    `${engine.device} takes ${stepMs.toFixed(0)} ms for what takes the processor ${processorStepMs.toFixed(1)} ms: a driver in software?`,
  );
}
