import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import { canonicalHash, sha256 } from '../common/canonical.ts';
import { messageOf, UserError } from '../common/errors.ts';
import type { Tokenizer } from './types.ts';

/** A tokenizer that can also turn tokens back into text, for messages and reports. */
export interface TextTokenizer extends Tokenizer {
  decode(ids: ArrayLike<number>): string;
}

/** `bytes`, or a Hugging Face tokenizer.json with, where its name is unusual, the token that ends a document. */
export type TokenizerChoice = 'bytes' | { file: string; endOfText?: string | undefined };

const BYTES_END_OF_TEXT = 256;
/** 257 ids are used; rounded up to a multiple of 8, the widths that matrix units and vector registers like. */
const BYTES_VOCABULARY = 264;

/** Names under which published tokenizers end a document, the most specific first. */
const END_OF_TEXT_NAMES = [
  '<|endoftext|>',
  '<|end_of_text|>',
  '<eos>',
  '</s>',
  '<|eos|>',
  '<|im_end|>',
  '[EOS]',
  '[SEP]',
];

const MODEL_TYPES: readonly string[] = ['BPE', 'WordPiece', 'Unigram'];

interface TokenizerModelJson {
  type?: string;
  vocab?: unknown;
  merges?: unknown;
  unk_token?: string | null;
  byte_fallback?: boolean;
}

/** Throws UserError for a missing, broken or unsupported tokenizer file. */
export function loadTokenizer(choice: TokenizerChoice): TextTokenizer {
  return choice === 'bytes' ? bytesTokenizer() : fileTokenizer(choice.file, choice.endOfText);
}

/** UTF-8 bytes as ids 0…255, end of text 256. Needs no file and knows every text. */
export function bytesTokenizer(): TextTokenizer {
  return {
    hash: canonicalHash({ kind: 'bytes', vocabularySize: BYTES_VOCABULARY }),
    name: 'bytes',
    vocabularySize: BYTES_VOCABULARY,
    endOfTextId: BYTES_END_OF_TEXT,
    encode: (text) => new Uint32Array(Buffer.from(text, 'utf8')),
    decode: (ids) => Buffer.from(Array.from(ids).filter((id) => id < BYTES_END_OF_TEXT)).toString('utf8'),
  };
}

/**
 * A Hugging Face `tokenizer.json` (BPE, WordPiece or Unigram), run by @huggingface/tokenizers. Documents are encoded
 * without the file's special tokens round them. A document ends with `endOfText`, or the `eos_token` of a
 * `tokenizer_config.json` beside the file, or the first of the usual names that the vocabulary has.
 */
export function fileTokenizer(path: string, endOfText?: string): TextTokenizer {
  const bytes = readTokenizerFile(path);
  const json = parseJson(path, bytes);
  const library = openLibrary(path, json);
  const vocabulary = library.get_vocab(true);
  if (vocabulary.size === 0) {
    throw new UserError(
      `${path}: the vocabulary is empty`,
      'Name the tokenizer.json of a trained tokenizer.',
    );
  }
  let vocabularySize = 0;
  for (const id of vocabulary.values()) vocabularySize = Math.max(vocabularySize, id + 1);
  const { token, id: endOfTextId } = findEndOfText(path, vocabulary, endOfText);
  return {
    hash: canonicalHash({ kind: 'tokenizer.json', file: sha256(bytes), endOfText: token }),
    name:
      basename(path) === 'tokenizer.json' ? join(basename(dirname(path)), basename(path)) : basename(path),
    vocabularySize,
    endOfTextId,
    encode: (text) => {
      const ids: number[] = library.encode(text, { add_special_tokens: false }).ids;
      const unknown = ids.findIndex((id: number) => !Number.isInteger(id) || id < 0 || id >= vocabularySize);
      if (unknown >= 0) {
        throw new UserError(
          `${path}: the tokenizer has no token for a part of the text near ${JSON.stringify(text.slice(0, 60))}`,
          'Use a byte-level tokenizer, or one with an unknown token.',
        );
      }
      return ids;
    },
    decode: (ids) => library.decode(Array.from(ids), { skip_special_tokens: true }),
  };
}

