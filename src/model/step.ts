import * as tf from '@tensorflow/tfjs';
import { parameterSpecs } from './family.ts';
import { sequenceLosses, tokenLosses } from './loss.ts';
import {
  adamScalars,
  adamUpdate,
  clipFactor,
  decayed,
  firstMoment,
  globalNorm,
  type OptimizerSpec,
  secondMoment,
} from './optimizer.ts';
import { joinFlat, parameterGroups, splitFlat } from './parameterGroups.ts';
import type { ModelSpec } from './types.ts';

/** Shape and type of an array at a step's door. */
export interface ArraySpec {
  shape: readonly number[];
  dtype: 'float32' | 'int32';
}

/** A pure function of tensors over a state kept by whoever runs it; structurally the engine's StepFunction. */
export interface ModelStep {
  feeds: Record<string, ArraySpec>;
  reads: readonly string[];
  compute(
    state: Record<string, tf.Tensor>,
    feeds: Record<string, tf.Tensor>,
  ): { outputs: Record<string, tf.Tensor>; state?: Record<string, tf.Tensor> };
}

export const firstMomentName = (parameter: string): string => `m/${parameter}`;
export const secondMomentName = (parameter: string): string => `v/${parameter}`;

/**
 * One optimiser step. Feeds: `tokens` int32 [batchSequences, contextLength + 1]; `learningRate` []; `step` [], counted
 * from 1 since the moments were zero. Outputs: `loss` [], the mean over the batch in nats per token before the step;
 * `gradientNorm` [], before clipping.
 */
export function trainingStep(spec: ModelSpec, optimizer: OptimizerSpec, batchSequences: number): ModelStep {
  const names = Object.keys(parameterSpecs(spec));
  const groups = parameterGroups(spec, optimizer.weightDecay);
  const meanFactor = 1 / (batchSequences * spec.contextLength);
  return {
    feeds: {
      tokens: tokensSpec(spec, batchSequences),
      learningRate: { shape: [], dtype: 'float32' },
      step: { shape: [], dtype: 'float32' },
    },
    reads: [...names, ...names.map(firstMomentName), ...names.map(secondMomentName)],
    compute: (state, feeds) => {
      const learningRate = feeds.learningRate as tf.Scalar;

      // Forward and backward, of the summed loss: the mean's 1/tokens joins the clip factor instead, which saves a
      // pass over every gradient.
      const lossOf = (...values: tf.Tensor[]): tf.Scalar => {
        const parameters = Object.fromEntries(names.map((name, i) => [name, values[i]!]));
        return tf.sum(tokenLosses(spec, parameters, feeds.tokens as tf.Tensor2D));
      };
      const { value: lossSum, grads } = tf.valueAndGrads(lossOf)(names.map((name) => state[name]!));
      const gradients = Object.fromEntries(names.map((name, i) => [name, grads[i]!]));

      // Clip.
      const gradientNorm = tf.mul(globalNorm(grads), meanFactor) as tf.Scalar;
      const scale = tf.mul(clipFactor(gradientNorm, optimizer.clipNorm), meanFactor) as tf.Scalar;

      // Update.
      const scalars = adamScalars(optimizer, learningRate, feeds.step as tf.Scalar);
      const next: Record<string, tf.Tensor> = {};
      for (const { names: members, shapes, weightDecay } of groups) {
        const gather = (from: Record<string, tf.Tensor>, nameOf = (name: string) => name): tf.Tensor =>
          joinFlat(members.map((name) => from[nameOf(name)]!));
        const gradient = gather(gradients);
        const m = firstMoment(gather(state, firstMomentName), gradient, optimizer.beta1, scale);
        const v = secondMoment(gather(state, secondMomentName), gradient, optimizer.beta2, scale);
        const parameter = tf.sub(
          decayed(gather(state), learningRate, weightDecay),
          adamUpdate(m, v, scalars),
        );
        const parts = [splitFlat(parameter, shapes), splitFlat(m, shapes), splitFlat(v, shapes)] as const;
        members.forEach((name, i) => {
          next[name] = parts[0][i]!;
          next[firstMomentName(name)] = parts[1][i]!;
          next[secondMomentName(name)] = parts[2][i]!;
        });
      }
      return { outputs: { loss: tf.mul(lossSum, meanFactor), gradientNorm }, state: next };
    },
  };
}

/**
 * Losses without training. Feed: `tokens` int32 [batchSequences, contextLength + 1]. Output: `sequenceLoss`
 * [batchSequences], each sequence's negative log-likelihood summed over its targets, in nats.
 */
export function evaluationStep(spec: ModelSpec, batchSequences: number): ModelStep {
  return {
    feeds: { tokens: tokensSpec(spec, batchSequences) },
    reads: Object.keys(parameterSpecs(spec)),
    compute: (state, feeds) => ({
      outputs: { sequenceLoss: sequenceLosses(spec, state, feeds.tokens as tf.Tensor2D) },
    }),
  };
}

function tokensSpec(spec: ModelSpec, batchSequences: number): ArraySpec {
  return { shape: [batchSequences, spec.contextLength + 1], dtype: 'int32' };
}
