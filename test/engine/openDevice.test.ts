import { describe, expect, test } from 'vitest';
import { UserError } from '../../src/common/errors.ts';
import { DeviceError } from '../../src/engine/onnx/deviceErrors.ts';
import { type OnnxDevice, parseOnnxDevice } from '../../src/engine/onnx/deviceNames.ts';
import { createOnnxEngine } from '../../src/engine/onnx/engine.ts';
import { openOnnxDevice } from '../../src/engine/onnx/openDevice.ts';
import type { Engine } from '../../src/engine/types.ts';

/** Engines that say they are on a device and compute on the processor, or fail with a text. */
const faked =
  (failing: Partial<Record<OnnxDevice, string>>) =>
  (device: OnnxDevice): Engine => ({
    ...createOnnxEngine(),
    device,
    open: async (definition) => {
      if (failing[device] !== undefined) throw new Error(failing[device]);
      return createOnnxEngine().open(definition);
    },
  });

const NO_CUDA = 'OrtSessionOptionsAppendExecutionProvider_Cuda: Failed to load shared library';
const NO_VULKAN = 'Failed to get a WebGPU adapter: No supported adapters';

describe('the device of the onnx engine', () => {
  test('is read from ONNX_DEVICE', () => {
    expect([undefined, '', 'cpu', 'auto', 'webgpu', 'cuda'].map(parseOnnxDevice)).toEqual([
      'cpu',
      'cpu',
      'cpu',
      'auto',
      'webgpu',
      'cuda',
    ]);
    expect(() => parseOnnxDevice('gpu')).toThrow(UserError);
  });

  test('auto: cuda before webgpu before the processor, with the reasons', async () => {
    const open = (failing: Partial<Record<OnnxDevice, string>>) =>
      openOnnxDevice('auto', { create: faked(failing) });
    const best = await open({});
    expect([best.engine.device, best.reason]).toEqual([
      'cuda',
      expect.stringMatching(/^onnx on cuda: a tiny step/),
    ]);
    const second = await open({ cuda: NO_CUDA });
    expect(second.engine.device).toBe('webgpu');
    expect(second.reason).toMatch(/; cuda cannot be used: ONNX Runtime’s CUDA provider .*setup:gpu/);
    const last = await open({ cuda: NO_CUDA, webgpu: NO_VULKAN });
    expect(last.engine.device).toBe('cpu');
    expect(last.reason).toMatch(
      /^onnx on the processor, because no GPU works: cuda .*; webgpu finds no Vulkan driver/,
    );
  });

  test('a device that computes nonsense, or does not pass the check, is passed over', async () => {
    const { engine, reason } = await openOnnxDevice('auto', {
      create: faked({ cuda: NO_CUDA }),
      check: async ({ device }) => {
        throw new Error(`onnx on ${device} trains wrongly`);
      },
    });
    expect(engine.device).toBe('cpu');
    expect(reason).toMatch(/; onnx on webgpu trains wrongly/);
  });

  test('a device asked for by name is not replaced by another', async () => {
    const asked = openOnnxDevice('cuda', { create: faked({ cuda: NO_CUDA }) });
    await expect(asked).rejects.toThrow(DeviceError);
    const wrong = openOnnxDevice('webgpu', {
      create: faked({}),
      check: async () => {
        throw new Error('it trains wrongly');
      },
    });
    await expect(wrong).rejects.toThrow(/^webgpu: it trains wrongly/);
    expect((await openOnnxDevice('webgpu', { create: faked({}) })).engine.device).toBe('webgpu');
  });

  test('webgpu is not taken by the trainer of another GPU than the first', async () => {
    const open = (visibleGpus: string) =>
      openOnnxDevice('auto', { create: faked({ cuda: NO_CUDA }), visibleGpus });
    expect((await open('0')).engine.device).toBe('webgpu');
    const second = await open('1');
    expect(second.engine.device).toBe('cpu');
    expect(second.reason).toMatch(/webgpu opens the machine’s first GPU, this trainer has number 1/);
  });
});
