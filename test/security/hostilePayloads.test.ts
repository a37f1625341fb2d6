import { afterEach, describe, expect, it } from 'vitest';
import { UnrecoverableJobError } from '../../src/queue/types.ts';
import { type RunSpec, runSpecSchema } from '../../src/training/runSpec.ts';
import { parseRunJob, type RunJob } from '../../src/worker/job.ts';
import { tinySpec } from '../training/tinySpec.ts';

/** Of the processor's time: what a worker spends at most on a job that is none. */
const LIMIT_MS = 1000;
/** What is refused is kept in Redis and shown on terminals. */
const LONGEST_REASON = 2000;
const HASH = 'a'.repeat(64);

const prototypeKeys = Reflect.ownKeys(Object.prototype).length;
afterEach(() => {
  expect(Reflect.ownKeys(Object.prototype)).toHaveLength(prototypeKeys);
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
});

function cptSpec(): RunSpec {
  return {
    ...tinySpec(),
    kind: 'cpt',
    parent: 'd'.repeat(64),
    domain: { ...tinySpec().general, name: 'law' },
    domainRatio: 0.5,
  };
}

function goodJob(spec: RunSpec = tinySpec()): RunJob {
  return {
    spec,
    label: '6.1k law r=0.5',
    parentCheckpoint: spec.kind === 'cpt' ? 'e'.repeat(64) : null,
    shards: { [spec.general.trainShard]: HASH },
    resume: null,
    memoryBytes: 4e8,
    keepCheckpoint: false,
    checkpointSeconds: 20,
  };
}

/** As it comes out of Redis: JSON text, in which `at` (a path of keys) has been replaced. */
function jobWith(at: readonly string[], value: unknown, job: RunJob = goodJob(cptSpec())): unknown {
  const copy = structuredClone(job) as unknown as Record<string, unknown>;
  const last = at.at(-1)!;
  let place = copy;
  for (const key of at.slice(0, -1)) place = place[key] as Record<string, unknown>;
  place[last] = value;
  return copy;
}

function cpuMs(work: () => void): number {
  const began = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1000;
}

/** The sentence with which it is refused; fails when it is taken, refused otherwise, or refused late. */
function refusalOf(data: unknown): string {
  let refusal: unknown;
  const ms = cpuMs(() => {
    try {
      parseRunJob(data);
    } catch (error) {
      refusal = error;
    }
  });
  expect(ms).toBeLessThan(LIMIT_MS);
  expect(refusal).toBeInstanceOf(UnrecoverableJobError);
  const { message } = refusal as Error;
  expect(message.length).toBeLessThan(LONGEST_REASON);
  // An escape sequence would rewrite the terminal of whoever reads the log, a new line would forge one of its lines.
  expect(message).not.toMatch(/\p{Cc}/u);
  return message;
}

const nested = (depth: number, open = '[', close = ']'): unknown =>
  JSON.parse(`${open.repeat(depth)}1${close.repeat(depth)}`);

it.each([
  ['a base run', goodJob()],
  ['a CPT run', goodJob(cptSpec())],
  ['a run that was begun elsewhere', { ...goodJob(), resume: HASH }],
])('%s is taken as it is', (_, job) => {
  expect(parseRunJob(JSON.parse(JSON.stringify(job)))).toEqual(job);
});

describe('a payload that is not a hash where a hash belongs', () => {
  const places = [
    ['parentCheckpoint'],
    ['resume'],
    ['spec', 'parent'],
    ['spec', 'tokenizerHash'],
    ['spec', 'general', 'trainShard'],
    ['spec', 'general', 'validationShard'],
    ['spec', 'domain', 'trainShard'],
    ['spec', 'domain', 'validationShard'],
    ['shards', HASH],
  ];
  const names = [
    '../../../../etc/passwd',
    '..',
    '/etc/shadow',
    '..\\..\\windows\\system32',
    '%2e%2e%2f%2e%2e%2f',
    `../${'a'.repeat(61)}`,
    `${'a'.repeat(63)}/`,
    `${HASH}\n`,
    `${HASH}\0`,
    `${HASH}/../x`,
    'A'.repeat(64),
    'ａ'.repeat(64),
    `file:///${'a'.repeat(56)}`,
    '$(reboot)',
    '',
    ' ',
    'a'.repeat(200_000),
    0,
    true,
    [HASH],
    { toString: HASH },
  ];
  it.each(places.map((place) => [place.join('.'), place] as const))('%s', (_, place) => {
    for (const name of names) refusalOf(jobWith(place, name));
  });

  it('as the name of a shard', () => {
    for (const name of names.filter((each) => typeof each === 'string')) {
      refusalOf({ ...goodJob(), shards: { [name]: HASH } });
    }
  });
});

