import { canonicalHash } from '../common/canonical.ts';
import { parseOnnxDevice } from '../engine/onnx/deviceNames.ts';
import { openOnnxDevice } from '../engine/onnx/openDevice.ts';
import { type OpenedEngine, openEngine } from '../engine/openEngine.ts';
import type { Engine, EngineName, EngineSession, SessionDefinition } from '../engine/types.ts';
import { checkTraining, checkWorthwhile } from './tinyTraining.ts';

let opened: Promise<OpenedEngine> | undefined;

/**
 * The process's one engine, on the device that ONNX_DEVICE asks for (the onnx engine's; a worker sets it for its GPUs).
 * Throws when a run asks for another engine than the one before, a DeviceError when the device does not work.
 */
export async function openTrainerEngine(
  name: EngineName,
  note: (line: string) => void = () => {},
): Promise<Engine> {
  if (!opened) {
    opened = open(name);
    // The next run may find the device again.
    opened.catch(() => {
      opened = undefined;
    });
    const { engine, reason } = await opened;
    if (engine.name === 'onnx' && process.env.ONNX_DEVICE) note(reason);
  }
  const { engine } = await opened;
  if (engine.name !== name) throw new Error(`this trainer runs ${engine.name}, the run asks for ${name}`);
  return engine;
}

function open(name: EngineName): Promise<OpenedEngine> {
  if (name !== 'onnx') return openEngine(name);
  const device = parseOnnxDevice(process.env.ONNX_DEVICE);
  return openOnnxDevice(device, {
    // Whoever names a device gets it, be it slow.
    check: device === 'auto' ? checkWorthwhile : checkTraining,
    visibleGpus: process.env.CUDA_VISIBLE_DEVICES,
  });
}

/**
 * Keeps the last session: the runs of one model size share shapes, so that a trainer that takes them one after the
 * other traces and builds the graph once. Only one is kept, for the sake of device memory.
 */
export function sessionCache(
  note: (line: string) => void = () => {},
): (engine: Engine, key: unknown, definition: () => SessionDefinition) => Promise<EngineSession> {
  let last: { key: string; session: EngineSession } | undefined;
  return async (engine, key, definition) => {
    const hash = canonicalHash(key);
    if (last?.key !== hash) {
      await last?.session.close();
      last = undefined;
      last = { key: hash, session: await engine.open(definition()) };
      for (const line of last.session.notes?.() ?? []) note(line);
    }
    return last.session;
  };
}
