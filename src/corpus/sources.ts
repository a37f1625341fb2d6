import { sha256 } from '../common/canonical.ts';
import { UserError } from '../common/errors.ts';
import { readJsonl } from './jsonlReader.ts';
import { findFiles, hashFile, refuseChangedFile, type SourceFile } from './sourceFiles.ts';
import { filesWithin, readTextFile } from './textReader.ts';
import type { Document } from './types.ts';

/** JSON objects, one a line; plain, or packed with gzip when the name ends in `.gz`. */
export interface JsonlSource {
  /** Paths or globs. */
  jsonl: string | readonly string[];
  /** Which member holds the text; `text` when not given. */
  field?: string | undefined;
  /** Reads documents in the files' order, up to the first that would exceed these UTF-8 bytes of text. */
  maxBytes?: number | undefined;
}

/** Text files, one document each. */
export interface TextSource {
  /** Paths or globs; folders named node_modules are not special. */
  text: string | readonly string[];
  encoding?: 'utf-8' | undefined;
  /** Globs of files to leave out. */
  exclude?: readonly string[] | undefined;
  /** Reads files in a seeded random order of their names, up to the first that would exceed these bytes. */
  maxBytes?: number | undefined;
  /** Leaves larger files out (bundles, tables); counted as `too large`. */
  maxFileBytes?: number | undefined;
}

/** Synthetic text from one of the generators in `data/`. */
export interface DemoSource {
  /** The generator's name. */
  demo: string;
  /** How much to generate: a number of documents, or UTF-8 bytes; the generator's own default when neither is given. */
  documents?: number | undefined;
  bytes?: number | undefined;
  seed?: number | undefined;
  maxBytes?: number | undefined;
}

export type CorpusSource = JsonlSource | TextSource | DemoSource;

/** A maker of demo documents. `src/corpus` does not know `data/`: whoever calls passes the generators in. */
export interface DemoGenerator {
  /** Raised when the generator's text changes, so that what was cached is made again. */
  version: number;
  defaultBytes: number;
  /** Documents without end; the same seed gives the same bytes. */
  generate(seed: number): Iterable<string>;
}

export type DemoGenerators = Readonly<Record<string, DemoGenerator>>;

export interface SourceContext {
  generators: DemoGenerators;
  /** Relative paths start here. */
  baseFolder: string;
  /** Decides which files a `text` source reads under `maxBytes`, and a demo's text when its source names no seed. */
  seed: number;
}

/** A source whose files have been found and hashed, but not read. */
export interface OpenedSource {
  /** In words, for tables and reports. */
  description: string;
  synthetic: boolean;
  /** Plain JSON: equal identities give the same documents in the same order. Hashes of contents, no paths. */
  identity: Record<string, unknown>;
  /** UTF-8 bytes to expect, for progress; null when only reading would tell. */
  expectedBytes: number | null;
  /** Every document with text in it, once through. `onDropped` hears of the others, by reason. */
  documents(onDropped: (reason: string) => void): AsyncGenerator<Document>;
}

/** Finds a source's files and hashes them. Throws UserError for what is missing, unreadable or unknown. */
export async function openSource(source: CorpusSource, context: SourceContext): Promise<OpenedSource> {
  const opened =
    'jsonl' in source
      ? await openJsonl(source, context)
      : 'text' in source
        ? await openText(source, context)
        : openDemo(source, context);
  return { ...opened, documents: (onDropped) => withText(opened, onDropped) };
}

/** As OpenedSource, with bare texts, empty ones included. */
interface RawSource extends Omit<OpenedSource, 'documents'> {
  texts(onDropped: (reason: string) => void): AsyncGenerator<string> | Generator<string>;
}

async function openJsonl(source: JsonlSource, context: SourceContext): Promise<RawSource> {
  const patterns = typeof source.jsonl === 'string' ? [source.jsonl] : source.jsonl;
  const files = await findFiles(patterns, [], context.baseFolder);
  const { field = 'text', maxBytes } = source;
  const named = patterns.join(', ');
  return {
    description: `${named}${files.length > 1 ? ` (${files.length} files)` : ''}${limitWords(maxBytes)}`,
    synthetic: false,
    identity: { kind: 'jsonl', files: files.map(hashFile), field, maxBytes: maxBytes ?? null },
    expectedBytes: maxBytes ?? (files.some((file) => file.path.endsWith('.gz')) ? null : totalBytes(files)),
    async *texts() {
      async function* all() {
        for (const file of files) {
          yield* readJsonl(file, field);
          refuseChangedFile(file);
        }
      }
      yield* upTo(all(), maxBytes, named);
    },
  };
}

