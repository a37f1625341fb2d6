import { messageOf, UserError } from '../common/errors.ts';
import { createOnnxEngine } from './onnx/engine.ts';
import { loadTensorflowEngine } from './tensorflowEngine.ts';
import { tinyStepMs } from './tinyStep.ts';
import type { Engine, EngineName } from './types.ts';

export interface OpenedEngine {
  engine: Engine;
  /** One sentence: why this engine. */
  reason: string;
}

const LOADERS: Record<EngineName, () => Promise<Engine>> = {
  tensorflow: loadTensorflowEngine,
  onnx: async () => createOnnxEngine(),
};

/**
 * Opens the engine of that name. `auto` runs a tiny step on each engine that this machine might have and takes the
 * fastest that works. Throws a UserError when the engine asked for (or with `auto`, any) does not work here.
 */
export async function openEngine(
  name: EngineName | 'auto',
  loaders: Readonly<Record<string, () => Promise<Engine>>> = LOADERS,
): Promise<OpenedEngine> {
  if (name !== 'auto') {
    const load = loaders[name];
    if (!load)
      throw new UserError(
        `there is no engine ${name}`,
        `Use auto or one of: ${Object.keys(loaders).join(', ')}.`,
      );
    return { engine: await load(), reason: 'asked for by name' };
  }
  const working: { engine: Engine; stepMs: number }[] = [];
  const failures: string[] = [];
  for (const [candidate, load] of Object.entries(loaders)) {
    try {
      const engine = await load();
      working.push({ engine, stepMs: await tinyStepMs(engine) });
    } catch (error) {
      const message = messageOf(error);
      failures.push(message.includes(candidate) ? message : `${candidate}: ${message}`);
    }
  }
  const best = working.sort((a, b) => a.stepMs - b.stepMs)[0];
  if (!best)
    throw new UserError(`no engine works on this machine (${failures.join('; ')})`, 'Run npm ci again.');
  const timed = working.map(({ engine, stepMs }) => `${engine.name} ${stepMs.toFixed(1)} ms`).join(', ');
  const reason = `tiny step: ${timed}${failures.length > 0 ? `; ${failures.join('; ')}` : ''}`;
  return { engine: best.engine, reason };
}
