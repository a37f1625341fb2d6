import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { UserError } from '../../src/common/errors.ts';
import { loadConfig } from '../../src/config/loadConfig.ts';
import { LEAST } from '../config/examples.ts';

/** A config is read while a person waits. Of the processor's time, so that a busy machine changes nothing. */
const LIMIT_MS = 3000;
/** Of a hostile file no more is repeated than a person can read. */
const LONGEST_MESSAGE = 10_000;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hostile-configs-'));
  // The first call of all loads and compiles, which is nobody's fault below.
  load(LEAST);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const prototypeKeys = Reflect.ownKeys(Object.prototype).length;
afterEach(() => {
  expect(Reflect.ownKeys(Object.prototype)).toHaveLength(prototypeKeys);
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  expect((globalThis as { polluted?: unknown }).polluted).toBeUndefined();
});

function load(content: string | Uint8Array, overrides: readonly string[] = []) {
  const path = join(folder, 'hostile.yaml');
  writeFileSync(path, content);
  const began = process.cpuUsage();
  try {
    return loadConfig(path, overrides).config;
  } finally {
    const { user, system } = process.cpuUsage(began);
    expect((user + system) / 1000).toBeLessThan(LIMIT_MS);
  }
}

/** The sentence with which it is refused; fails when it is taken, or with anything else than a UserError. */
function refusalOf(content: string | Uint8Array, overrides: readonly string[] = []): string {
  let refusal: unknown;
  try {
    load(content, overrides);
  } catch (error) {
    refusal = error;
  }
  expect(refusal).toBeInstanceOf(UserError);
  const { message } = refusal as UserError;
  expect(message.length).toBeLessThan(LONGEST_MESSAGE);
  return message;
}

const lines = (count: number, one: (at: number) => string) =>
  Array.from({ length: count }, (_, at) => one(at)).join('\n');

describe('aliases that multiply', () => {
  /** Each level holds the one before it nine times: 9^levels words, from a few lines. */
  const laughs = (levels: number, item: (name: string) => string, end = '') =>
    [
      'a0: &a0 lol',
      ...Array.from({ length: levels }, (_, at) => `a${at + 1}: &a${at + 1} ${item(`a${at}`)}`),
      end,
    ].join('\n');
  it.each<[string, string]>([
    ['in lists', laughs(12, (name) => `[${`*${name}, `.repeat(9)}]`)],
    [
      'in mappings',
      laughs(12, (name) => `{${Array.from({ length: 8 }, (_, at) => `k${at}: *${name}`).join(', ')}}`),
    ],
    ['in pairs, fifty deep', laughs(50, (name) => `[*${name}, *${name}]`)],
    ['within a section that is read', laughs(12, (name) => `[${`*${name}, `.repeat(8)}]`, 'seeds: *a12')],
    ['by the hundred thousand', `a: &a [1]\nb: [${'*a,'.repeat(80_000)}]\n`],
    ['of one anchor each, by the thousand', lines(4000, (at) => `k${at}: &n${at} 1\nl${at}: *n${at}`)],
    ['that hold themselves', 'a: &a [*a, *a]\n'],
    ['that hold each other', 'a: &a { b: &b { c: *a, d: *b } }\n'],
    ['as keys', 'a: &a [1]\n*a : 1\n'],
    ['of nothing, by the thousand', lines(5000, (at) => `k${at}: *nothing`)],
  ])('%s', (_, text) => {
    refusalOf(text);
    refusalOf(`${LEAST}${text}`);
  });

  it('a few of them are ordinary', () => {
    const text = LEAST.replace(
      '{ demo: prose, bytes: 8_000_000 }',
      '&text { demo: prose, bytes: 8_000_000 }',
    );
    expect(
      load(text.replace('{ demo: mathematics, bytes: 6_000_000 }', '*text')).corpora.domains,
    ).toHaveProperty('math');
  });
});

