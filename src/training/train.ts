import type { MixtureSampler, SamplerCursor } from '../corpus/types.ts';
import type { Arrays, EngineSession } from '../engine/types.ts';
import { divergenceWatch } from './divergence.ts';
import { evaluate, type ValidationSet } from './evaluate.ts';
import type { PhaseSeconds, TrainingEvent, ValidationLoss } from './events.ts';
import type { RunSpec } from './runSpec.ts';
import { batchTokens, learningRateAt } from './schedule.ts';

export interface MeasuredLosses {
  tokens: number;
  losses: { general: ValidationLoss; domain: ValidationLoss | null };
}

/** All that is needed to go on bit-identically: the one object a checkpoint holds. */
export interface ResumePoint {
  tokens: number;
  /** Optimiser steps since the moments were zero: AdamW's bias correction counts them. */
  optimizerSteps: number;
  /** Parameters and both moments. */
  state: Arrays;
  cursor: SamplerCursor;
  /** Every loss measured so far, so that a resumed run can tell them again to whoever missed them. */
  measured: MeasuredLosses[];
}

export interface TrainingInputs {
  spec: RunSpec;
  /** Has the functions `train` and `evaluate` over the state; its state is overwritten. */
  session: EngineSession;
  /** Where to begin: a fresh start (tokens 0) or a saved point. */
  start: ResumePoint;
  /** Positioned at `start.cursor`. */
  sampler: MixtureSampler;
  validation: { general: ValidationSet; domain: ValidationSet | null };
  /** Asked after every call of the session, which makes one step or a few; true makes a checkpoint. */
  checkpointDue(): boolean;
  save(point: ResumePoint): Promise<void>;
  /** When the work on this run began (nowMs), so that its setup is accounted for. */
  setupBeganMs: number;
  /** Aborting stops after the current call, with a checkpoint. */
  signal: AbortSignal;
  /** Milliseconds of a monotonic clock. */
  nowMs(): number;
}

const PROGRESS_INTERVAL_MS = 500;

/**
 * Trains one run: yields log events, returns its final point, or null when it diverged or was stopped (the last
 * event, or the signal, says which). The caller decides on logging, storing and stopping.
 */
export async function* train(inputs: TrainingInputs): AsyncGenerator<TrainingEvent, ResumePoint | null> {
  const { spec, session, start, sampler, nowMs } = inputs;
  const seconds: PhaseSeconds = { setup: 0, training: 0, evaluation: 0, checkpoint: 0 };
  const timed = async <T>(phase: keyof PhaseSeconds, work: () => Promise<T>): Promise<T> => {
    const begin = nowMs();
    const result = await work();
    seconds[phase] += (nowMs() - begin) / 1000;
    return result;
  };
  const measured = [...start.measured];
  const point = async (): Promise<ResumePoint> => ({
    tokens,
    optimizerSteps,
    state: await session.readState(),
    cursor: sampler.cursor(),
    measured,
  });
  const checkpoint = () => timed('checkpoint', async () => inputs.save(await point()));

  let { tokens, optimizerSteps } = start;
  await session.writeState(start.state);
  seconds.setup = (nowMs() - inputs.setupBeganMs) / 1000;
  yield { type: 'started', tokens, resumed: tokens > 0 };
  for (const told of measured) yield { type: 'evaluated', ...told };

  const tokensPerStep = batchTokens(spec);
  const evaluateAt = new Set(spec.evaluationTokens);
  const diverged = divergenceWatch(spec.model.vocabularySize);
  let progressMs = nowMs();
  let progressTokens = tokens;

  for (;;) {
    // Evaluate, unless this very point was measured before the checkpoint was taken.
    if (evaluateAt.has(tokens) && !measured.some((earlier) => earlier.tokens === tokens)) {
      const losses = await timed('evaluation', async () => ({
        general: await evaluate(session, inputs.validation.general),
        domain: inputs.validation.domain && (await evaluate(session, inputs.validation.domain)),
      }));
      if (!Number.isFinite(losses.general.loss) || !Number.isFinite(losses.domain?.loss ?? 0)) {
        yield { type: 'diverged', tokens, reason: 'a validation loss is not finite' };
        return null;
      }
      measured.push({ tokens, losses });
      yield { type: 'evaluated', tokens, losses };
      progressMs = nowMs();
      progressTokens = tokens;
    }
    if (tokens >= spec.tokens) break;
    if (inputs.signal.aborted) {
      await checkpoint();
      yield { type: 'checkpointed', tokens };
      return null;
    }

    // As many steps as the session makes in one go, but none beyond the next evaluation.
    const nextStop = spec.evaluationTokens.find((at) => at > tokens)!;
    const steps = Math.min(session.callsAtOnce, (nextStop - tokens) / tokensPerStep);
    const feeds = Array.from({ length: steps }, (_, i) => ({
      tokens: sampler.next(spec.batchSequences),
      learningRate: Float32Array.of(learningRateAt(spec, tokens + i * tokensPerStep)),
      step: Float32Array.of(optimizerSteps + i + 1),
    }));
    const results = await timed('training', () => session.callEach('train', feeds));
    for (const { loss, gradientNorm } of results) {
      optimizerSteps++;
      tokens += tokensPerStep;
      const reason = diverged(loss![0]!, gradientNorm![0]!);
      if (reason) {
        yield { type: 'diverged', tokens, reason };
        return null;
      }
    }

    // Log and checkpoint.
    const sinceMs = nowMs() - progressMs;
    if (sinceMs >= PROGRESS_INTERVAL_MS) {
      const tokensPerSecond = ((tokens - progressTokens) / sinceMs) * 1000;
      const [last, fed] = [results.at(-1)!, feeds.at(-1)!];
      yield {
        type: 'progress',
        tokens,
        loss: last.loss![0]!,
        gradientNorm: last.gradientNorm![0]!,
        learningRate: fed.learningRate[0]!,
        tokensPerSecond,
      };
      progressMs = nowMs();
      progressTokens = tokens;
    }
    if (inputs.checkpointDue()) {
      await checkpoint();
      yield { type: 'checkpointed', tokens };
    }
  }

  const final = await timed('checkpoint', point);
  yield {
    type: 'finished',
    tokens,
    trainedTokens: tokens - start.tokens,
    epochs: sampler.epochs(),
    seconds,
  };
  return final;
}
