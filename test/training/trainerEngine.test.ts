import { describe, expect, it } from 'vitest';
import { createOnnxEngine } from '../../src/engine/onnx/engine.ts';
import type { Engine, SessionDefinition } from '../../src/engine/types.ts';
import { sessionSource } from '../../src/training/trainerEngine.ts';

/** One weight, in the precision asked for. */
const definitionIn = (precision: SessionDefinition['precision']) => (): SessionDefinition => ({
  state: { weight: { shape: [1], dtype: 'float32' } },
  functions: {},
  ...(precision && { precision }),
});

/** The processor under a GPU's name, with losses `factor` times too large in float16. Notes down what is opened. */
function fakeGpu(factor: number) {
  const opened: (readonly string[])[] = [];
  const processor = createOnnxEngine();
  const engine: Engine = {
    name: 'onnx',
    version: processor.version,
    device: 'webgpu',
    open: async (definition) => {
      opened.push(Object.keys(definition.functions));
      const session = await processor.open(definition);
      if (definition.precision !== 'float16') return session;
      return {
        ...session,
        call: async (...call) => {
          const { loss, ...others } = await session.call(...call);
          return { loss: loss!.map((value) => value * factor), ...others };
        },
      };
    },
  };
  return { engine, opened };
}

describe('a GPU in float16', () => {
  it.each([1, 4])('trains a tiny model once before the first session, with %i seats', async (population) => {
    const { engine, opened } = fakeGpu(1.005);
    const sessions = sessionSource(population);
    await (await sessions(engine, 0, definitionIn('float32'))).release();
    expect(opened).toEqual([[]]);
    const leases = await Promise.all([1, 2].map((key) => sessions(engine, key, definitionIn('float16'))));
    expect(opened.filter((functions) => functions.includes('train'))).toHaveLength(1);
    for (const lease of leases) await lease.release();
  });

  it('is refused when it trains wrongly, with what to set; float32 still works', async () => {
    const { engine } = fakeGpu(1.02);
    const sessions = sessionSource(1);
    await expect(sessions(engine, 1, definitionIn('float16'))).rejects.toMatchObject({
      problem: 'unsupported',
      message: expect.stringMatching(/^onnx on webgpu trains wrongly in float16: a tiny model’s loss is /),
      nextStep: expect.stringMatching(/training\.precision: float32/),
    });
    await (await sessions(engine, 2, definitionIn('float32'))).release();
  });
});

it('the processor needs no such trial', async () => {
  let opened = 0;
  const processor = createOnnxEngine();
  const counted: Engine = {
    ...processor,
    open: (definition) => {
      opened++;
      return processor.open(definition);
    },
  };
  await (await sessionSource(1)(counted, 1, definitionIn('float16'))).release();
  expect(opened).toBe(1);
});
