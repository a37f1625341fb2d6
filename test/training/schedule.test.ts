import { describe, expect, it } from 'vitest';
import { divergenceWatch } from '../../src/training/divergence.ts';
import { runId } from '../../src/training/runSpec.ts';
import { evaluationSequences, learningRateAt } from '../../src/training/schedule.ts';
import { tinySpec } from './tinySpec.ts';

describe('learningRateAt', () => {
  const spec = { ...tinySpec(), warmupTokens: 640, learningRate: 0.01 };

  it('rises linearly over the warm-up and is constant afterwards', () => {
    expect(learningRateAt(spec, 0)).toBeCloseTo(0.001, 12);
    expect(learningRateAt(spec, 64)).toBeCloseTo(0.002, 12);
    expect(learningRateAt(spec, 576)).toBe(0.01);
    expect(learningRateAt(spec, 64_000)).toBe(0.01);
  });

  it('is constant from the first step without warm-up', () => {
    expect(learningRateAt({ ...spec, warmupTokens: 0 }, 0)).toBe(0.01);
  });
});

describe('evaluationSequences', () => {
  it('keeps a call near 4,096 tokens, and never below one sequence', () => {
    expect(evaluationSequences(128)).toBe(16);
    expect(evaluationSequences(8192)).toBe(1);
  });
});

describe('divergenceWatch', () => {
  it('accepts ordinary losses, also a single bad batch', () => {
    const watch = divergenceWatch(256);
    for (let step = 0; step < 100; step++) expect(watch(step === 50 ? 20 : 3, 1)).toBeUndefined();
  });

  it('reports what is not finite at once', () => {
    expect(divergenceWatch(256)(Number.NaN, 1)).toMatch(/training loss became NaN/);
    expect(divergenceWatch(256)(3, Number.POSITIVE_INFINITY)).toMatch(/gradient norm became Infinity/);
  });

  it('reports an explosion that lasts ten steps', () => {
    const watch = divergenceWatch(256);
    const reasons = Array.from({ length: 10 }, () => watch(12, 1));
    expect(reasons.slice(0, 9)).toEqual(Array(9).fill(undefined));
    expect(reasons[9]).toMatch(/above 11\.09 nats/);
  });
});

describe('runId', () => {
  it('does not depend on the order of keys', () => {
    const spec = tinySpec();
    const reversed = Object.fromEntries(Object.entries(spec).reverse()) as typeof spec;
    expect(runId(reversed)).toBe(runId(spec));
  });

  it('changes with every single field', () => {
    const spec = tinySpec();
    const changed = [
      { ...spec, seed: 2 },
      { ...spec, precision: 'float16' as const },
      { ...spec, tokens: spec.tokens + 64 },
      { ...spec, learningRate: spec.learningRate * 1.0000001 },
      { ...spec, model: { ...spec.model, width: 16 } },
      { ...spec, optimizer: { ...spec.optimizer, beta2: 0.96 } },
      { ...spec, general: { ...spec.general, trainShard: 'f'.repeat(64) } },
    ];
    expect(new Set([spec, ...changed].map(runId)).size).toBe(changed.length + 1);
  });
});