describe('tags that would make other things than data', () => {
  it.each([
    '!!js/function "function () { globalThis.polluted = 1 }"',
    '!!js/regexp /(a+)+$/',
    '!!js/undefined ""',
    '!<tag:yaml.org,2002:js/function> "() => 1"',
    '!!python/object/apply:os.system ["reboot"]',
    '!ruby/object:Gem::Requirement {}',
    '!include /etc/passwd',
    '!env REDIS_URL',
    '!!binary aGVsbG8=',
    '!!set { a, b }',
    '!!omap [a: 1]',
    '!!pairs [a: 1]',
    '!!timestamp 2001-12-14',
    '!!merge <<',
    '!local x',
  ])('%s', (value) => {
    refusalOf(`name: ${value}\n`);
    refusalOf(LEAST.replace('name: demo', `name: ${value}`));
    refusalOf(LEAST, [`name=${value}`]);
  });

  it('directives that rename the standard ones', () => {
    refusalOf(`%TAG !! tag:evil.example,2000:\n---\n${LEAST.replace('name: demo', 'name: !!str demo')}`);
    refusalOf(`%TAG ! tag:yaml.org,2002:js/\n---\nname: !function "x"\n`);
  });

  it('variables and templates stay text', () => {
    for (const name of ['$REDIS_URL', '$' + '{REDIS_URL}', '{{ env }}', '$(reboot)', '`reboot`']) {
      expect(refusalOf(LEAST.replace('name: demo', `name: '${name}'`))).toContain('lower-case letters');
    }
  });
});

describe('keys', () => {
  it.each([
    ['__proto__', '__proto__: { polluted: 1 }'],
    ['__proto__ in quotes', '"__proto__": { polluted: 1 }'],
    ['__proto__ in escapes', '"\\x5f_proto\\u005f_": { polluted: 1 }'],
    ['__proto__ with a tag', '!!str __proto__: { polluted: 1 }'],
    ['__proto__ as a complex key', '? __proto__\n: { polluted: 1 }'],
    ['constructor', 'constructor: { prototype: { polluted: 1 } }'],
    ['prototype', 'prototype: { polluted: 1 }'],
    ['toString', 'toString: 1'],
    ['a merge', '<<: { name: other }'],
    ['a merge with __proto__', '<<: { __proto__: { polluted: 1 } }'],
    ['a merge of an alias', 'a: &a { seeds: [2] }\n<<: *a'],
    ['one twice', 'name: other'],
    ['one twice, in quotes', '"name": other'],
    ['one twice, spelt otherwise', '"n\\u0061me": other'],
    ['a list', '? [a, b]\n: 1'],
    ['a mapping', '? { a: b }\n: 1'],
    ['null', '~: 1'],
    ['a number', '1: 1'],
    ['an empty one', '"": 1'],
    ['a very long one', `${'k'.repeat(1000)}: 1`],
    ['one that no one reads through', `? ${'k'.repeat(200_000)}\n: 1`],
    ['thousands of unknown ones', lines(10_000, (at) => `unknown${at}: 1`)],
    ['thousands of times the same', lines(5000, () => 'same: 1')],
  ])('%s', (_, text) => {
    refusalOf(`${LEAST}${text}\n`);
  });

  it.each([
    '__proto__.polluted=1',
    'constructor.prototype.polluted=1',
    'corpora.__proto__.polluted=1',
    'name.__proto__.x=1',
    'corpora.domains.__proto__={source: {demo: prose, bytes: 1}}',
    'corpora={__proto__: {polluted: 1}}',
  ])('in the flag --set %s', (flag) => {
    refusalOf(LEAST, [flag]);
  });
});

describe('depth and length', () => {
  it.each<[string, string]>([
    ['ten megabytes of brackets', '['.repeat(10e6)],
    ['ten megabytes of pairs of brackets', '[]'.repeat(5e6)],
    ['three megabytes of braces', '{a: '.repeat(750_000)],
    ['as much depth as a config may have, open', '['.repeat(262_000)],
    ['as much, closed', `a: ${'['.repeat(130_000)}${']'.repeat(130_000)}`],
    ['depth by indentation', lines(700, (at) => `${' '.repeat(at)}k:`)],
    ['depth by dashes', `a: ${'\n'}${'- '.repeat(50_000)}1`],
    ['depth by question marks', '? '.repeat(100_000)],
    ['depth that just fits', `seeds: ${'['.repeat(1000)}1${']'.repeat(1000)}`],
    ['one line of 250,000 characters', `name: ${'x'.repeat(250_000)}`],
    ['one quoted line of 250,000 characters', `name: "${'\\n'.repeat(125_000)}"`],
    ['an open quote', `name: "${'x\n'.repeat(100_000)}`],
    ['a block of 250,000 lines', `name: |\n${' \n'.repeat(120_000)}`],
    ['250,000 empty lines', '\n'.repeat(250_000)],
    ['250,000 spaces', ' '.repeat(250_000)],
    ['250,000 tabs', '\t'.repeat(250_000)],
    ['comments without end', `${'#'.repeat(250_000)}`],
    ['colons', ':'.repeat(250_000)],
    ['dashes', '-'.repeat(250_000)],
    ['ampersands', '&a '.repeat(80_000)],
    ['exclamation marks', '!'.repeat(250_000)],
    ['documents', '---\n'.repeat(60_000)],
    ['document ends', '...\n'.repeat(60_000)],
    ['directives', '%YAML 1.2\n'.repeat(20_000)],
    ['digits', `seeds: [${'9'.repeat(200_000)}]`],
    ['grouped digits', `seeds: [1${'_000'.repeat(50_000)}]`],
    ['almost grouped digits', `seeds: [1${'_000'.repeat(50_000)}x]`],
    ['a float without end', `law: { huberDelta: 1e${'9'.repeat(100_000)} }`],
    ['very many seeds', `${LEAST}seeds: [${Array.from({ length: 30_000 }, () => '1').join(',')}]`],
    ['five megabytes of a good config', `${LEAST}# ${'x'.repeat(5e6)}`],
  ])('%s', (_, text) => {
    refusalOf(text);
  });

  it('in a flag', () => {
    refusalOf(LEAST, [`name=${'['.repeat(100_000)}`]);
    refusalOf(LEAST, [`${'a.'.repeat(50_000)}b=1`]);
    refusalOf(LEAST, [`seeds.4000000000=1`]);
    refusalOf(LEAST, [`seeds.1e9=1`]);
    refusalOf(LEAST, [`${'='.repeat(100_000)}`]);
  });
});

