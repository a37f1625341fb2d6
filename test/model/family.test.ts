import { describe, expect, test } from 'vitest';
import { UserError } from '../../src/common/errors.ts';
import {
  countParameters,
  flopsPerToken,
  learningRateForWidth,
  modelFromWidth,
  parameterSpecs,
} from '../../src/model/family.ts';
import { initialParameters } from '../../src/model/initialise.ts';
import { initialState, sessionDefinition, zeroMoments } from '../../src/model/session.ts';

const SIZE = { vocabularySize: 260, contextLength: 128 };

describe('modelFromWidth', () => {
  test('the rules at several widths', () => {
    const row = (width: number): number[] => {
      const { layers, heads, keyValueHeads, feedForwardWidth } = modelFromWidth(width, SIZE);
      return [layers, heads, keyValueHeads, feedForwardWidth];
    };
    expect(row(8)).toEqual([2, 1, 1, 24]);
    expect(row(40)).toEqual([2, 1, 1, 104]);
    expect(row(64)).toEqual([2, 2, 2, 168]);
    expect(row(88)).toEqual([3, 2, 2, 232]);
    expect(row(128)).toEqual([4, 4, 4, 344]);
    expect(row(256)).toEqual([8, 8, 8, 680]);
  });

  test('every multiple of 8 gives a model that fits together, and more parameters than the one before', () => {
    let before = 0;
    for (let width = 8; width <= 512; width += 8) {
      const spec = modelFromWidth(width, SIZE);
      expect((spec.width / spec.heads) % 2).toBe(0);
      const { nonEmbedding } = countParameters(spec);
      expect(nonEmbedding).toBeGreaterThan(before);
      before = nonEmbedding;
    }
  });

  test('options override the rules', () => {
    const options = {
      ...SIZE,
      layers: 5,
      heads: 8,
      keyValueHeads: 2,
      feedForwardWidth: 100,
      tiedEmbeddings: false,
    };
    expect(modelFromWidth(64, options)).toMatchObject({
      width: 64,
      layers: 5,
      heads: 8,
      keyValueHeads: 2,
      feedForwardWidth: 100,
      tiedEmbeddings: false,
    });
  });

  test.each([
    [20, {}, /width 20 is not a multiple of 8/],
    [64, { heads: 3 }, /64 cannot be shared by 3 heads/],
    [24, { heads: 8 }, /24 cannot be shared by 8 heads of an even size/],
    [64, { heads: 4, keyValueHeads: 3 }, /3 key-value heads do not divide 4/],
    [64, { layers: 0 }, /layers is 0/],
    [64, { vocabularySize: 2.5 }, /vocabularySize is 2.5/],
    [-8, {}, /width is -8/],
  ])('width %d with %o is refused', (width, options, message) => {
    const attempt = (): unknown => modelFromWidth(width, { ...SIZE, ...options });
    expect(attempt).toThrow(UserError);
    expect(attempt).toThrow(message);
  });
});

describe('counts', () => {
  // Worked out by hand for width 8, feed-forward 24, 2 layers, vocabulary 260:
  // a layer has 4 · 8² + 3 · 8 · 24 = 832 in matrices and 2 · 8 in gains; one more gain at the end.
  const tied = modelFromWidth(8, SIZE);
  const untied = modelFromWidth(8, { ...SIZE, tiedEmbeddings: false });

  test('parameters', () => {
    expect(countParameters(tied)).toEqual({ total: 1704 + 2080, nonEmbedding: 1704 });
    expect(countParameters(untied)).toEqual({ total: 1704 + 2 * 2080, nonEmbedding: 1704 });
  });

  test('grouped queries make key and value matrices smaller', () => {
    const specs = parameterSpecs(modelFromWidth(64, { ...SIZE, heads: 4, keyValueHeads: 2 }));
    expect(specs['model.layers.1.self_attn.q_proj.weight']!.shape).toEqual([64, 64]);
    expect(specs['model.layers.1.self_attn.k_proj.weight']!.shape).toEqual([32, 64]);
    expect(specs['model.layers.1.self_attn.v_proj.weight']!.shape).toEqual([32, 64]);
  });

  test("names are those of Hugging Face's LlamaForCausalLM, and only gains do not decay", () => {
    const names = Object.keys(parameterSpecs(untied));
    expect(names.filter((name) => name.startsWith('model.layers.0.')).sort()).toEqual([
      'model.layers.0.input_layernorm.weight',
      'model.layers.0.mlp.down_proj.weight',
      'model.layers.0.mlp.gate_proj.weight',
      'model.layers.0.mlp.up_proj.weight',
      'model.layers.0.post_attention_layernorm.weight',
      'model.layers.0.self_attn.k_proj.weight',
      'model.layers.0.self_attn.o_proj.weight',
      'model.layers.0.self_attn.q_proj.weight',
      'model.layers.0.self_attn.v_proj.weight',
    ]);
    expect(names.filter((name) => !name.startsWith('model.layers.')).sort()).toEqual([
      'lm_head.weight',
      'model.embed_tokens.weight',
      'model.norm.weight',
    ]);
    expect(Object.keys(parameterSpecs(tied))).not.toContain('lm_head.weight');
    for (const [name, { shape, decay }] of Object.entries(parameterSpecs(untied))) {
      expect(decay, name).toBe(shape.length === 2);
    }
  });

  test('FLOPs per token: 6 · (2 · 832 + 260 · 8) for the matrices, 12 · 2 · 128 · 8 for attention', () => {
    expect(flopsPerToken(tied)).toBe(6 * (1664 + 2080) + 24_576);
    expect(flopsPerToken(untied)).toBe(flopsPerToken(tied));
  });
});