function readTokenizerFile(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new UserError(
      `tokenizer ${path} ${missing ? 'does not exist' : `cannot be read (${messageOf(error)})`}`,
      'Name a tokenizer.json, or `bytes`.',
    );
  }
}

function parseJson(path: string, bytes: Uint8Array): object {
  const next = 'Name the tokenizer.json of a Hugging Face tokenizer (not tokenizer_config.json).';
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (error) {
    throw new UserError(`tokenizer ${path} is not JSON (${messageOf(error).slice(0, 120)})`, next);
  }
  const model = (json as { model?: TokenizerModelJson } | null)?.model;
  if (typeof model !== 'object' || model === null || !model.vocab) {
    throw new UserError(`tokenizer ${path} has no \`model\` with a \`vocab\``, next);
  }
  // Files of old have no type; the library then tells the model by its members.
  if (model.type !== undefined && !MODEL_TYPES.includes(model.type)) {
    throw new UserError(
      `tokenizer ${path} has a model of type ${model.type}`,
      `Use a tokenizer.json of model type ${MODEL_TYPES.join(', ')}.`,
    );
  }
  refuseDroppedText(path, model);
  return json as object;
}

/**
 * BPE without an unknown token leaves out, without a word, every character that it has no piece for. Only with a
 * piece for each byte (or bytes as fallback) can that not happen.
 */
function refuseDroppedText(path: string, model: TokenizerModelJson): void {
  const isBpe = model.type === 'BPE' || (model.type === undefined && model.merges !== undefined);
  if (!isBpe || model.unk_token || model.byte_fallback) return;
  const missing = byteAlphabet().filter((character) => !Object.hasOwn(model.vocab as object, character));
  if (missing.length === 0) return;
  throw new UserError(
    `tokenizer ${path} has neither an unknown token nor a piece for every byte (${missing.length} of 256 have none): ` +
      'text with other characters would be left out silently',
    'Use a byte-level tokenizer, or one with an unknown token.',
  );
}

/** The characters that byte-level BPE writes bytes as: printable Latin-1 as itself, the others from U+0100 on. */
function byteAlphabet(): string[] {
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);
    return String.fromCodePoint(printable ? byte : next++);
  });
}

function openLibrary(path: string, json: object): HuggingFaceTokenizer {
  try {
    // The second argument is tokenizer_config.json, which decides on padding and chat templates: not used here.
    return new HuggingFaceTokenizer(json, {});
  } catch (error) {
    throw new UserError(
      `tokenizer ${path} cannot be used: ${messageOf(error)}`,
      'Try the tokenizer.json of another model.',
    );
  }
}

function findEndOfText(
  path: string,
  vocabulary: Map<string, number>,
  asked: string | undefined,
): { token: string; id: number } {
  const named = asked ?? configuredEndOfText(path);
  const candidates = named === undefined ? END_OF_TEXT_NAMES : [named];
  for (const token of candidates) {
    const id = vocabulary.get(token);
    if (id !== undefined) return { token, id };
  }
  throw new UserError(
    `tokenizer ${path} has no token ${candidates.join(', ')} to end a document with`,
    'Name the token that does: `endOfText: …` beside the tokenizer file.',
  );
}

/** `eos_token` of a tokenizer_config.json beside the file; a string, or an object with `content`. */
function configuredEndOfText(path: string): string | undefined {
  const configPath = join(dirname(path), 'tokenizer_config.json');
  if (!existsSync(configPath)) return undefined;
  try {
    const token = JSON.parse(readFileSync(configPath, 'utf8')).eos_token;
    const content = typeof token === 'string' ? token : token?.content;
    return typeof content === 'string' ? content : undefined;
  } catch (error) {
    throw new UserError(`${configPath} cannot be read: ${messageOf(error)}`, 'Repair or remove it.');
  }
}
