import { availableParallelism, totalmem } from 'node:os';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/common/errors.ts';
import { classOfGpu, cpuSlots, type Population, parseGpus, slotsOf } from '../../src/worker/devices.ts';

const GIB = 2 ** 30;
const gpus = [
  { index: 0, memoryBytes: 79.6 * GIB },
  { index: 1, memoryBytes: 24 * GIB },
];
const slots = (devices: string, count: number | null = null, found = gpus, population: Population = 'off') =>
  slotsOf({ devices, slots: count, population, listGpus: async () => found });

describe('slots', () => {
  it('one per thread of the processor, which share its memory', async () => {
    const all = await slots('cpu');
    expect(all).toHaveLength(availableParallelism());
    expect(all[0]).toMatchObject({
      device: 'cpu 0',
      deviceClass: 'cpu',
      environment: { OMP_NUM_THREADS: '1' },
    });
    const total = all.reduce((sum, slot) => sum + slot.memoryBytes, 0);
    expect(total).toBeLessThanOrEqual(totalmem());
    expect(cpuSlots(1)[0]!.memoryBytes).toBeGreaterThan(cpuSlots(4)[0]!.memoryBytes * 3.9);
    expect(() => cpuSlots(0)).toThrow(UserError);
  });

  it('one per GPU, each its own device, of the class of its memory', async () => {
    const all = await slots('auto');
    expect(all.map(({ device, deviceClass }) => `${device} ${deviceClass}`)).toEqual([
      'gpu 0 gpu-80g',
      'gpu 1 gpu',
    ]);
    expect(all.map((slot) => slot.environment.CUDA_VISIBLE_DEVICES)).toEqual(['0', '1']);
    expect(await slots('gpu:1')).toHaveLength(1);
    expect(await slots('gpu')).toHaveLength(2);
  });

  it('a GPU’s trainer looks for the device itself, in full float32, unless somebody decided otherwise', async () => {
    const environment = async (variables: Record<string, string>) =>
      (
        await slotsOf({ devices: 'gpu:0', slots: null, population: 1, listGpus: async () => gpus, variables })
      )[0]!.environment;
    expect(await environment({})).toMatchObject({ ONNX_DEVICE: 'auto', NVIDIA_TF32_OVERRIDE: '0' });
    expect(await environment({ ONNX_DEVICE: 'webgpu', NVIDIA_TF32_OVERRIDE: '1' })).toMatchObject({
      ONNX_DEVICE: 'webgpu',
      NVIDIA_TF32_OVERRIDE: '1',
    });
    await expect(environment({ ONNX_DEVICE: 'gpu' })).rejects.toThrow(/names no device/);
    expect((await slots('cpu'))[0]!.environment).not.toHaveProperty('ONNX_DEVICE');
  });

  it('auto without a GPU is the processor; gpu without one is refused', async () => {
    expect((await slots('auto', 3, [])).map((slot) => slot.device)).toEqual(['cpu 0', 'cpu 1', 'cpu 2']);
    await expect(slots('gpu', null, [])).rejects.toThrow(/no GPU was found/);
  });

  it.each([
    ['tpu', /names no device/],
    ['cpu:0', /names no device/],
    ['gpu:', /names no device/],
    ['gpu:0,0', /twice/],
    ['gpu:7', /no GPU 7/],
    ['gpu:0;rm', /names no device/],
  ])('refuses %s', async (devices, sentence) => {
    await expect(slots(devices)).rejects.toThrow(sentence);
  });

  it('a GPU has one trainer', async () => {
    await expect(slots('gpu', 2)).rejects.toThrow(/one trainer/);
  });

  it('several seats of a GPU share one trainer, which is told, and each has all of its memory', async () => {
    const all = await slots('gpu', null, gpus, 3);
    expect(all.map(({ device, seat, trainer }) => [device, seat, trainer])).toEqual([
      ['gpu 0', 0, 0],
      ['gpu 0', 1, 0],
      ['gpu 0', 2, 0],
      ['gpu 1', 0, 1],
      ['gpu 1', 1, 1],
      ['gpu 1', 2, 1],
    ]);
    expect(all.map((slot) => slot.memoryBytes)).toEqual(
      [79.6, 79.6, 79.6, 24, 24, 24].map((each) => each * GIB),
    );
    expect(all.every((slot) => slot.environment.POPULATION === '3')).toBe(true);
    expect(all[4]!.environment).toMatchObject({ CUDA_VISIBLE_DEVICES: '1', ONNX_DEVICE: 'auto' });
  });

  it('one seat is the whole device, and its trainer is told nothing', async () => {
    for (const population of ['off', 1] as const) {
      const all = await slots('gpu', null, gpus, population);
      expect(all.map(({ seat, trainer }) => [seat, trainer])).toEqual([
        [null, 0],
        [null, 1],
      ]);
      expect(all[0]!.environment.POPULATION).toBe('1');
    }
  });

  it('auto: 16 seats on a GPU, one on the processor; a number holds for both', async () => {
    const count = async (devices: string, population: Population) =>
      (await slots(devices, devices === 'cpu' ? 2 : null, gpus, population)).length;
    expect(await count('gpu:0', 'auto')).toBe(16);
    expect(await count('cpu', 'auto')).toBe(2);
    expect(await count('cpu', 'off')).toBe(2);
    const seats = await slots('cpu', 2, gpus, 4);
    expect(seats.map(({ trainer }) => trainer)).toEqual([0, 0, 0, 0, 1, 1, 1, 1]);
    expect(seats[5]).toMatchObject({ device: 'cpu 1', seat: 1, environment: { POPULATION: '4' } });
    expect(seats[5]!.memoryBytes).toBe(cpuSlots(2)[1]!.memoryBytes);
    // A machine without a GPU is the processor, on auto too.
    expect(await slots('auto', 3, [], 'auto')).toHaveLength(3);
  });

  it('refuses more slots than others would hear of', () => {
    expect(cpuSlots(64, 64)).toHaveLength(4096);
    expect(() => cpuSlots(65, 64)).toThrow(/65 trainers with 64 seats each/);
  });

  it('classes by memory', () => {
    expect([12, 24, 39.6, 44, 79.6, 140].map((size) => classOfGpu(size * GIB))).toEqual([
      'gpu',
      'gpu',
      'gpu-40g',
      'gpu-40g',
      'gpu-80g',
      'gpu-80g',
    ]);
  });

  it('reads what nvidia-smi prints', () => {
    expect(parseGpus('0, 81559\n1, 24564\n\nNo devices were found\n')).toEqual([
      { index: 0, memoryBytes: 81559 * 2 ** 20 },
      { index: 1, memoryBytes: 24564 * 2 ** 20 },
    ]);
  });
});
