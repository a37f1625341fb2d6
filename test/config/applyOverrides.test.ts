import { describe, expect, it } from 'vitest';
import { applyOverrides } from '../../src/config/applyOverrides.ts';
import { parseConfigFile } from '../../src/config/parseConfigFile.ts';
import { LEAST, resolveText, userErrorOf } from './examples.ts';

const tree = () => parseConfigFile('a: { b: [1, { c: 2 }] }\nd: word\n', 'my.yaml');
const edited = (...assignments: string[]) => applyOverrides(tree(), assignments).value;

describe('applyOverrides', () => {
  it('sets keys, list items and whole branches, in order', () => {
    expect(edited('d=3', 'd=4')).toEqual({ a: { b: [1, { c: 2 }] }, d: 4 });
    expect(edited('a.b.1.c=x=y')).toEqual({ a: { b: [1, { c: 'x=y' }] }, d: 'word' });
    expect(edited('a.b.2=1_000')).toEqual({ a: { b: [1, { c: 2 }, 1000] }, d: 'word' });
    expect(edited('a={b: true}', 'a.e="1"')).toEqual({ a: { b: true, e: '1' }, d: 'word' });
    expect(edited('n.e.w=[1, null]')).toMatchObject({ n: { e: { w: [1, null] } } });
  });

  it('leaves the tree it was given as it was', () => {
    const before = tree();
    applyOverrides(before, ['a.b.1.c=9', 'd=1']);
    expect(before).toEqual(tree());
  });

  it('makes a domain from nothing but flags', () => {
    const { config } = resolveText(LEAST, ['corpora.domains.law.source.jsonl=law.jsonl.gz']);
    expect(config.corpora.domains.law!.source).toEqual({ jsonl: ['law.jsonl.gz'], field: 'text' });
  });

  it.each([
    ['d', '--set d: has no "="'],
    ['=3', '--set =3: has an empty key in its path'],
    ['a..b=3', '--set a..b=3: has an empty key in its path'],
    ['a=', '--set a=: has no value (write null for none, "" for empty text)'],
    ['a.b.3=1', '--set a.b.3=1: a.b is a list; its indexes are 0 to 1, or 2 to append, not 3'],
    ['a.b.x=1', '--set a.b.x=1: a.b is a list; its indexes are 0 to 1, or 2 to append, not x'],
    ['a.b.-1=1', '--set a.b.-1=1: a.b is a list; its indexes are 0 to 1, or 2 to append, not -1'],
    ['d.e=1', '--set d.e=1: d is "word", which holds no e; set d as a whole'],
    ['a={b', '--set a={b: the value is not valid YAML: Flow map must end with a }'],
    ['a.__proto__.x=1', '--set a.__proto__.x=1: __proto__ cannot be a key'],
    ['constructor=1', '--set constructor=1: constructor cannot be a key'],
    ['a.prototype=1', '--set a.prototype=1: prototype cannot be a key'],
    [
      'a={__proto__: {x: 1}}',
      '--set a={__proto__: {x: 1}}: the value is not valid YAML: __proto__ cannot be a key',
    ],
  ])('refuses %s', (assignment, message) => {
    const error = userErrorOf(() => edited(assignment));
    expect(error.message).toBe(message);
    expect(error.nextStep).toContain('--set path=value');
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });

  it('names every flag that it refuses', () => {
    expect(userErrorOf(() => edited('d', 'a=1', 'a=')).message.split('\n')).toEqual([
      '2 overrides cannot be used:',
      '  --set d: has no "="',
      '  --set a=: has no value (write null for none, "" for empty text)',
    ]);
  });

  it('lets later messages name the flag, also for what stands below its value, but not for what stood there', () => {
    const message = (...overrides: string[]) => userErrorOf(() => resolveText(LEAST, overrides)).message;
    expect(message('training.baseTokens=0')).toBe(
      '--set training.baseTokens=0: training.baseTokens is 0; allowed: a whole number, at least 1',
    );
    expect(message('models={sizes: [3]}')).toBe(
      '--set models={sizes: [3]}: models.sizes.0 is 3; allowed: a width: a whole multiple of 8',
    );
    expect(message('corpora.general.source.jsonl=a')).toMatch(
      /^--set corpora.general.source.jsonl=a: .* stands beside demo/,
    );
    expect(message(`models.sizes=[${'9, '.repeat(50)}9]`)).toMatch(
      /^the config has 51 problems:\n {2}--set models\.sizes=.{1,70}…: /,
    );
  });
});