describe('bytes that are no text', () => {
  const bytes = (count: number) => {
    // A fixed sequence that looks random: the same file each time.
    let state = 12_345;
    return Uint8Array.from({ length: count }, () => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return state >>> 24;
    });
  };
  const utf16 = Buffer.from(`\ufeff${LEAST}`, 'utf16le');
  it.each<[string, Uint8Array]>([
    ['noise', bytes(100_000)],
    ['much noise', bytes(10_000_000)],
    ['zeros', new Uint8Array(100_000)],
    ['a gzip header', Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3)],
    ['UTF-16', utf16],
    ['UTF-16, the other way', Buffer.from(utf16).swap16()],
    ['half a character', Uint8Array.of(...Buffer.from(LEAST), 0xe2, 0x82)],
    ['a surrogate', Uint8Array.of(...Buffer.from('name: '), 0xed, 0xa0, 0x80)],
    ['an overlong slash', Uint8Array.of(...Buffer.from('name: '), 0xc0, 0xaf)],
    ['a zero in a name', Buffer.from(LEAST.replace('demo\n', 'de\0mo\n'))],
    ['an escape sequence in a name', Buffer.from(LEAST.replace('demo\n', '\u001b[31mdemo\n'))],
    ['an invisible mark in a name', Buffer.from(LEAST.replace('demo\n', 'de\u200bmo\n'))],
  ])('%s', (_, content) => {
    refusalOf(content);
  });

  it('what is refused cannot rewrite the terminal that shows it', () => {
    for (const text of [
      'name: "\u001b[2Jx"',
      'name: "\\e[2Jx"',
      '"\\e[2J": 1',
      '? "\\e]0;x\\a"\n: 1',
      'a: !\u001b[2J 1',
      '\u001b[2J',
    ]) {
      expect(refusalOf(`${LEAST}${text}\n`)).not.toMatch(/[^\P{C}\n]/u);
      expect(refusalOf(`${text}\n`)).not.toMatch(/[^\P{C}\n]/u);
    }
  });
});

describe('text of other editors', () => {
  const plain = () => load(LEAST);
  it.each([
    ['with Windows line ends', LEAST.replaceAll('\n', '\r\n')],
    ['with a byte order mark', `\ufeff${LEAST}`],
    ['with both', `\ufeff${LEAST.replaceAll('\n', '\r\n')}`],
    ['without a last line end', LEAST.trimEnd()],
    ['with many', `${LEAST}${'\n'.repeat(1000)}`],
    ['between document marks', `%YAML 1.2\n---\n${LEAST}...\n`],
    ['with spaces at line ends', LEAST.replaceAll('\n', '  \n')],
    [
      'as JSON',
      JSON.stringify({
        ...({ name: 'demo' } as object),
        corpora: {
          general: { source: { demo: 'prose', bytes: 8_000_000 } },
          domains: { math: { source: { demo: 'mathematics', bytes: 6_000_000 } } },
        },
        models: { sizes: [16, 32] },
        training: { baseTokens: 1_024_000, cptTokens: 614_400 },
      }),
    ],
  ])('%s means the same', (_, text) => {
    expect(load(text)).toEqual(plain());
  });
});
