import { describe, expect, it } from 'vitest';
import { parseConfigFile } from '../../src/config/parseConfigFile.ts';
import { FILE, LEAST, resolveText, userErrorOf } from './examples.ts';

/** LEAST with one line replaced: what a slip of the keyboard makes. */
const slip = (from: string, to: string): string => {
  if (!LEAST.includes(from)) throw new Error(`LEAST has no ${from}`);
  return LEAST.replace(from, to);
};

const TRAINING_KEYS =
  'batchSequences, precision, baseTokens, cptTokens, warmupShare, baseWarmupTokens, cptWarmupTokens, learningRate, ' +
  'cptLearningRateScale, moments, optimizer';

describe('a config file that cannot be used', () => {
  it.each<[string, string, string]>([
    [
      'unknown key',
      slip('cptTokens', 'cptToken'),
      `the config has 2 problems:
  my.yaml:8:1 training.cptTokens is missing; allowed: a whole number, at least 1
  my.yaml:10:3 training.cptToken is not a known key (did you mean cptTokens?); known here: ${TRAINING_KEYS}`,
    ],
    [
      'unknown key unlike any',
      `${LEAST}zzzzzzzzzzz: 1\n`,
      'my.yaml:11:1 zzzzzzzzzzz is not a known key; known here: name, seeds, tokenizer, corpora, models, training, mixture, evaluation, furtherRuns, law, target, run',
    ],
    [
      'wrong type',
      slip('baseTokens: 1_024_000', 'baseTokens: many'),
      'my.yaml:9:3 training.baseTokens is "many"; allowed: a whole number, at least 1',
    ],
    [
      'not whole',
      slip('baseTokens: 1_024_000', 'baseTokens: 1.5'),
      'my.yaml:9:3 training.baseTokens is 1.5; allowed: a whole number, at least 1',
    ],
    [
      'not a number',
      slip('baseTokens: 1_024_000', 'baseTokens: .nan'),
      'my.yaml:9:3 training.baseTokens is NaN; allowed: a whole number, at least 1',
    ],
    [
      'infinite',
      slip('baseTokens: 1_024_000', 'baseTokens: .inf'),
      'my.yaml:9:3 training.baseTokens is Infinity; allowed: a whole number, at least 1',
    ],
    [
      'negative',
      slip('baseTokens: 1_024_000', 'baseTokens: -3'),
      'my.yaml:9:3 training.baseTokens is -3; allowed: a whole number, at least 1',
    ],
    [
      'a value left out',
      slip('baseTokens: 1_024_000', 'baseTokens:'),
      'my.yaml:9:3 training.baseTokens is null; allowed: a whole number, at least 1',
    ],
    [
      'bad name',
      slip('name: demo', 'name: My Sweep'),
      'my.yaml:1:1 name is "My Sweep"; allowed: a name of at most 64 lower-case letters, digits and hyphens',
    ],
    [
      'a name that leaves its folder',
      slip('name: demo', 'name: ../../etc'),
      'my.yaml:1:1 name is "../../etc"; allowed: a name of at most 64 lower-case letters, digits and hyphens',
    ],
    [
      'unknown demo',
      slip('demo: prose', 'demo: porse'),
      'my.yaml:3:24 corpora.general.source.demo is "porse" (did you mean prose?); allowed: one of prose, mathematics, program, statutes, music, chemistry, medical',
    ],
    [
      'no kind of source',
      slip('{ demo: prose, bytes: 8_000_000 }', '{ bytes: 1 }'),
      'my.yaml:3:14 corpora.general.source has none of jsonl, text, demo, and a source needs one',
    ],
    [
      'misspelt kind of source',
      slip('{ demo: prose, bytes: 8_000_000 }', '{ jsnol: a }'),
      'my.yaml:3:24 corpora.general.source.jsnol is not a known key (did you mean jsonl?); known here: jsonl, field, maxBytes, text, exclude, maxFileBytes, demo, bytes, seed',
    ],
    [
      'key of another kind of source',
      slip('demo: prose,', 'demo: prose, field: text,'),
      'my.yaml:3:37 corpora.general.source.field is not a known key; known here: demo, bytes, seed, maxBytes',
    ],
    [
      'two kinds of source',
      slip('demo: prose,', 'demo: prose, jsonl: a,'),
      'my.yaml:3:37 corpora.general.source.jsonl stands beside demo, but a source has only one of jsonl, text, demo (to replace it, --set the whole mapping)',
    ],
    [
      'source without a mapping',
      slip('{ demo: prose, bytes: 8_000_000 }', 'prose'),
      'my.yaml:3:14 corpora.general.source is "prose"; allowed: a mapping with one of jsonl, text, demo',
    ],
    [
      'source missing',
      slip('{ source: { demo: prose, bytes: 8_000_000 } }', '{}'),
      'my.yaml:3:3 corpora.general.source is missing; allowed: a mapping with one of jsonl, text, demo',
    ],
    [
      'empty list of paths',
      slip('{ demo: prose, bytes: 8_000_000 }', '{ jsonl: [] }'),
      'my.yaml:3:24 corpora.general.source.jsonl is []; allowed: a path or glob, or a list of them',
    ],
    [
      'a domain named general',
      slip('    math:', '    general:'),
      'my.yaml:5:5 corpora.domains.general cannot be a key here; allowed: any other name: general is the corpus that every domain is mixed with',
    ],
    [
      'a domain name with a dot',
      slip('    math:', '    a.b:'),
      'my.yaml:5:5 corpora.domains.a.b cannot be a key here; allowed: a name of at most 64 lower-case letters, digits and hyphens, a letter first',
    ],
    [
      'no domain',
      slip('\n    math: { source: { demo: mathematics, bytes: 6_000_000 } }', ' {}'),
      'my.yaml:4:3 corpora.domains is empty; a sweep needs at least one domain',
    ],
    [
      'width',
      slip('[16, 32]', '[16, 20]'),
      'my.yaml:7:15 models.sizes.1 is 20; allowed: a width: a whole multiple of 8',
    ],
    [
      'a size twice',
      slip('[16, 32]', '[16, {width: 16}]'),
      'my.yaml:7:15 models.sizes.1 is {"width":16} a second time',
    ],
    [
      'heads',
      slip('[16, 32]', '[16, {width: 32, heads: 3}]'),
      'my.yaml:7:27 models.sizes.1.heads is 3, but width 32 / heads must be an even whole number',
    ],
    [
      'odd head size',
      slip('[16, 32]', '[16, {width: 8, heads: 8}]'),
      'my.yaml:7:26 models.sizes.1.heads is 8, but width 8 / heads must be an even whole number',
    ],
    [
      'key-value heads',
      slip('[16, 32]', '[16, {width: 32, heads: 4, keyValueHeads: 3}]'),
      'my.yaml:7:37 models.sizes.1.keyValueHeads is 3, which does not divide the 4 heads',
    ],
    [
      'a ratio above 1',
      `${LEAST}mixture: { ratios: [0, 33] }\n`,
      'my.yaml:11:24 mixture.ratios.1 is 33; allowed: a number from 0 to 1',
    ],
    [
      'a ratio twice',
      `${LEAST}mixture: { ratios: [0, 0.5, 0.50] }\n`,
      'my.yaml:11:29 mixture.ratios.2 is 0.5 a second time',
    ],
    [
      'no domain text at all',
      `${LEAST}mixture: { ratios: [0] }\n`,
      'my.yaml:11:12 mixture.ratios has no ratio above 0, so no domain would be trained on',
    ],
    [
      'ratios and a sample',
      `${LEAST}mixture: { ratios: [0, 1], sample: grid, count: 3 }\n`,
      'my.yaml:11:28 mixture.sample stands beside ratios, but a mixture has only one of ratios, sample (to replace it, --set the whole mapping)',
    ],
    [
      'unknown sample',
      `${LEAST}mixture: { sample: sobel, count: 3 }\n`,
      'my.yaml:11:12 mixture.sample is "sobel" (did you mean sobol?); allowed: one of grid, sobol',
    ],
    [
      'too small a sample',
      `${LEAST}mixture: { sample: sobol, count: 2 }\n`,
      'my.yaml:11:27 mixture.count is 2; allowed: a whole number from 3 to 1000',
    ],
    [
      'a seed for a grid',
      `${LEAST}mixture: { sample: grid, count: 3, seed: 1 }\n`,
      'my.yaml:11:36 mixture.seed is not a known key; known here: sample, count',
    ],
    ['a seed twice', `${LEAST}seeds: [1, 1]\n`, 'my.yaml:11:12 seeds.1 is 1 a second time'],
    [
      'seeds as text',
      `${LEAST}seeds: 1, 2\n`,
      'my.yaml:11:1 seeds is "1, 2"; allowed: a list of whole numbers, at least 0',
    ],
    [
      'tolerance in percent',
      `${LEAST}target: { tolerance: 3 }\n`,
      'my.yaml:11:11 target.tolerance is 3; allowed: a number from 0 to 1',
    ],
    [
      'target size',
      `${LEAST}target: { modelSize: biggest }\n`,
      'my.yaml:11:11 target.modelSize is "biggest"; allowed: largest, or a number above 0',
    ],
    [
      'tokenizer',
      `${LEAST}tokenizer: byte\n`,
      'my.yaml:11:1 tokenizer is "byte" (did you mean bytes?); allowed: bytes, or { file: path of a tokenizer.json }',
    ],
    [
      'unknown law',
      `${LEAST}law: { form: L9 }\n`,
      'my.yaml:11:8 law.form is "L9" (did you mean L1?); allowed: one of L1, L2, L3, L4, L5, L6, L7, chinchilla, cross-lingual, apple-additive, apple-joint',
    ],
    [
      'a condition that a law has no form of',
      `${LEAST}law: { form: L1, constraint: box }\n`,
      'my.yaml:11:18 law.constraint is box, which L1 has no form of; only L3, L6, L7 have',
    ],
    [
      'trainers',
      `${LEAST}run: { trainers: 0 }\n`,
      'my.yaml:11:8 run.trainers is 0; allowed: auto, or a whole number from 1 to 1024',
    ],
    [
      'population',
      `${LEAST}run: { population: 65 }\n`,
      'my.yaml:11:8 run.population is 65; allowed: auto, off, or a whole number from 1 to 64',
    ],
    [
      'an unknown precision',
      `${LEAST}  precision: half\n`,
      'my.yaml:11:3 training.precision is "half"; allowed: one of auto, float32, float16',
    ],
    [
      'float16 with an engine that has none',
      `${LEAST}  precision: float16\nrun: { engine: tensorflow }\n`,
      'my.yaml:11:3 training.precision is float16, which run.engine tensorflow does not have; use onnx or auto',
    ],
    [
      'float16 with steps whose sums could leave it',
      `${LEAST}  precision: float16\n  batchSequences: 257\n`,
      'my.yaml:11:3 training.precision is float16, which takes steps of at most 32768 tokens, not 32896; use float32 or a smaller batch',
    ],
    [
      'more points than steps',
      `${LEAST}evaluation: { points: 600 }\n`,
      'my.yaml:11:15 evaluation.points is 600, but from 30720 to 614400 tokens there are only 571 steps of 1024 tokens to measure after; ask for fewer points, more training.cptTokens or a smaller batch',
    ],
    [
      'first point after the end',
      `${LEAST}evaluation: { firstTokens: 1_000_000 }\n`,
      'my.yaml:11:15 evaluation.firstTokens is 1000000, but a CPT run ends at 614400 tokens (training.cptTokens)',
    ],
    [
      'endless warm-up',
      `${LEAST}  cptWarmupTokens: 700_000\n`,
      'my.yaml:11:3 training.cptWarmupTokens is 700000, but cptTokens is 614400; the warm-up must end before the run does',
    ],
    [
      'merge key',
      `${LEAST}<<: { seeds: [2] }\n`,
      'my.yaml:11:1 << is not a known key; known here: name, seeds, tokenizer, corpora, models, training, mixture, evaluation, furtherRuns, law, target, run',
    ],
  ])('%s', (_, text, message) => {
    const error = userErrorOf(() => resolveText(text));
    expect(error.message).toBe(message);
    expect(error.nextStep).toBe('docs/configuration.md describes every key.');
  });

  it('tells every problem at once, in the order of the file, then of the flags', () => {
    const text = `name: X
models: { sizes: [12], contextLength: 0 }
training: { cptTokens: 10_240, baseTokens: 10_240, moments: keeep }
evaluation: { points: 1 }
`;
    expect(
      userErrorOf(() => resolveText(text, ['target.tokens=-1'])).message,
    ).toBe(`the config has 7 problems:
  my.yaml corpora is missing; allowed: a mapping with general, domains, validationTokens, maxOverlapShare, dropNearDuplicates
  my.yaml:1:1 name is "X"; allowed: a name of at most 64 lower-case letters, digits and hyphens
  my.yaml:2:19 models.sizes.0 is 12; allowed: a width: a whole multiple of 8
  my.yaml:2:24 models.contextLength is 0; allowed: a whole number, at least 2
  my.yaml:3:52 training.moments is "keeep" (did you mean keep?); allowed: one of reset, keep
  my.yaml:4:15 evaluation.points is 1; allowed: a whole number from 2 to 10000
  --set target.tokens=-1: target.tokens is -1; allowed: max, or a whole number, at least 1`);
  });

  it('looks across sections even while another section is wrong', () => {
    const message = userErrorOf(() => resolveText(`${LEAST}evaluation: { points: 600 }\nlaw: 3\n`)).message;
    expect(message).toContain('my.yaml:11:15 evaluation.points is 600, but from');
    expect(message).toContain('my.yaml:12:1 law is 3; allowed: a mapping with form');
  });
});

