// What webgpu.test.ts has run in a process of its own, with a Vulkan driver.
import { expect, test } from 'vitest';
import { createOnnxEngine } from '../../src/engine/onnx/engine.ts';
import { openOnnxDevice } from '../../src/engine/onnx/openDevice.ts';
import { checkTraining } from '../../src/training/tinyTraining.ts';
import { engineContract } from '../contract/engine.ts';

engineContract('onnx on webgpu', () => createOnnxEngine('webgpu'));

test('auto takes webgpu, says why not cuda, and trains a tiny model as the processor does', async () => {
  const trained: unknown[] = [];
  const { engine, reason } = await openOnnxDevice('auto', {
    check: async (candidate) => trained.push(await checkTraining(candidate)),
  });
  expect(engine.device).toBe('webgpu');
  expect(reason).toMatch(/^onnx on webgpu: a tiny step takes [\d.]+ ms; cuda /);
  const [{ notes, stepMs }] = trained as [Awaited<ReturnType<typeof checkTraining>>];
  expect(stepMs).toBeGreaterThan(0);
  // The tokens are cut into inputs and targets before they go up: whatever else left the GPU would cost a wait.
  expect(notes).toEqual([
    expect.stringMatching(
      /^train: webgpu computes \d+ of \d+ nodes, the processor 2 Slice; 2 copies to the GPU, 0 back$/,
    ),
    expect.stringMatching(/^evaluate: .* the processor 2 Slice; 2 copies to the GPU, 0 back$/),
  ]);
}, 150_000);