describe('keys that reach into JavaScript', () => {
  const text = JSON.stringify(goodJob(cptSpec()));
  const places = ['{', '"spec":{', '"model":{', '"general":{', '"domain":{', '"optimizer":{'];
  const keys = [
    '"__proto__":{"polluted":1}',
    '"__proto__":null',
    '"__proto__":[1]',
    '"constructor":{"prototype":{"polluted":1}}',
    '"prototype":{"polluted":1}',
    '"toString":"x"',
    '"hasOwnProperty":1',
  ];
  it.each(places)('in %s', (place) => {
    for (const key of keys) refusalOf(JSON.parse(text.replace(place, `${place}${key},`)));
  });

  it('as names of shards are refused or left out', () => {
    for (const key of ['constructor', 'prototype', 'toString']) {
      refusalOf({ ...goodJob(), shards: { [key]: HASH } });
    }
    const odd = JSON.parse(text.replace('"shards":{', `"shards":{"__proto__":{"polluted":1},`));
    expect(Object.getOwnPropertyNames(odd.shards)).toContain('__proto__');
    try {
      expect(parseRunJob(odd)).toEqual(goodJob(cptSpec()));
    } catch (error) {
      expect(error).toBeInstanceOf(UnrecoverableJobError);
    }
  });

  it('a prototype with what the object lacks does not stand in for it', () => {
    refusalOf(JSON.parse(`{"__proto__":${text}}`));
  });
});

describe('more than a run', () => {
  it.each([
    ['a command', { command: 'curl http://127.0.0.1/x | sh' }],
    ['a path', { workFolder: '/etc', cacheFolder: '../..' }],
    ['an address', { artifactsUrl: 'http://169.254.169.254/latest/meta-data' }],
    ['an environment', { environment: { NODE_OPTIONS: '--require /tmp/x.js' } }],
    ['code', { handler: 'process.exit()' }],
  ])('%s beside it is refused, not ignored', (_, extra) => {
    const job = goodJob();
    refusalOf({ ...job, ...extra });
    refusalOf({ ...job, spec: { ...job.spec, ...extra } });
    refusalOf({ ...job, spec: { ...job.spec, model: { ...job.spec.model, ...extra } } });
    refusalOf({ ...job, spec: { ...job.spec, optimizer: { ...job.spec.optimizer, ...extra } } });
  });

  it.each([
    ['a path', '../../x'],
    ['markup', '<script>alert(1)</script>'],
    ['an escape sequence', '\u001b[2J'],
    ['a second line', 'a\nb'],
    ['a right-to-left mark', '\u202egnp.exe'],
    ['a long one', 'x'.repeat(101)],
    ['none', null],
  ])('a label that is %s', (_, label) => {
    refusalOf({ ...goodJob(), label });
  });
});

describe('too much', () => {
  const many = <T>(count: number, one: (at: number) => T): T[] =>
    Array.from({ length: count }, (_, at) => one(at));
  it.each<[string, () => unknown]>([
    ['a list of ten million tokens', () => jobWith(['spec', 'evaluationTokens'], new Array(1e7).fill(1))],
    ['a text of 50 MB', () => jobWith(['label'], 'x'.repeat(5e7))],
    ['a key of 5 MB', () => ({ ...goodJob(), ['k'.repeat(5e6)]: 1 })],
    ['a key of 100 kB', () => ({ ...goodJob(), ['k'.repeat(1e5)]: 1 })],
    [
      'ninety thousand keys',
      () => ({ ...goodJob(), ...Object.fromEntries(many(90_000, (at) => [`k${at}`, 1])) }),
    ],
    [
      'seven thousand shards',
      () => jobWith(['shards'], Object.fromEntries(many(7000, (at) => [`${at}`.padStart(64, '0'), HASH]))),
    ],
    [
      'a hundred thousand wrong numbers',
      () =>
        jobWith(
          ['spec', 'evaluationTokens'],
          many(100_000, () => 'a'),
        ),
    ],
    ['depth instead of a job', () => nested(100_000)],
    ['depth of mappings instead of a job', () => nested(50_000, '{"spec":', '}')],
    ['depth instead of a spec', () => jobWith(['spec'], nested(100_000))],
    ['depth instead of a hash', () => jobWith(['spec', 'parent'], nested(5000))],
    ['depth instead of a number', () => jobWith(['spec', 'evaluationTokens'], nested(100_000))],
    ['depth beside the run', () => ({ ...goodJob(), more: nested(100_000, '{"a":', '}') })],
  ])('%s', (_, make) => {
    refusalOf(make());
  });

  it('what a refused key says is not repeated to terminals', () => {
    refusalOf({ ...goodJob(), '\u001b[2J\u001b[31m\r\nerror: forged': 1 });
    refusalOf({ ...goodJob(), shards: { '\u001b[2J\n': HASH } });
  });
});

