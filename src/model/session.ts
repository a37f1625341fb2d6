import { parameterSpecs } from './family.ts';
import { initialParameters } from './initialise.ts';
import type { OptimizerSpec } from './optimizer.ts';
import {
  type ArraySpec,
  evaluationStep,
  firstMomentName,
  type ModelStep,
  secondMomentName,
  trainingStep,
} from './step.ts';
import type { ModelSpec } from './types.ts';

export interface SessionBatches {
  /** Sequences of one optimiser step. */
  trainBatch: number;
  /** Sequences of one evaluation call. */
  evaluationBatch: number;
}

export interface ModelSession {
  state: Record<string, ArraySpec>;
  functions: { train: ModelStep; evaluate: ModelStep };
}

/** What an engine needs to train and evaluate a model: parameters and both moments, and the two functions over them. */
export function sessionDefinition(
  spec: ModelSpec,
  optimizer: OptimizerSpec,
  { trainBatch, evaluationBatch }: SessionBatches,
): ModelSession {
  return {
    state: stateSpecs(spec),
    functions: {
      train: trainingStep(spec, optimizer, trainBatch),
      evaluate: evaluationStep(spec, evaluationBatch),
    },
  };
}

/** Parameters under their names, first moments under `m/<name>`, second moments under `v/<name>`. */
export function stateSpecs(spec: ModelSpec): Record<string, ArraySpec> {
  const shapes = Object.entries(parameterSpecs(spec));
  const entries = (rename: (name: string) => string): [string, ArraySpec][] =>
    shapes.map(([name, { shape }]) => [rename(name), { shape, dtype: 'float32' }]);
  return Object.fromEntries([
    ...entries((name) => name),
    ...entries(firstMomentName),
    ...entries(secondMomentName),
  ]);
}

/** Both moments of every parameter, at zero: how an optimiser starts, and starts anew. */
export function zeroMoments(spec: ModelSpec): Record<string, Float32Array> {
  const moments: Record<string, Float32Array> = {};
  for (const [name, { shape }] of Object.entries(parameterSpecs(spec))) {
    const size = shape.reduce((product, side) => product * side, 1);
    moments[firstMomentName(name)] = new Float32Array(size);
    moments[secondMomentName(name)] = new Float32Array(size);
  }
  return moments;
}

/** The whole state before the first step of a base run. */
export function initialState(spec: ModelSpec, seed: number): Record<string, Float32Array> {
  return { ...initialParameters(spec, seed), ...zeroMoments(spec) };
}
