import type * as tf from '@tensorflow/tfjs';
import { describe, expect, test } from 'vitest';
import { makeRandom } from '../../src/common/random.ts';
import { createEagerEngine } from '../../src/engine/eagerEngine.ts';
import { createOnnxEngine } from '../../src/engine/onnx/engine.ts';
import type { Arrays, Engine } from '../../src/engine/types.ts';
import { modelFromWidth, parameterSpecs } from '../../src/model/family.ts';
import { initialParameters } from '../../src/model/initialise.ts';
import { tokenLosses } from '../../src/model/loss.ts';
import { sessionDefinition, zeroMoments } from '../../src/model/session.ts';
import { firstMomentName } from '../../src/model/step.ts';
import type { ModelSpec } from '../../src/model/types.ts';
import { referenceLosses } from './reference.ts';

const SIZE = { vocabularySize: 19, contextLength: 7 };
const MODELS: Record<string, ModelSpec> = {
  'one head': modelFromWidth(8, { ...SIZE, heads: 1 }),
  'several heads, untied': modelFromWidth(24, { ...SIZE, heads: 3, tiedEmbeddings: false }),
  'grouped queries': modelFromWidth(16, { ...SIZE, heads: 4, keyValueHeads: 2, layers: 3 }),
  'one key-value head, odd feed-forward width': modelFromWidth(16, {
    ...SIZE,
    heads: 4,
    keyValueHeads: 1,
    feedForwardWidth: 13,
    layers: 1,
  }),
};
const ENGINES: Record<string, () => Engine> = {
  onnx: createOnnxEngine,
  eager: () => createEagerEngine('cpu'),
};
const CASES = Object.keys(MODELS).flatMap((model) =>
  Object.keys(ENGINES).map((engine) => [model, engine] as const),
);

/** Nothing clipped, nothing decayed: the first moment after one step is (1 − β1) times the mean loss's gradient. */
const PLAIN = { beta1: 0.75, beta2: 0.95, epsilon: 1e-8, weightDecay: 0, clipNorm: 1e9 };

/** Parameters far from their usual values, gains included, so that no factor is 1 or small by accident. */
function parametersOf(spec: ModelSpec): Record<string, Float32Array> {
  const parameters = initialParameters(spec, 3);
  const random = makeRandom('parameters of the reference test');
  for (const values of Object.values(parameters)) {
    for (let i = 0; i < values.length; i++) values[i]! += 0.3 * random.normal();
  }
  return parameters;
}

function tokensOf(spec: ModelSpec, sequences: number): Int32Array {
  const random = makeRandom('tokens of the reference test');
  return Int32Array.from({ length: sequences * (spec.contextLength + 1) }, () =>
    random.integer(spec.vocabularySize),
  );
}

function rowsOf(spec: ModelSpec, tokens: Int32Array): Int32Array[] {
  const side = spec.contextLength + 1;
  return Array.from({ length: tokens.length / side }, (_, row) => tokens.slice(row * side, (row + 1) * side));
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, value) => total + value, 0);

async function sequenceLosses(
  engine: Engine,
  spec: ModelSpec,
  state: Arrays,
  tokens: Int32Array,
): Promise<number[]> {
  const evaluationBatch = tokens.length / (spec.contextLength + 1);
  const definition = sessionDefinition(spec, PLAIN, { trainBatch: 1, evaluationBatch });
  const session = await engine.open({
    ...definition,
    functions: { evaluate: definition.functions.evaluate },
  });
  await session.writeState(state);
  const { sequenceLoss } = await session.call('evaluate', { tokens });
  await session.close();
  return [...sequenceLoss!];
}

describe('losses are those of a plain float64 Llama', () => {
  test.each(CASES)('%s, %s', async (modelName, engineName) => {
    const spec = MODELS[modelName]!;
    const parameters = parametersOf(spec);
    const tokens = tokensOf(spec, 4);
    const measured = await sequenceLosses(ENGINES[engineName]!(), spec, parameters, tokens);
    rowsOf(spec, tokens).forEach((row, i) => {
      expect(measured[i]! / sum(referenceLosses(spec, parameters, row))).toBeCloseTo(1, 5);
    });
  });
});

