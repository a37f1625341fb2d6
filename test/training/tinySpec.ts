import { NUMERICS_VERSION, type RunSpec } from '../../src/training/runSpec.ts';

/** A base run small enough for unit tests: 64 tokens a step. */
export function tinySpec(): RunSpec {
  return {
    numericsVersion: NUMERICS_VERSION,
    engine: 'onnx',
    precision: 'float32',
    kind: 'base',
    parent: null,
    model: {
      vocabularySize: 264,
      contextLength: 16,
      width: 8,
      layers: 1,
      heads: 1,
      keyValueHeads: 1,
      feedForwardWidth: 16,
      tiedEmbeddings: true,
      ropeTheta: 10_000,
      normEpsilon: 1e-5,
    },
    tokenizerHash: 'a'.repeat(64),
    general: {
      name: 'general',
      trainShard: 'b'.repeat(64),
      validationShard: 'c'.repeat(64),
      validationTokens: 16 * 256,
    },
    domain: null,
    domainRatio: 0,
    seed: 1,
    batchSequences: 4,
    tokens: 1280,
    evaluationTokens: [0, 640, 1280],
    warmupTokens: 128,
    learningRate: 0.01,
    moments: 'reset',
    optimizer: { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1, clipNorm: 1 },
  };
}
