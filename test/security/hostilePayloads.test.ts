import { afterEach, describe, expect, it } from 'vitest';
import { UnrecoverableJobError } from '../../src/queue/types.ts';
import { NUMERICS_VERSION } from '../../src/training/runSpec.ts';
import { parseRunJob } from '../../src/worker/job.ts';
import { tinySpec } from '../training/tinySpec.ts';
import { cptSpec, goodJob, HASH, jobWith, refusalOf } from './payloads.ts';

const OTHER_NUMERICS = [
  NUMERICS_VERSION - 1,
  NUMERICS_VERSION + 1,
  `${NUMERICS_VERSION}`,
  0,
  999,
  -1,
  1.5,
  null,
  [1],
];

const prototypeKeys = Reflect.ownKeys(Object.prototype).length;
afterEach(() => {
  expect(Reflect.ownKeys(Object.prototype)).toHaveLength(prototypeKeys);
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
});

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
    ['precision', ['spec', 'precision'], ['auto', 'float64', 'half', '', null, 16]],
    ['moments', ['spec', 'moments'], ['drop', '', null]],
    ['numerics version', ['spec', 'numericsVersion'], OTHER_NUMERICS],
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
