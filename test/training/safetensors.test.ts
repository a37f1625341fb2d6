import { mkdtempSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSafetensors, writeSafetensors } from '../../src/training/safetensors.ts';

const folder = () => mkdtempSync(join(tmpdir(), 'safetensors-'));
const tensors = () => ({
  'b.weight': { shape: [2, 3], values: Float32Array.of(1, -2, 3.5, 1e-38, Number.MAX_VALUE, 0) },
  'a.weight': { shape: [], values: Float32Array.of(0.1) },
});

describe('safetensors', () => {
  it('gives back every bit, whatever order the tensors were written in', () => {
    const path = join(folder(), 'x.safetensors');
    writeSafetensors(path, tensors());
    const read = readSafetensors(path);
    expect(read['b.weight']).toEqual(tensors()['b.weight']);
    expect(read['a.weight']).toEqual(tensors()['a.weight']);
    const other = join(folder(), 'y.safetensors');
    writeSafetensors(other, Object.fromEntries(Object.entries(tensors()).reverse()));
    expect(readFileSync(other).equals(readFileSync(path))).toBe(true);
  });

  it('lays the file out as the format says', () => {
    const path = join(folder(), 'x.safetensors');
    writeSafetensors(path, tensors());
    const bytes = readFileSync(path);
    const headerBytes = Number(bytes.readBigUInt64LE(0));
    const header = JSON.parse(bytes.subarray(8, 8 + headerBytes).toString());
    expect(header['b.weight']).toEqual({ dtype: 'F32', shape: [2, 3], data_offsets: [4, 28] });
    expect(headerBytes % 8).toBe(0);
    expect(bytes.readFloatLE(8 + headerBytes)).toBeCloseTo(0.1, 7);
    expect(bytes.length).toBe(8 + headerBytes + 28);
  });

  it('leaves no temporary file', () => {
    const at = folder();
    writeSafetensors(join(at, 'x.safetensors'), tensors());
    expect(readdirSync(at)).toEqual(['x.safetensors']);
  });

  it('refuses truncated and foreign files by name', () => {
    const path = join(folder(), 'x.safetensors');
    writeSafetensors(path, tensors());
    truncateSync(path, readFileSync(path).length - 1);
    expect(() => readSafetensors(path)).toThrow(/x\.safetensors is truncated/);
    writeFileSync(path, 'hello world, this is no tensor file at all');
    expect(() => readSafetensors(path)).toThrow(/not a safetensors file/);
    const header = Buffer.from(JSON.stringify({ a: { dtype: 'F16', shape: [1], data_offsets: [0, 2] } }));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    writeFileSync(path, Buffer.concat([length, header, Buffer.alloc(2)]));
    expect(() => readSafetensors(path)).toThrow(/safetensors header|not a float32/);
  });
});