test('learning rate follows width', () => {
  const rule = { referenceWidth: 64, referenceLearningRate: 0.004, exponent: 1 };
  expect(learningRateForWidth(64, rule)).toBe(0.004);
  expect(learningRateForWidth(128, rule)).toBe(0.002);
  expect(learningRateForWidth(256, { ...rule, exponent: 0.5 })).toBeCloseTo(0.002, 12);
  expect(learningRateForWidth(16, { ...rule, exponent: 0 })).toBe(0.004);
});

describe('initial parameters', () => {
  const spec = modelFromWidth(64, SIZE);
  const deviation = (values: Float32Array): number => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
  };

  test('the same seed gives the same bits, another seed others', () => {
    expect(initialParameters(spec, 7)).toEqual(initialParameters(spec, 7));
    const [one, other] = [initialParameters(spec, 7), initialParameters(spec, 8)];
    expect(one['model.embed_tokens.weight']).not.toEqual(other['model.embed_tokens.weight']);
  });

  test('no two parameters share numbers', () => {
    const parameters = initialParameters(spec, 7);
    expect(parameters['model.layers.0.self_attn.q_proj.weight']).not.toEqual(
      parameters['model.layers.1.self_attn.q_proj.weight'],
    );
  });

  test('shapes, gains and deviations', () => {
    const parameters = initialParameters(spec, 7);
    for (const [name, { shape }] of Object.entries(parameterSpecs(spec))) {
      expect(parameters[name]!.length, name).toBe(shape.reduce((product, side) => product * side, 1));
    }
    expect(new Set(parameters['model.norm.weight'])).toEqual(new Set([1]));
    expect(deviation(parameters['model.embed_tokens.weight']!)).toBeCloseTo(0.02, 3);
    expect(deviation(parameters['model.layers.0.self_attn.q_proj.weight']!)).toBeCloseTo(1 / 8, 2);
    // Two layers write twice each to the residual stream: divided by √4.
    expect(deviation(parameters['model.layers.0.self_attn.o_proj.weight']!)).toBeCloseTo(1 / 16, 2);
    expect(deviation(parameters['model.layers.1.mlp.down_proj.weight']!)).toBeCloseTo(
      1 / Math.sqrt(168) / 2,
      2,
    );
  });

  test('the whole state is what a session holds', () => {
    const optimizer = { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1, clipNorm: 1 };
    const definition = sessionDefinition(spec, optimizer, { trainBatch: 2, evaluationBatch: 3 });
    const state = initialState(spec, 7);
    expect(Object.keys(state).sort()).toEqual(Object.keys(definition.state).sort());
    for (const [name, { shape }] of Object.entries(definition.state)) {
      expect(state[name]!.length, name).toBe(shape.reduce((product, side) => product * side, 1));
    }
    expect(Object.values(zeroMoments(spec)).every((values) => values.every((value) => value === 0))).toBe(
      true,
    );
    expect(definition.functions.train.feeds.tokens).toEqual({ shape: [2, 129], dtype: 'int32' });
    expect(definition.functions.evaluate.feeds.tokens).toEqual({ shape: [3, 129], dtype: 'int32' });
  });
});
