import { describe, expect, test } from 'vitest';
import { UserError } from '../../src/common/errors.ts';
import { createEagerEngine } from '../../src/engine/eagerEngine.ts';
import { createOnnxEngine } from '../../src/engine/onnx/engine.ts';
import { openEngine } from '../../src/engine/openEngine.ts';
import { loadTensorflowEngine } from '../../src/engine/tensorflowEngine.ts';
import type { Engine } from '../../src/engine/types.ts';

const onnx = async (): Promise<Engine> => createOnnxEngine();
const eager = async (): Promise<Engine> => createEagerEngine('cpu');

/** An engine whose every result is off. */
async function wrong(): Promise<Engine> {
  const engine = createOnnxEngine();
  return {
    ...engine,
    open: async (definition) => {
      const session = await engine.open(definition);
      return { ...session, call: async () => ({ loss: Float32Array.of(2) }) };
    },
  };
}

describe('openEngine', () => {
  test('by name', async () => {
    const { engine, reason } = await openEngine('onnx');
    expect(engine.name).toBe('onnx');
    expect(engine.device).toBe('cpu');
    expect(reason).toMatch(/asked for/);
  });

  test('auto takes the fastest that works, and says what it tried', async () => {
    const { engine, reason } = await openEngine('auto', { tensorflow: eager, onnx });
    expect(engine.name).toBe('onnx');
    expect(reason).toMatch(/onnx [\d.]+ ms/);
    expect(reason).toMatch(/tensorflow [\d.]+ ms/);
  });

  test('auto passes over an engine that cannot be loaded or computes nonsense, and says why', async () => {
    const missing = async (): Promise<Engine> => {
      throw new Error('no such library');
    };
    const { engine, reason } = await openEngine('auto', { one: missing, two: wrong, onnx });
    expect(engine.name).toBe('onnx');
    expect(reason).toMatch(/one: no such library/);
    expect(reason).toMatch(/two: a tiny step gave the loss 2 in place of 1/);
  });

  test('no engine, or an unknown one, is a UserError', async () => {
    await expect(openEngine('auto', { two: wrong })).rejects.toThrow(UserError);
    await expect(openEngine('magic' as 'auto')).rejects.toThrow(/no engine magic/);
  });
});

describe('loadTensorflowEngine', () => {
  const notFound = (name: string): Error =>
    Object.assign(new Error(`Cannot find package '${name}' imported from elsewhere`), {
      code: 'ERR_MODULE_NOT_FOUND',
    });

  test('without its packages it says so, and what to do', async () => {
    const load = async (name: string): Promise<unknown> => Promise.reject(notFound(name));
    const error = await loadTensorflowEngine(load).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).message).toMatch(
      /tfjs-node-gpu is not installed; @tensorflow\/tfjs-node is not installed/,
    );
    expect((error as UserError).nextStep).toMatch(/onnx/);
  });

  test('a package whose binary does not load is told from one that is absent', async () => {
    const load = async (name: string): Promise<unknown> => {
      throw name.endsWith('-gpu') ? new Error('libcudart.so.11.0: cannot open\nat …') : notFound(name);
    };
    await expect(loadTensorflowEngine(load)).rejects.toThrow(
      /tfjs-node-gpu: libcudart\.so\.11\.0: cannot open; /,
    );
  });

  test('takes the GPU package before the other', async () => {
    const asked: string[] = [];
    const load = async (name: string): Promise<unknown> => {
      asked.push(name);
      return { version: { 'tfjs-node': '4.22.0' } };
    };
    const engine = await loadTensorflowEngine(load);
    expect(asked).toEqual(['@tensorflow/tfjs-node-gpu']);
    expect(engine).toMatchObject({
      name: 'tensorflow',
      device: 'gpu',
      version: '@tensorflow/tfjs-node-gpu 4.22.0',
    });
  });
});
