import { mkdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../src/common/canonical.ts';
import { unreadable } from '../../src/corpus/sourceFiles.ts';
import { openSource } from '../../src/corpus/sources.ts';
import {
  freshFolder,
  gzipped,
  jsonl,
  randomText,
  readAll,
  userErrorOf,
  writeText,
} from './corpusFixtures.ts';

const texts = ['first document', 'second: ünïcödé 漢字 🙂', 'third\nwith a line break'];
const context = { generators: {}, baseFolder: '/', seed: 1 };

describe('JSONL sources', () => {
  it('reads plain and packed files alike, with ids that are hashes of the texts', async () => {
    const folder = freshFolder();
    writeText(folder, 'plain.jsonl', jsonl(texts));
    writeText(folder, 'packed.jsonl.gz', gzipped(jsonl(texts)));
    const plain = await readAll({ jsonl: 'plain.jsonl' }, folder);
    expect(plain.documents).toEqual(texts.map((text) => ({ id: sha256(text), text })));
    expect(await readAll({ jsonl: 'packed.jsonl.gz' }, folder)).toEqual(plain);
  });

  it('reads files larger than a chunk, and a last line without line break', async () => {
    const folder = freshFolder();
    const many = Array.from({ length: 300 }, (_, i) => randomText(700, i));
    writeText(folder, 'large.jsonl.gz', gzipped(jsonl(many).trimEnd()));
    const { documents } = await readAll({ jsonl: 'large.jsonl.gz' }, folder);
    expect(documents.map(({ text }) => text)).toEqual(many);
  });

  it('takes globs in the order of names, another field, a byte order mark, and drops empty texts', async () => {
    const folder = freshFolder();
    writeText(folder, 'b.jsonl', '{"body":"from b"}\n\n{"body":"  "}\r\n');
    writeText(folder, 'a.jsonl', '\ufeff{"body":"from a"}\n');
    const { documents, dropped } = await readAll({ jsonl: '*.jsonl', field: 'body' }, folder);
    expect(documents.map(({ text }) => text)).toEqual(['from a', 'from b']);
    expect(dropped).toEqual(['empty']);
  });

  it('stops at maxBytes of text, in order', async () => {
    const folder = freshFolder();
    writeText(folder, 'some.jsonl', jsonl(['12345', 'ää', '12345', '1']));
    const { documents } = await readAll({ jsonl: 'some.jsonl', maxBytes: 9 }, folder);
    expect(documents.map(({ text }) => text)).toEqual(['12345', 'ää']);
    const error = await userErrorOf(() => readAll({ jsonl: 'some.jsonl', maxBytes: 4 }, folder));
    expect(error.message).toBe('some.jsonl: its first document has 5 bytes, more than the limit of 4');
  });

  const bad: [string, string | Uint8Array, RegExp][] = [
    ['not JSON', '{"text":"a"}\n{"text":\n', /^bad\.jsonl, line 2: not JSON \(/],
    ['an array', '["a"]\n', /^bad\.jsonl, line 1: an array where an object was expected$/],
    [
      'another field',
      '{"content":"a","id":1}\n',
      /^bad\.jsonl, line 1: no field "text"; its fields are "content", "id"$/,
    ],
    ['no field', '{}\n', /line 1: no field "text"; its fields are none$/],
    [
      'a number',
      '{"text":"a"}\n\n{"text":7}\n',
      /^bad\.jsonl, line 3: field "text" is a number, not a string$/,
    ],
    ['null', '{"text":null}\n', /field "text" is null, not a string$/],
    ['half a surrogate pair', '{"text":"\\ud83d"}\n', /line 1: field "text" holds half of a surrogate pair/],
    [
      'invalid UTF-8',
      Buffer.concat([
        Buffer.from('{"text":"ok"}\n{"text":"'),
        Buffer.from([0xc3, 0x28]),
        Buffer.from('"}\n'),
      ]),
      /^bad\.jsonl, line 2: invalid UTF-8 at byte 10 of the line$/,
    ],
    ['nothing', '', /^bad\.jsonl: no document with text in it$/],
    ['only empty texts', '{"text":""}\n', /^bad\.jsonl: no document with text in it$/],
  ];
  it.each(bad)('refuses %s', async (_, content, message) => {
    const folder = freshFolder();
    writeText(folder, 'bad.jsonl', content);
    const error = await userErrorOf(() => readAll({ jsonl: 'bad.jsonl' }, folder));
    expect(error.message).toMatch(message);
    expect(error.nextStep).toBeTruthy();
  });

  it('refuses truncated, corrupt and mislabelled gzip files', async () => {
    const folder = freshFolder();
    const whole = gzipped(jsonl(Array.from({ length: 50 }, (_, i) => randomText(50, i))));
    const corrupt = Buffer.from(whole);
    corrupt.fill(0xff, 1000, 1100);
    writeText(folder, 'short.jsonl.gz', whole.subarray(0, whole.length - 200));
    writeText(folder, 'corrupt.jsonl.gz', corrupt);
    writeText(folder, 'plain.jsonl.gz', jsonl(texts));
    const messageOf = async (name: string) =>
      (await userErrorOf(() => readAll({ jsonl: name }, folder))).message;
    expect(await messageOf('short.jsonl.gz')).toBe('short.jsonl.gz: the gzip file is truncated');
    expect(await messageOf('corrupt.jsonl.gz')).toMatch(/^corrupt\.jsonl\.gz: the gzip file is corrupt \(/);
    expect(await messageOf('plain.jsonl.gz')).toBe(
      'plain.jsonl.gz: the gzip file is corrupt (incorrect header check)',
    );
  });
});

describe('text sources', () => {
  it('makes one document a file, below node_modules too, in the order of names, without what is excluded', async () => {
    const folder = freshFolder();
    for (const name of ['node_modules/zeta/src', 'node_modules/alpha'])
      mkdirSync(join(folder, name), { recursive: true });
    writeText(folder, 'node_modules/zeta/src/one.js', 'zeta one');
    writeText(folder, 'node_modules/zeta/src/two.min.js', 'zeta two');
    writeText(folder, 'node_modules/alpha/Index.js', 'alpha');
    writeText(folder, 'node_modules/alpha/big.js', 'x'.repeat(100));
    writeText(folder, 'node_modules/alpha/empty.js', '\n');
    writeText(folder, 'own.txt', 'own');
    const { documents, dropped } = await readAll(
      { text: ['own.txt', 'node_modules/**/*.js'], exclude: ['**/*.min.js'], maxFileBytes: 99 },
      folder,
    );
    expect(documents.map(({ text }) => text)).toEqual(['alpha', 'zeta one', 'own']);
    expect(dropped).toEqual(['too large', 'empty']);
  });

  it('draws files under maxBytes from everywhere, the same ones every time, others with another seed', async () => {
    const folder = freshFolder();
    for (let i = 0; i < 100; i++)
      writeText(folder, `${String(i).padStart(2, '0')}.txt`, String(i).padStart(2, '0'));
    const drawn = async (seed: number) => {
      const opened = await openSource(
        { text: '*.txt', maxBytes: 40 },
        { ...context, baseFolder: folder, seed },
      );
      const found: number[] = [];
      for await (const { text } of opened.documents(() => {})) found.push(Number(text));
      return found;
    };
    const first = await drawn(1);
    expect(first).toHaveLength(20);
    expect(first).toEqual([...first].sort((a, b) => a - b));
    expect(first.at(-1)).toBeGreaterThan(50);
    expect(await drawn(1)).toEqual(first);
    expect(await drawn(2)).not.toEqual(first);
  });

  it('reads a file whose name looks like a glob', async () => {
    const folder = freshFolder();
    writeText(folder, 'a[1].txt', 'literal');
    expect((await readAll({ text: 'a[1].txt' }, folder)).documents[0]!.text).toBe('literal');
  });

  it('says what is wrong with files', async () => {
    const folder = freshFolder();
    mkdirSync(join(folder, 'sub'));
    writeText(folder, 'latin.txt', Buffer.from('first\nsecond caf\xe9 here', 'latin1'));
    writeText(folder, 'cut.txt', Buffer.from('snow ☃').subarray(0, 7));
    writeText(folder, 'binary.txt', Buffer.from([80, 75, 3, 4, 0, 1]));
    const messageOf = async (text: string) => (await userErrorOf(() => readAll({ text }, folder))).message;
    expect(await messageOf('latin.txt')).toBe('latin.txt: invalid UTF-8 at byte 17 (line 2)');
    expect(await messageOf('cut.txt')).toBe('cut.txt: invalid UTF-8 at byte 6 (line 1)');
    expect(await messageOf('binary.txt')).toBe('binary.txt looks like a binary file (a zero byte at byte 5)');
    expect(await messageOf('missing.txt')).toBe(`missing.txt: no such file (looked in ${folder})`);
    expect(await messageOf('*.md')).toBe(`*.md: no file matches (looked in ${folder})`);
    expect(await messageOf('sub')).toBe('sub is a folder');
    const tooSmall = await userErrorOf(() => readAll({ text: '*.txt', maxBytes: 2 }, folder));
    expect(tooSmall.message).toBe('*.txt: none of the 3 files fits maxFileBytes or maxBytes');
  });

  it('names a file that may not be read', () => {
    const denied = Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' });
    expect(unreadable({ name: 'secret.txt' }, denied)).toMatchObject({
      name: 'UserError',
      message: 'secret.txt cannot be read: permission denied',
    });
  });

  it('refuses a file that changes between hashing and reading', async () => {
    const folder = freshFolder();
    const path = writeText(folder, 'log.txt', 'one line\n');
    const opened = await openSource({ text: 'log.txt' }, { ...context, baseFolder: folder });
    utimesSync(path, new Date(), new Date(Date.now() + 5000));
    const error = await userErrorOf(async () => {
      for await (const _ of opened.documents(() => {}));
    });
    expect(error.message).toBe('log.txt changed while it was being read');
  });
});

describe('demo sources', () => {
  const generators = {
    numbers: {
      version: 3,
      defaultBytes: 50,
      *generate(seed: number) {
        for (let i = 0; ; i++) yield `number ${seed}-${i}`;
      },
    },
  };
  const textsOf = async (source: { demo: string; documents?: number; bytes?: number; seed?: number }) => {
    const opened = await openSource(source, { ...context, generators, seed: 9 });
    const found: string[] = [];
    for await (const { text } of opened.documents(() => {})) found.push(text);
    return { opened, found };
  };

  it('generates documents, bytes or the default, says it is synthetic, and has an identity per seed and version', async () => {
    const { opened, found } = await textsOf({ demo: 'numbers', documents: 3, seed: 2 });
    expect(found).toEqual(['number 2-0', 'number 2-1', 'number 2-2']);
    expect(opened).toMatchObject({
      synthetic: true,
      description: 'demo generator "numbers", synthetic',
      identity: { generator: 'numbers', version: 3, documents: 3, bytes: null, seed: 2 },
    });
    expect((await textsOf({ demo: 'numbers', bytes: 31 })).found).toEqual([
      'number 9-0',
      'number 9-1',
      'number 9-2',
    ]);
    expect((await textsOf({ demo: 'numbers' })).found).toHaveLength(5);
  });

  it('knows its generators', async () => {
    const error = await userErrorOf(() => textsOf({ demo: 'toString' }));
    expect(error).toMatchObject({
      message: 'demo generator "toString" is unknown',
      nextStep: 'Choose one of "numbers".',
    });
    const both = await userErrorOf(() => textsOf({ demo: 'numbers', documents: 1, bytes: 5 }));
    expect(both.message).toBe('demo "numbers": both documents and bytes are given');
  });
});
