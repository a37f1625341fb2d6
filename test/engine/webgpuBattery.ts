// What webgpu.test.ts has run in a process of its own, with a Vulkan driver.
import * as tf from '@tensorflow/tfjs';
import { expect, test } from 'vitest';
import { createOnnxEngine } from '../../src/engine/onnx/engine.ts';
import { openOnnxDevice } from '../../src/engine/onnx/openDevice.ts';
import { modelFromWidth } from '../../src/model/family.ts';
import { sessionDefinition } from '../../src/model/session.ts';
import { checkTraining } from '../../src/training/tinyTraining.ts';
import { engineContract } from '../contract/engine.ts';
import { BATCHES, OPTIMIZER, runsContract } from '../contract/runs.ts';

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

test('a driver without float16 is told as such, with what to set', async () => {
  const session = await createOnnxEngine('webgpu').open({
    precision: 'float16',
    state: { x: { shape: [4, 4], dtype: 'float32' } },
    functions: {
      square: {
        feeds: {},
        reads: ['x'],
        compute: ({ x }) => ({ outputs: { square: tf.matMul(x!, x!) } }),
      },
    },
  });
  // SwiftShader has no shader-f16.
  await expect(session.call('square', {})).rejects.toMatchObject({
    problem: 'unsupported',
    message: expect.stringMatching(/^webgpu has no float16/),
    nextStep: expect.stringMatching(/training\.precision: float32/),
  });
  await session.close();
});

/** Shaders are compiled anew for every graph, which takes seconds. */
const SMALL = modelFromWidth(16, { vocabularySize: 50, contextLength: 12, heads: 2, layers: 1 });

runsContract('onnx on webgpu', () => createOnnxEngine('webgpu'), {
  models: { 'one layer, two heads': SMALL },
  tolerance: 1e-4,
  alone: () => createOnnxEngine(),
  bitsOfAnyNumber: false,
});

test('several runs take hardly more launches than one, and nothing leaves the GPU in between', async () => {
  const definition = sessionDefinition(SMALL, OPTIMIZER, BATCHES);
  const engine = createOnnxEngine('webgpu');
  const [one, many] = [await engine.open(definition), await engine.openRuns!(definition, 9)];
  const launches = (notes: readonly string[] = []) => {
    const found =
      /^train: webgpu computes (\d+) of \d+ nodes, the processor 2 Slice; 2 copies to the GPU, 0 back$/;
    return Number(found.exec(notes[0]!)?.[1]);
  };
  expect(launches(many.notes?.())).toBeLessThan(1.3 * launches(one.notes?.()));
  await one.close();
  await many.close();
}, 150_000);
