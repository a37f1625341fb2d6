import { describe, expect, it } from 'vitest';
import type { Announced } from '../../src/queue/announcements.ts';
import type { DeviceClass } from '../../src/queue/names.ts';
import type { WorkerInfo } from '../../src/queue/workers.ts';
import { placeRuns } from '../../src/sweep/placement.ts';
import { runMemoryBytes } from '../../src/training/memory.ts';
import { tinySpec } from '../training/tinySpec.ts';

const wanted = { homeId: 'a'.repeat(32), engine: 'onnx', numericsVersion: 1 };
let workers = 0;
const worker = (
  slots: [DeviceClass, number][],
  changed: Partial<WorkerInfo> = {},
  silentMs = 0,
): Announced<WorkerInfo> => ({
  id: `worker-${++workers}`,
  silentMs,
  info: {
    ...wanted,
    host: 'another-machine',
    pid: 1,
    processes: 'pid:[1]',
    versions: {},
    startedAt: '',
    draining: false,
    finishedRuns: 0,
    slots: slots.map(([deviceClass, gigabytes], at) => ({
      device: `${deviceClass} ${at}`,
      seat: null,
      deviceClass,
      memoryBytes: gigabytes * 1e9,
      doing: null,
    })),
    ...changed,
  },
});

describe('placeRuns', () => {
  it('the smallest class of a live worker that has room', () => {
    const placement = placeRuns(
      [
        worker([
          ['cpu', 4],
          ['cpu', 4],
        ]),
        worker([['gpu-80g', 80]]),
        worker([['gpu', 24]]),
      ],
      wanted,
    );
    expect(placement.slots).toBe(4);
    expect(placement.nobody).toBeNull();
    expect([1, 4, 5, 24, 30, 80].map((size) => placement.classOf(size * 1e9))).toEqual([
      'cpu',
      'cpu',
      'gpu',
      'gpu',
      'gpu-80g',
      'gpu-80g',
    ]);
    expect(placement.classOf(81e9)).toBeNull();
    expect(placement.problemFor('1.8B base', 81e9)).toMatch(/1\.8B base needs about 81 GB.*has 80 GB/);
  });

  it('a large processor takes what only a GPU could elsewhere', () => {
    expect(placeRuns([worker([['cpu', 200]])], wanted).classOf(100e9)).toBe('cpu');
  });

  it('nobody yet: the class that would do, and a sentence', () => {
    const placement = placeRuns([], wanted);
    expect([1, 10, 30, 70, 500].map((size) => placement.classOf(size * 1e9))).toEqual([
      'cpu',
      'gpu',
      'gpu-40g',
      'gpu-80g',
      'gpu-80g',
    ]);
    expect(placement.nobody).toMatch(/npm run worker/);
    expect(placement.slots).toBe(0);
  });

  it.each([
    ['another engine', { engine: 'tensorflow' }],
    ['another numerics version', { numericsVersion: 2 }],
    ['another artifact home', { homeId: 'b'.repeat(32) }],
  ])('a worker with %s cannot take its runs, and that is said', (_, changed) => {
    const placement = placeRuns([worker([['cpu', 4]], changed)], wanted);
    expect(placement.slots).toBe(0);
    expect(placement.nobody).toMatch(/1 live worker cannot take its runs/);
  });

  it('those that are gone or draining do not count', () => {
    const some = [worker([['cpu', 4]], {}, 60_000), worker([['cpu', 4]], { draining: true })];
    expect(placeRuns(some, wanted).slots).toBe(0);
  });
});

describe('runMemoryBytes', () => {
  it('grows with parameters and batch, and is never less than a process', () => {
    const spec = tinySpec();
    const tiny = runMemoryBytes(spec);
    expect(tiny).toBeGreaterThan(3e8);
    expect(tiny).toBeLessThan(4e8);
    expect(runMemoryBytes({ ...spec, batchSequences: 4096 })).toBeGreaterThan(tiny);
    // Llama-like, 1.1B parameters: 16 bytes each for parameters, gradients and moments, and what training holds beside.
    const large = runMemoryBytes({
      batchSequences: 8,
      model: {
        ...spec.model,
        vocabularySize: 32_000,
        contextLength: 2048,
        width: 2048,
        layers: 22,
        heads: 32,
        keyValueHeads: 4,
        feedForwardWidth: 5632,
        tiedEmbeddings: false,
      },
    });
    expect(large).toBeGreaterThan(17.6e9);
    expect(large).toBeLessThan(1.2e12);
  });
});