async function openText(source: TextSource, context: SourceContext): Promise<RawSource> {
  const patterns = typeof source.text === 'string' ? [source.text] : source.text;
  const label = patterns.join(', ');
  if (source.encoding !== undefined && source.encoding.toLowerCase() !== 'utf-8') {
    throw new UserError(`${label}: encoding ${source.encoding} is not read`, 'Convert the files to UTF-8.');
  }
  const found = await findFiles(patterns, source.exclude ?? [], context.baseFolder);
  const { maxFileBytes, maxBytes } = source;
  const small = maxFileBytes === undefined ? found : found.filter((file) => file.bytes <= maxFileBytes);
  const files = maxBytes === undefined ? small : filesWithin(small, maxBytes, context.seed);
  if (files.length === 0) {
    throw new UserError(
      `${label}: none of the ${found.length} files fits maxFileBytes or maxBytes`,
      'Raise the limits, or name other files.',
    );
  }
  const tooLarge = found.length - small.length;
  return {
    description: `${label} (${files.length} files)${limitWords(maxBytes)}`,
    synthetic: false,
    identity: { kind: 'text', files: files.map(hashFile), tooLarge },
    expectedBytes: totalBytes(files),
    *texts(onDropped) {
      for (let i = 0; i < tooLarge; i++) onDropped('too large');
      for (const file of files) {
        const text = readTextFile(file);
        refuseChangedFile(file);
        yield text;
      }
    },
  };
}

function openDemo(source: DemoSource, context: SourceContext): RawSource {
  const { demo, documents, maxBytes } = source;
  const generator = Object.hasOwn(context.generators, demo) ? context.generators[demo] : undefined;
  if (!generator) {
    const known = Object.keys(context.generators).map((name) => JSON.stringify(name));
    throw new UserError(`demo generator "${demo}" is unknown`, `Choose one of ${known.join(', ')}.`);
  }
  if (documents !== undefined && source.bytes !== undefined) {
    throw new UserError(`demo "${demo}": both documents and bytes are given`, 'Give one of them.');
  }
  const asked = documents === undefined ? (source.bytes ?? generator.defaultBytes) : undefined;
  const bytes = Math.min(asked ?? Number.POSITIVE_INFINITY, maxBytes ?? Number.POSITIVE_INFINITY);
  const seed = source.seed ?? context.seed;
  return {
    description: `demo generator "${demo}", synthetic`,
    synthetic: true,
    identity: {
      kind: 'demo',
      generator: demo,
      version: generator.version,
      documents: documents ?? null,
      bytes: Number.isFinite(bytes) ? bytes : null,
      seed,
    },
    expectedBytes: Number.isFinite(bytes) ? bytes : null,
    async *texts() {
      let count = 0;
      function* all() {
        for (const text of generator!.generate(seed)) {
          if (documents !== undefined && ++count > documents) return;
          yield text;
        }
      }
      yield* upTo(all(), Number.isFinite(bytes) ? bytes : undefined, `demo "${demo}"`);
    },
  };
}

async function* withText(source: RawSource, onDropped: (reason: string) => void): AsyncGenerator<Document> {
  let documents = 0;
  for await (const text of source.texts(onDropped)) {
    if (text.trim() === '') onDropped('empty');
    else {
      documents++;
      yield { id: sha256(text), text };
    }
  }
  if (documents === 0) {
    throw new UserError(`${source.description}: no document with text in it`, 'Name a source that has some.');
  }
}

async function* upTo(
  texts: AsyncIterable<string> | Iterable<string>,
  maxBytes: number | undefined,
  label: string,
): AsyncGenerator<string> {
  if (maxBytes === undefined) return yield* texts as AsyncIterable<string>;
  let bytes = 0;
  let documents = 0;
  for await (const text of texts) {
    bytes += Buffer.byteLength(text);
    if (bytes > maxBytes) {
      if (documents > 0) return;
      throw new UserError(
        `${label}: its first document has ${bytes} bytes, more than the limit of ${maxBytes}`,
        'Raise the limit.',
      );
    }
    documents++;
    yield text;
  }
}

function totalBytes(files: readonly SourceFile[]): number {
  return files.reduce((sum, file) => sum + file.bytes, 0);
}

function limitWords(maxBytes: number | undefined): string {
  return maxBytes === undefined ? '' : `, at most ${maxBytes} bytes`;
}
