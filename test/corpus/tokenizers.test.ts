import { describe, expect, it } from 'vitest';
import { bytesTokenizer, loadTokenizer } from '../../src/corpus/tokenizers.ts';
import { freshFolder, userErrorOf, writeText } from './corpusFixtures.ts';

/** Lower-case letters 0…25, the space (written `Ġ`) 26, then the other bytes and three merged pieces: 256, 257, 258. */
function tinyPieces(): string[] {
  const letters = [...'abcdefghijklmnopqrstuvwxyz', 'Ġ'];
  const printable = [...range(0x21, 0x7e), ...range(0xa1, 0xac), ...range(0xae, 0xff)];
  const others = range(0x100, 0x100 + 255 - printable.length);
  const bytes = [...printable, ...others].map((code) => String.fromCodePoint(code));
  return [...letters, ...bytes.filter((byte) => !letters.includes(byte)), 'th', 'the', 'Ġthe'];
}
const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);

/** Byte-level BPE with three merges. */
function tinyTokenizer(overrides: Record<string, unknown> = {}, pieces = tinyPieces()): string {
  return JSON.stringify({
    version: '1.0',
    added_tokens: [
      {
        id: 259,
        content: '<|endoftext|>',
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
        special: true,
      },
    ],
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    post_processor: null,
    decoder: { type: 'ByteLevel' },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(pieces.map((piece, id) => [piece, id])),
      merges: ['t h', 'th e', 'Ġ the'],
    },
    ...overrides,
  });
}

const load = (text: string, endOfText?: string) =>
  loadTokenizer({ file: writeText(freshFolder(), 'tokenizer.json', text), endOfText });

describe('the bytes tokenizer', () => {
  it('is UTF-8, with the end of text beyond the bytes', () => {
    const tokenizer = bytesTokenizer();
    expect([...tokenizer.encode('aä☃')]).toEqual([97, 0xc3, 0xa4, 0xe2, 0x98, 0x83]);
    expect(tokenizer).toMatchObject({ name: 'bytes', vocabularySize: 264, endOfTextId: 256 });
    expect(tokenizer.decode([...tokenizer.encode('aä☃'), 256])).toBe('aä☃');
    expect(bytesTokenizer().hash).toBe(tokenizer.hash);
  });
});

describe('a tokenizer.json', () => {
  it('encodes with its merges and ends documents with its end-of-text token', () => {
    const tokenizer = load(tinyTokenizer());
    expect([...tokenizer.encode('the cat the')]).toEqual([257, 26, 2, 0, 19, 258]);
    expect(tokenizer).toMatchObject({ vocabularySize: 260, endOfTextId: 259 });
    expect(tokenizer.decode([257, 258])).toBe('the the');
    expect(tokenizer.name).toMatch(/tokenizer\.json$/);
  });

  it('has the identity of its content, not of its place', () => {
    expect(load(tinyTokenizer()).hash).toBe(load(tinyTokenizer()).hash);
    expect(load(`${tinyTokenizer()} `).hash).not.toBe(load(tinyTokenizer()).hash);
    expect(load(tinyTokenizer(), 'z').hash).not.toBe(load(tinyTokenizer()).hash);
    expect(load(tinyTokenizer(), 'z').endOfTextId).toBe(25);
  });

  it('takes the end of text that a tokenizer_config.json beside it names', () => {
    const folder = freshFolder();
    writeText(folder, 'tokenizer_config.json', JSON.stringify({ eos_token: { content: 'y' } }));
    expect(loadTokenizer({ file: writeText(folder, 'tokenizer.json', tinyTokenizer()) }).endOfTextId).toBe(
      24,
    );
  });

  it('loses nothing of any text', () => {
    const tokenizer = load(tinyTokenizer());
    for (const text of ['CAT, ünïcödé 漢字 🙂\n\t', '<b>&amp;</b>', '   the   the']) {
      expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
    }
  });

  it('encodes a document without the special tokens of the post-processor', () => {
    const special = { id: '<|endoftext|>', type_id: 0 };
    const post = {
      type: 'TemplateProcessing',
      single: [{ SpecialToken: special }, { Sequence: { id: 'A', type_id: 0 } }],
      pair: [],
      special_tokens: { '<|endoftext|>': { id: '<|endoftext|>', ids: [259], tokens: ['<|endoftext|>'] } },
    };
    expect([...load(tinyTokenizer({ post_processor: post })).encode('the')]).toEqual([257]);
  });

  it('refuses a vocabulary that would leave text out', async () => {
    const pieces = tinyPieces().filter((piece) => piece !== 'Z');
    const error = await userErrorOf(() => load(tinyTokenizer({}, pieces)));
    expect(error.message).toMatch(
      /neither an unknown token nor a piece for every byte \(1 of 256 have none\)/,
    );
  });

  it('says what is wrong with a file', async () => {
    const messageOf = async (text: string, endOfText?: string) =>
      (await userErrorOf(() => load(text, endOfText))).message;
    expect(await messageOf('{"model":')).toMatch(/is not JSON \(/);
    expect(await messageOf('{"eos_token":"</s>"}')).toMatch(/has no `model` with a `vocab`/);
    expect(await messageOf('null')).toMatch(/has no `model` with a `vocab`/);
    expect(await messageOf(tinyTokenizer({ model: { type: 'WordLevel', vocab: { a: 0 } } }))).toMatch(
      /has a model of type WordLevel$/,
    );
    expect(await messageOf(tinyTokenizer({ added_tokens: [] }))).toMatch(
      /has no token <\|endoftext\|>, .* to end a document with/,
    );
    expect(await messageOf(tinyTokenizer(), '<end>')).toMatch(/has no token <end> to end a document with/);
    const missing = await userErrorOf(() => loadTokenizer({ file: '/nowhere/tokenizer.json' }));
    expect(missing).toMatchObject({
      message: 'tokenizer /nowhere/tokenizer.json does not exist',
      nextStep: 'Name a tokenizer.json, or `bytes`.',
    });
  });
});