describe('other than a run', () => {
  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a number', 3],
    ['text', 'run'],
    ['JSON in text', JSON.stringify(goodJob())],
    ['a list', [goodJob()]],
    ['an empty mapping', {}],
    ['no spec', { ...goodJob(), spec: undefined }],
    ['a list for a spec', { ...goodJob(), spec: [] }],
  ])('%s', (_, data) => {
    refusalOf(data);
  });

  const wrong: readonly unknown[] = ['1', true, null, [], {}, [1], '0x10', '1e3'];
  const numbers = [
    ['memoryBytes'],
    ['checkpointSeconds'],
    ['spec', 'domainRatio'],
    ['spec', 'seed'],
    ['spec', 'batchSequences'],
    ['spec', 'tokens'],
    ['spec', 'warmupTokens'],
    ['spec', 'learningRate'],
    ['spec', 'model', 'vocabularySize'],
    ['spec', 'model', 'contextLength'],
    ['spec', 'model', 'width'],
    ['spec', 'model', 'layers'],
    ['spec', 'model', 'heads'],
    ['spec', 'model', 'keyValueHeads'],
    ['spec', 'model', 'feedForwardWidth'],
    ['spec', 'model', 'ropeTheta'],
    ['spec', 'model', 'normEpsilon'],
    ['spec', 'general', 'validationTokens'],
    ['spec', 'optimizer', 'beta1'],
    ['spec', 'optimizer', 'beta2'],
    ['spec', 'optimizer', 'epsilon'],
    ['spec', 'optimizer', 'weightDecay'],
    ['spec', 'optimizer', 'clipNorm'],
  ];
  it.each(numbers.map((place) => [place.join('.'), place] as const))('no number in %s', (_, place) => {
    // JSON has no Infinity, but reads 1e999 as one.
    for (const value of [...wrong, Number.NaN, -1, JSON.parse('1e999'), JSON.parse('-1e999')]) {
      refusalOf(jobWith(place, value));
    }
  });

  const counts = numbers.filter((place) =>
    /Sequences|okens|Size|Length|width|Width|ayers|eads|seed/.test(place.at(-1)!),
  );
  it.each(counts.map((place) => [place.join('.'), place] as const))('no exact count in %s', (_, place) => {
    for (const value of [0.5, 1.000001, 2 ** 53, 1e300]) refusalOf(jobWith(place, value));
  });

  it.each<[string, readonly string[], readonly unknown[]]>([
    ['kind', ['spec', 'kind'], ['fine-tune', 'BASE', '', 'base ', null, 'constructor', ['base']]],
    ['engine', ['spec', 'engine'], ['cuda', '../onnx', 'child_process', 'toString', '', null]],
    ['moments', ['spec', 'moments'], ['drop', '', null]],
    ['numerics version', ['spec', 'numericsVersion'], [0, 2, 999, '1', -1, 1.5, null, [1]]],
    ['flag', ['spec', 'model', 'tiedEmbeddings'], ['true', 1, 0, null, {}]],
    ['flag', ['keepCheckpoint'], ['false', 0, null]],
    [
      'list',
      ['spec', 'evaluationTokens'],
      ['0,1280', null, { length: 1e9 }, [], [0], [0, null], [0, [1280]]],
    ],
  ])('another %s', (_, place, values) => {
    for (const value of values) refusalOf(jobWith(place, value));
  });

  it('a base run with a parent or a domain, a CPT run without', () => {
    refusalOf(jobWith(['spec', 'parent'], HASH, goodJob()));
    refusalOf(jobWith(['spec', 'domain'], tinySpec().general, goodJob()));
    refusalOf(jobWith(['spec', 'parent'], null));
    refusalOf(jobWith(['spec', 'domain'], null));
  });
});

describe('a spec that validates but cannot be meant', () => {
  const model = (changed: Partial<RunSpec['model']>) => ({ model: { ...tinySpec().model, ...changed } });
  const corpus = (changed: Partial<RunSpec['general']>) => ({ ...tinySpec().general, ...changed });
  const optimizer = (changed: Partial<RunSpec['optimizer']>) => ({
    optimizer: { ...tinySpec().optimizer, ...changed },
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
        general: corpus({ validationTokens: 2048 * 489 }),
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
        general: corpus({ validationTokens: 2 }),
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
