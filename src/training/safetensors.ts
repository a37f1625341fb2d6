import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { z } from 'zod';
import { writeFileAtomicChunks } from '../common/atomicFile.ts';
import { UserError } from '../common/errors.ts';

export interface NamedTensor {
  shape: readonly number[];
  values: Float32Array;
}

const MAX_HEADER_BYTES = 100_000_000; // the format's own limit
const headerSchema = z.record(
  z.string(),
  z.union([
    z.object({
      dtype: z.literal('F32'),
      shape: z.array(z.int().nonnegative()),
      data_offsets: z.tuple([z.int().nonnegative(), z.int().nonnegative()]),
    }),
    z.record(z.string(), z.string()),
  ]),
);

/**
 * Writes float32 tensors in the safetensors format (8-byte little-endian header length, JSON header, data), sorted
 * by name so that equal tensors give equal bytes. Atomic.
 */
export function writeSafetensors(path: string, tensors: Record<string, NamedTensor>): void {
  const names = Object.keys(tensors).sort();
  const header: Record<string, unknown> = {};
  let offset = 0;
  for (const name of names) {
    const { shape, values } = tensors[name]!;
    header[name] = { dtype: 'F32', shape, data_offsets: [offset, offset + values.byteLength] };
    offset += values.byteLength;
  }
  const json = JSON.stringify(header);
  const padded = Buffer.from(json.padEnd(Math.ceil(json.length / 8) * 8, ' '));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.byteLength));
  writeFileAtomicChunks(
    path,
    (function* () {
      yield length;
      yield padded;
      for (const name of names) {
        const { values } = tensors[name]!;
        yield new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
      }
    })(),
  );
}

/** Reads every tensor of a safetensors file. Throws a UserError on a truncated, corrupt or non-float32 file. */
export function readSafetensors(path: string): Record<string, NamedTensor> {
  const file = openSync(path, 'r');
  try {
    const size = fstatSync(file).size;
    const readBytes = (position: number, count: number): Buffer => {
      if (position + count > size) throw new UserError(`${path} is truncated (${size} bytes)`);
      const bytes = Buffer.allocUnsafeSlow(count);
      for (let done = 0; done < count; ) {
        const got = readSync(file, bytes, done, count - done, position + done);
        if (got === 0) throw new UserError(`${path} is truncated (${size} bytes)`);
        done += got;
      }
      return bytes;
    };
    const headerBytes = Number(readBytes(0, 8).readBigUInt64LE());
    if (headerBytes > MAX_HEADER_BYTES) throw new UserError(`${path} is not a safetensors file`);
    const header = parseHeader(path, readBytes(8, headerBytes).toString('utf8'));
    const tensors: Record<string, NamedTensor> = {};
    for (const [name, entry] of Object.entries(header)) {
      if (name === '__metadata__') continue;
      if (!('dtype' in entry) || !Array.isArray(entry.shape) || !Array.isArray(entry.data_offsets)) {
        throw new UserError(`${path}: entry ${name} is not a float32 tensor`);
      }
      const shape = entry.shape as number[];
      const [begin, end] = entry.data_offsets as [number, number];
      const count = shape.reduce((product, side) => product * side, 1);
      if (end - begin !== count * 4) throw new UserError(`${path}: ${name} has a wrong length`);
      const bytes = readBytes(8 + headerBytes + begin, end - begin);
      tensors[name] = { shape, values: new Float32Array(bytes.buffer, bytes.byteOffset, count) };
    }
    return tensors;
  } finally {
    closeSync(file);
  }
}

function parseHeader(path: string, text: string): z.infer<typeof headerSchema> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new UserError(`${path} is not a safetensors file: its header is not JSON`);
  }
  const parsed = headerSchema.safeParse(json);
  if (!parsed.success)
    throw new UserError(`${path}: unreadable safetensors header (${parsed.error.issues[0]?.message})`);
  return parsed.data;
}