describe('text that is no config', () => {
  const deep = `a: ${'['.repeat(20_000)}`;
  const bomb = ['a: &a [1,1,1,1,1,1,1,1,1]', ...'bcdefgh']
    .map((line, index) =>
      index === 0 ? line : `${line}: &${line} [${`*${'abcdefgh'[index - 1]},`.repeat(9)}]`,
    )
    .join('\n');
  it.each<[string, string, string]>([
    ['empty', '', 'my.yaml is empty'],
    ['comments only', '# nothing\n', 'my.yaml is empty'],
    ['a list', '- a\n', 'my.yaml holds a list, where a mapping of keys to values is expected'],
    ['a word', 'hello\n', 'my.yaml holds "hello", where a mapping of keys to values is expected'],
    [
      'a syntax error',
      'a: [1\nb: 2\n',
      'my.yaml:2:1 Flow sequence in block collection must be sufficiently indented and end with a ]',
    ],
    ['a tab', 'a:\n\tb: 1\n', 'my.yaml:2:1 indented with a tab; YAML allows spaces only'],
    ['a key twice', 'a: 1\nb: 2\na: 3\n', 'my.yaml:3:1 this key stands twice in its mapping'],
    [
      'two documents',
      'a: 1\n---\nb: 2\n',
      'my.yaml:2:1 a second document begins here; a config is one document',
    ],
    ['an unknown tag', 'a: !python/object 1\n', 'my.yaml:1:4 Unresolved tag: !python/object'],
    ['an alias of nothing', 'a: *b\n', 'my.yaml:1:4 *b refers to no anchor above it'],
    ['an alias of itself', 'a: &b [*b]\n', 'my.yaml:1:8 *b refers to itself'],
    ['a bomb of aliases', bomb, 'my.yaml:1:1 its aliases of aliases multiply beyond any use'],
    ['very many aliases', `a: &a 1\nb: [${'*a,'.repeat(101)}]\n`, 'my.yaml:2:305 more than 100 aliases'],
    ['bottomless nesting', deep, 'my.yaml:1:1 the text is nested too deeply'],
    [
      'a huge file',
      `a: ${'x'.repeat(300_000)}`,
      'my.yaml:1:1 the text is 300003 characters long, more than the 262144 that a config may have',
    ],
    ['a key that is no text', '? [1, 2]\n: 3\n', 'my.yaml:1:3 a key must be plain text'],
    ['a key into JavaScript', 'a: { __proto__: { b: 1 } }\n', 'my.yaml:1:6 __proto__ cannot be a key'],
  ])('%s', (_, text, message) => {
    const error = userErrorOf(() => parseConfigFile(text, FILE));
    expect(error.message.startsWith(message), error.message).toBe(true);
    expect(error.nextStep).toBeTruthy();
  });

  it('stops counting at twenty problems', () => {
    const text = Array.from({ length: 50 }, () => 'a: 1').join('\n');
    expect(userErrorOf(() => parseConfigFile(text, FILE)).message.split('\n')).toHaveLength(21);
  });
});
