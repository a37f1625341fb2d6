import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { UserError } from '../common/errors.ts';
import { type SourceFile, unreadable } from './sourceFiles.ts';
import { decodeUtf8, invalidUtf8At } from './utf8.ts';

const NEWLINE = 10;
const READ_BYTES = 1 << 18;
/** A document this long is a mistake (a JSON array on one line, a binary file), and would fill the memory. */
const MAX_LINE_BYTES = 64 << 20;

/**
 * The texts of a JSONL file, one object a line, in the file's order; blank lines are passed over. A file whose name
 * ends in `.gz` is unpacked on the way. Throws UserError naming file and line.
 */
export async function* readJsonl(file: SourceFile, field: string): AsyncGenerator<string> {
  let line = 0;
  for await (const bytes of lines(file)) {
    line++;
    const text = decodeUtf8(bytes);
    if (text === null) {
      throw new UserError(
        `${file.name}, line ${line}: invalid UTF-8 at byte ${invalidUtf8At(bytes)! + 1} of the line`,
        'Save the file as UTF-8, or remove the line.',
      );
    }
    if (text.trim() === '') continue;
    yield textField(text, field, `${file.name}, line ${line}`);
  }
}

function textField(line: string, field: string, where: string): string {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw new UserError(
      `${where}: not JSON (${(error as Error).message.slice(0, 120)})`,
      'Write one JSON object a line.',
    );
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const kind = Array.isArray(value) ? 'an array' : value === null ? 'null' : `a ${typeof value}`;
    throw new UserError(`${where}: ${kind} where an object was expected`, 'Write one JSON object a line.');
  }
  if (!Object.hasOwn(value, field)) {
    const fields = Object.keys(value).map((key) => JSON.stringify(key));
    throw new UserError(
      `${where}: no field ${JSON.stringify(field)}; its fields are ${fields.join(', ') || 'none'}`,
      'Name the field that holds the text: `field: …` beside `jsonl:`.',
    );
  }
  const text = (value as Record<string, unknown>)[field];
  if (typeof text !== 'string') {
    const kind = Array.isArray(text) ? 'an array' : text === null ? 'null' : `a ${typeof text}`;
    throw new UserError(
      `${where}: field ${JSON.stringify(field)} is ${kind}, not a string`,
      'Name the field that holds the text: `field: …` beside `jsonl:`.',
    );
  }
  if (/\p{Surrogate}/u.test(text)) {
    throw new UserError(
      `${where}: field ${JSON.stringify(field)} holds half of a surrogate pair (\\ud800 … \\udfff), which is no character`,
      'Repair or remove the line.',
    );
  }
  return text;
}

async function* lines(file: SourceFile): AsyncGenerator<Uint8Array> {
  const packed = file.path.endsWith('.gz');
  const input = createReadStream(file.path, { highWaterMark: READ_BYTES });
  const stream: Readable = packed ? input.pipe(createGunzip({ chunkSize: READ_BYTES })) : input;
  // pipe() does not pass errors on.
  if (packed) input.on('error', (error) => stream.destroy(error));
  let rest: Buffer[] = [];
  let restBytes = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      let from = 0;
      for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
        const piece = chunk.subarray(from, at);
        yield rest.length > 0 ? Buffer.concat([...rest, piece]) : piece;
        rest = [];
        restBytes = 0;
        from = at + 1;
      }
      if (from < chunk.length) {
        rest.push(chunk.subarray(from));
        restBytes += chunk.length - from;
      }
      if (restBytes > MAX_LINE_BYTES) {
        throw new UserError(
          `${file.name}: a line of more than ${MAX_LINE_BYTES >> 20} MiB`,
          'JSONL has one object a line: is this a JSON array, or a binary file?',
        );
      }
    }
  } catch (error) {
    throw gzipFailure(file, error);
  } finally {
    input.destroy();
    stream.destroy();
  }
  if (restBytes > 0) yield Buffer.concat(rest);
}

function gzipFailure(file: SourceFile, error: unknown): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'Z_BUF_ERROR') {
    return new UserError(`${file.name}: the gzip file is truncated`, 'Copy or download it again.');
  }
  if (code?.startsWith('Z_')) {
    return new UserError(`${file.name}: the gzip file is corrupt (${message})`, 'Copy or download it again.');
  }
  return unreadable(file, error);
}
