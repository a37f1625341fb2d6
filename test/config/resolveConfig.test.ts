import { describe, expect, it } from 'vitest';
import { parseConfigFile } from '../../src/config/parseConfigFile.ts';
import { resolveConfig } from '../../src/config/resolveConfig.ts';
import { resolvedConfigYaml } from '../../src/config/resolvedConfigYaml.ts';
import { treeOf } from '../../src/config/tree.ts';
import { LEAST, resolveText } from './examples.ts';

describe('resolveConfig', () => {
  it('fills every default', () => {
    const { config, notes } = resolveText(LEAST);
    expect(notes).toEqual([]);
    expect(config).toEqual({
      name: 'demo',
      seeds: [1],
      tokenizer: 'bytes',
      corpora: {
        general: { source: { demo: 'prose', bytes: 8_000_000, seed: 1 } },
        domains: {
          math: {
            source: { demo: 'mathematics', bytes: 6_000_000, seed: 1 },
            target: { modelSize: 'largest', tokens: 614_400, tolerance: 0.03 },
          },
        },
        validationTokens: 'auto',
        maxOverlapShare: 0.05,
        dropNearDuplicates: false,
      },
      models: {
        contextLength: 128,
        sizes: [{ width: 16 }, { width: 32 }],
        tiedEmbeddings: true,
        ropeTheta: 10_000,
        normEpsilon: 1e-5,
      },
      training: {
        batchSequences: 8,
        precision: 'float32',
        baseTokens: 1_024_000,
        cptTokens: 614_400,
        baseWarmupTokens: 51_200,
        cptWarmupTokens: 30_720,
        learningRate: { referenceLearningRate: 2e-3, referenceWidth: 64, exponent: 0.5 },
        cptLearningRateScale: 1,
        moments: 'reset',
        optimizer: { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1, clipNorm: 1 },
      },
      mixture: { ratios: [0, 0.1, 0.2, 0.33, 0.5, 0.67, 0.8, 0.9, 1] },
      evaluation: { points: 13, firstTokens: 30_720 },
      law: { form: 'L3', constraint: 'none', huberDelta: 1e-3, resamples: 200, intervalLevel: 0.9 },
      target: { modelSize: 'largest', tokens: 614_400, tolerance: 0.03 },
      run: {
        engine: 'auto',
        trainers: 'auto',
        population: 'auto',
        checkpointSeconds: 20,
        keepCheckpoints: 'base',
      },
    });
  });

  it('gives the same config again when it reads its own YAML, or its own JSON', () => {
    const { config } = resolveText(
      LEAST,
      [
        'mixture={sample: sobol, count: 7, seed: 5}',
        'models.sizes=[16, {width: 48, heads: 6, keyValueHeads: 2}]',
        'corpora.domains.law={source: {text: "a/**/*.txt", exclude: "a/b/*", maxBytes: 5000}, target: {tolerance: 0.01}}',
        'corpora.general.source={jsonl: [a.jsonl, "b c: #1.jsonl"], field: content}',
        'tokenizer.file=t.json',
        'run.population=off',
        'training.cptWarmupTokens=0',
        'corpora.validationTokens=40000',
        'training.precision=float16',
      ].map((override) => (override.startsWith('tokenizer') ? 'tokenizer={file: t.json}' : override)),
    );
    const again = resolveConfig(parseConfigFile(resolvedConfigYaml(config), 'saved.yaml'));
    expect(again).toEqual({ config, notes: [] });
    expect(resolveConfig(treeOf(JSON.parse(JSON.stringify(config)), 'saved')).config).toEqual(config);
  });

  it('takes float32 unless float16 is asked for', () => {
    const precisionOf = (...overrides: string[]) => resolveText(LEAST, overrides).config.training.precision;
    expect(precisionOf('training.precision=auto')).toBe('float32');
    expect(precisionOf('training.precision=float32', 'run.engine=tensorflow')).toBe('float32');
    expect(precisionOf('training.precision=float16')).toBe('float16');
    expect(precisionOf('training.precision=float16', 'run.engine=onnx')).toBe('float16');
    expect(precisionOf('training.precision=float16', 'training.batchSequences=256')).toBe('float16');
  });

  it('rounds tokens up to whole steps, and says so', () => {
    const { config, notes } = resolveText(LEAST, ['training.baseTokens=1', 'training.cptTokens=614401']);
    expect(config.training.baseTokens).toBe(1024);
    expect(config.training.cptTokens).toBe(615_424);
    expect(notes).toEqual([
      'training.baseTokens: 1 tokens are rounded up to 1024, whole steps of 1024 tokens',
      'training.cptTokens: 614401 tokens are rounded up to 615424, whole steps of 1024 tokens',
    ]);
  });

  it('gives each domain its own target over the common one, and says what extrapolates', () => {
    const { config, notes } = resolveText(LEAST, [
      'corpora.domains.law={source: {jsonl: law.jsonl}, target: {tokens: 2_000_000, tolerance: 0.01}}',
      'target.tolerance=0.05',
    ]);
    expect(config.corpora.domains.math!.target).toEqual({
      modelSize: 'largest',
      tokens: 614_400,
      tolerance: 0.05,
    });
    expect(config.corpora.domains.law!.target).toEqual({
      modelSize: 'largest',
      tokens: 2_000_000,
      tolerance: 0.01,
    });
    expect(Object.keys(config.corpora.domains)).toEqual(['math', 'law']);
    expect(notes).toEqual([
      'law: the target of 2000000 tokens is 3.26 times what any run trains; the answer extrapolates',
    ]);
  });

  it('places the first evaluation after the warm-up, and no earlier than a 32nd of the run', () => {
    const first = (...overrides: string[]) => resolveText(LEAST, overrides).config.evaluation.firstTokens;
    expect(first('training.cptWarmupTokens=100_001')).toBe(100_352);
    expect(first('training.cptWarmupTokens=0')).toBe(19_456);
    expect(first('evaluation.firstTokens=5000')).toBe(5120);
  });
});
