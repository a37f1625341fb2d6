import { describe, expect, it } from 'vitest';
import { type RunSpec, runSpecSchema } from '../../src/training/runSpec.ts';
import type { RunJob } from '../../src/worker/job.ts';
import { tinySpec } from '../training/tinySpec.ts';
import { cptSpec, cpuMs, goodJob, HASH, LIMIT_MS, refusalOf } from './payloads.ts';

describe('a spec that validates but cannot be meant', () => {
  const model = (changed: Partial<RunSpec['model']>) => ({ model: { ...tinySpec().model, ...changed } });
  const corpus = (changed: Partial<RunSpec['general']>) => ({ ...tinySpec().general, ...changed });
  const optimizer = (changed: Partial<RunSpec['optimizer']>) => ({
    optimizer: { ...tinySpec().optimizer, ...changed },
  });

  const step = 4096 * 16;
  const longStep = { batchSequences: 4096, tokens: step, evaluationTokens: [0, step] };

  it('the specs that these are made from can be meant', () => {
    for (const changed of [{}, longStep, { precision: 'float16' }])
      expect(runSpecSchema.safeParse({ ...tinySpec(), ...changed }).success).toBe(true);
  });

  it.each<[string, Partial<RunSpec>]>([
    ['a width that no machine holds', model({ width: 1e9 })],
    ['a width that is no multiple of 8', model({ width: 12 })],
    ['layers without end', model({ layers: 1e9 })],
    ['heads that do not share the width', model({ width: 16, heads: 3, keyValueHeads: 3 })],
    ['heads of an odd size', model({ width: 8, heads: 8, keyValueHeads: 8 })],
    ['key-value heads that do not divide the heads', model({ width: 32, heads: 4, keyValueHeads: 3 })],
    ['a vocabulary that no tokenizer has', model({ vocabularySize: 1e12 })],
    ['an endless feed-forward width', model({ feedForwardWidth: 1e12 })],
    ['an endless context', { ...model({ contextLength: 1e9 }), tokens: 4e9, evaluationTokens: [0, 4e9] }],
    [
      'a context in which nothing can be predicted',
      { ...model({ contextLength: 1 }), tokens: 1280, evaluationTokens: [0, 1280] },
    ],
    [
      'sizes that are each possible and together are not',
      model({ width: 65_536, layers: 1024, heads: 1024, keyValueHeads: 1024, feedForwardWidth: 262_144 }),
    ],
    ['an absurd rotary base', model({ ropeTheta: 1e300 })],
    ['an epsilon that hides every activation', model({ normEpsilon: 1e300 })],
    [
      'an endless batch',
      { batchSequences: 1e12, tokens: 16e12, evaluationTokens: [0, 16e12], warmupTokens: 0 },
    ],
    ['tokens for the age of the universe', { tokens: 2 ** 53 - 64, evaluationTokens: [0, 2 ** 53 - 64] }],
    ['tokens that end inside a batch', { tokens: 1281, evaluationTokens: [0, 1281] }],
    ['an evaluation inside a batch', { evaluationTokens: [0, 641, 1280] }],
    ['evaluations out of order', { evaluationTokens: [0, 1280, 640] }],
    ['an evaluation twice', { evaluationTokens: [0, 640, 640, 1280] }],
    ['evaluations that do not begin at 0', { evaluationTokens: [64, 1280] }],
    ['evaluations that stop before the end', { evaluationTokens: [0, 640] }],
    ['evaluations beyond the end', { evaluationTokens: [0, 1280, 12_800] }],
    [
      'ten million evaluations',
      { tokens: 64e7, evaluationTokens: Array.from({ length: 1e7 + 1 }, (_, at) => at * 64) },
    ],
    [
      'twenty thousand evaluations',
      { tokens: 64 * 20_000, evaluationTokens: Array.from({ length: 20_001 }, (_, at) => at * 64) },
    ],
    ['a warm-up longer than the run', { warmupTokens: 1281 }],
    ['float16 by an engine that has none', { engine: 'tensorflow', precision: 'float16' }],
    ['float16 with sums that could leave it', { ...longStep, precision: 'float16' }],
    ['an absurd learning rate', { learningRate: 1e300 }],
    ['a learning rate that is 0 in the arithmetic of the engine', { learningRate: 1e-320 }],
    ['an epsilon that is 0 there', optimizer({ epsilon: 1e-320 })],
    ['a clip that is infinite there', optimizer({ clipNorm: 1e300 })],
    ['a decay that turns the weights over', optimizer({ weightDecay: 1e300 })],
    ['a base run on domain text', { domainRatio: 0.5 }],
    ['an endless validation set', { general: corpus({ validationTokens: 2 ** 52 }) }],
    ['half a validation window', { general: corpus({ validationTokens: 17 }) }],
    ['a corpus named by a path', { general: corpus({ name: '../../etc' }) }],
    ['a corpus named by an escape sequence', { general: corpus({ name: '\u001b[31m' }) }],
    ['a corpus with a long name', { general: corpus({ name: 'x'.repeat(1000) }) }],
    ['another general corpus', { general: corpus({ name: 'law' }) }],
    [
      'a domain that is the general corpus',
      { ...cptSpec(), domain: { ...tinySpec().general, name: 'general' } },
    ],
  ])('%s', (_, changed) => {
    let taken = true;
    const ms = cpuMs(() => {
      taken = runSpecSchema.safeParse({ ...tinySpec(), ...changed }).success;
    });
    expect(taken).toBe(false);
    expect(ms).toBeLessThan(LIMIT_MS);
  });

  it.each<[string, Partial<RunJob>]>([
    ['a base run with a checkpoint to continue', { parentCheckpoint: HASH }],
    ['a CPT run with none', { ...goodJob(cptSpec()), parentCheckpoint: null }],
    ['no memory at all', { memoryBytes: 0 }],
    ['shards of another run', { shards: { ['9'.repeat(64)]: HASH } }],
  ])('a job with %s', (_, changed) => {
    refusalOf({ ...goodJob(), ...changed });
  });

  it.each<[string, Partial<RunSpec>]>([
    [
      'the largest published here',
      {
        batchSequences: 64,
        model: {
          vocabularySize: 151_936,
          contextLength: 2048,
          width: 2560,
          layers: 40,
          heads: 20,
          keyValueHeads: 20,
          feedForwardWidth: 6912,
          tiedEmbeddings: false,
          ropeTheta: 1_000_000,
          normEpsilon: 1e-6,
        },
        general: corpus({ validationTokens: 2048 * 490 }),
        tokens: 79_953_920_000,
        evaluationTokens: [0, 131_072_000, 79_953_920_000],
        warmupTokens: 131_072_000,
        learningRate: 3e-4,
      },
    ],
    [
      'the smallest that trains',
      {
        ...model({ contextLength: 2, width: 8, layers: 1, heads: 1, keyValueHeads: 1, feedForwardWidth: 1 }),
        general: corpus({ validationTokens: 4096 }),
        batchSequences: 1,
        tokens: 2,
        evaluationTokens: [0, 2],
        warmupTokens: 0,
      },
    ],
    [
      'as many evaluations as a config may ask for',
      {
        tokens: 64 * 10_000,
        evaluationTokens: Array.from({ length: 10_001 }, (_, at) => at * 64),
      },
    ],
  ])('but %s is taken', (_, changed) => {
    expect(runSpecSchema.safeParse({ ...tinySpec(), ...changed }).error).toBeUndefined();
  });
});