describe('gradients are the finite differences of the reference', () => {
  test.each(CASES)('%s, %s', async (modelName, engineName) => {
    const spec = MODELS[modelName]!;
    const parameters = parametersOf(spec);
    const tokens = tokensOf(spec, 2);
    const session = await ENGINES[engineName]!().open(
      sessionDefinition(spec, PLAIN, { trainBatch: 2, evaluationBatch: 1 }),
    );
    await session.writeState({ ...parameters, ...zeroMoments(spec) });
    const { loss, gradientNorm } = await session.call('train', {
      tokens,
      learningRate: Float32Array.of(1e-3),
      step: Float32Array.of(1),
    });
    const state = await session.readState();
    await session.close();

    const exact = Object.fromEntries(
      Object.entries(parameters).map(([name, values]) => [name, Float64Array.from(values)]),
    );
    const rows = rowsOf(spec, tokens);
    const meanLoss = (): number => {
      const losses = rows.flatMap((row) => referenceLosses(spec, exact, row));
      return sum(losses) / losses.length;
    };
    expect(loss![0]).toBeCloseTo(meanLoss(), 5);

    const random = makeRandom('elements to check');
    let squares = 0;
    for (const name of Object.keys(parameterSpecs(spec))) {
      const gradient = state[firstMomentName(name)]!.map((m) => m / (1 - PLAIN.beta1));
      squares += sum([...gradient].map((g) => g * g));
      for (let check = 0; check < 3; check++) {
        const i = random.integer(gradient.length);
        const values = exact[name]!;
        const kept = values[i]!;
        const nudge = 1e-5;
        values[i] = kept + nudge;
        const above = meanLoss();
        values[i] = kept - nudge;
        const below = meanLoss();
        values[i] = kept;
        const difference = (above - below) / (2 * nudge);
        expect(Math.abs(gradient[i]! - difference), `${name}[${i}]`).toBeLessThan(
          1e-5 + 1e-4 * Math.abs(difference),
        );
      }
    }
    expect(gradientNorm![0]! / Math.sqrt(squares)).toBeCloseTo(1, 5);
  });
});

describe('causality', () => {
  test.each(Object.keys(ENGINES))('%s: a token changes no loss before it', async (engineName) => {
    const spec = MODELS['grouped queries']!;
    const parameters = parametersOf(spec);
    const { contextLength, vocabularySize } = spec;
    const original = rowsOf(spec, tokensOf(spec, 1))[0]!;
    // Row k agrees with the original up to position k and differs at every position after it.
    const rows = [...original.keys()].map((k) =>
      original.map((token, t) => (t <= k ? token : (token + 5) % vocabularySize)),
    );
    const { state } = sessionDefinition(spec, PLAIN, { trainBatch: 1, evaluationBatch: 1 });
    const session = await ENGINES[engineName]!().open({
      state,
      functions: {
        losses: {
          feeds: { tokens: { shape: [1, contextLength + 1], dtype: 'int32' } },
          reads: Object.keys(parameters),
          compute: (read, { tokens }) => ({
            outputs: { each: tokenLosses(spec, read, tokens as tf.Tensor2D) },
          }),
        },
      },
    });
    await session.writeState(parameters);
    // One by one: in other rows of a batch the last bit may differ.
    const losses: number[][] = [];
    for (const tokens of rows) losses.push([...(await session.call('losses', { tokens })).each!]);
    await session.close();

    const whole = losses[contextLength]!;
    for (let k = 0; k < contextLength; k++) {
      const changed = losses[k]!;
      // Losses of the targets at positions 1 … k, to the last bit; all later ones must have moved.
      expect(changed.slice(0, k)).toEqual(whole.slice(0, k));
      for (let t = k; t < contextLength; t++) expect(changed[t]).not.toBe(whole[t]);
    }
  });
});
