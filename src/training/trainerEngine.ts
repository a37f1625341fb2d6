import { canonicalHash } from '../common/canonical.ts';
import { messageOf, UserError } from '../common/errors.ts';
import { DeviceError } from '../engine/onnx/deviceErrors.ts';
import { parseOnnxDevice } from '../engine/onnx/deviceNames.ts';
import { openOnnxDevice } from '../engine/onnx/openDevice.ts';
import { type OpenedEngine, openEngine } from '../engine/openEngine.ts';
import type { Engine, EngineName, EngineSession, SessionDefinition } from '../engine/types.ts';
import { openPopulation, type Population } from './population.ts';
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

/** A session for one run, given back when the run has ended. */
export interface SessionLease {
  session: EngineSession;
  release(): Promise<void>;
}

/** Opens sessions for runs; equal keys mean equal definitions. */
export type SessionSource = (
  engine: Engine,
  key: unknown,
  definition: () => SessionDefinition,
) => Promise<SessionLease>;

/**
 * Sessions for a trainer's runs. The runs of one model size share shapes: where several train at once (`population`)
 * and the engine can, they share a graph; else the session that was given back last is kept for the next run, so that
 * a trainer which takes them one after the other traces and builds the graph once. Only one is kept, for the sake of
 * device memory.
 */
export function sessionSource(population: number, note: (line: string) => void = () => {}): SessionSource {
  const check = halfPrecisionCheck();
  const alone = keptSessions(note);
  const together = sharedSessions(population, note);
  let told = false;
  return async (engine, key, definition) => {
    await check(engine, definition);
    if (population <= 1) return alone(engine, key, definition);
    if (engine.openRuns) return together(engine, key, definition);
    if (!told)
      note(`the ${engine.name} engine trains ${population} runs beside each other, not in one graph`);
    told = true;
    return alone(engine, key, definition);
  };
}

/**
 * A GPU has trained a tiny model in float32 when it was opened (see openTrainerEngine); the first session in float16 has
 * it train one in that.
 */
function halfPrecisionCheck(): (engine: Engine, definition: () => SessionDefinition) => Promise<void> {
  let checked: Promise<unknown> | undefined;
  return async (engine, definition) => {
    if (engine.device === 'cpu' || definition().precision !== 'float16') return;
    checked ??= checkTraining(engine, 'float16');
    try {
      await checked;
    } catch (error) {
      checked = undefined;
      if (error instanceof UserError) throw error;
      const remedy = 'Set training.precision: float32, or train on another device.';
      throw new DeviceError('unsupported', messageOf(error), remedy, error);
    }
  };
}

function keptSessions(note: (line: string) => void): SessionSource {
  let kept: { hash: string; session: EngineSession } | undefined;
  const replaceKept = async (next: typeof kept): Promise<void> => {
    const old = kept;
    kept = next;
    await old?.session.close();
  };
  return async (engine, key, definition) => {
    const hash = canonicalHash(key);
    let session: EngineSession;
    if (kept?.hash === hash) {
      session = kept.session;
      kept = undefined;
    } else {
      await replaceKept(undefined);
      session = await engine.open(definition());
      for (const line of session.notes?.() ?? []) note(line);
    }
    return { session, release: () => replaceKept({ hash, session }) };
  };
}

function sharedSessions(most: number, note: (line: string) => void): SessionSource {
  const populations = new Map<string, Population>();
  return async (engine, key, definition) => {
    const hash = canonicalHash(key);
    for (const [other, population] of populations) {
      if (other === hash || population.members > 0) continue;
      populations.delete(other);
      await population.close();
    }
    const openRuns = async (runs: number) => {
      const session = await engine.openRuns!(definition(), runs);
      note(`a graph for ${runs} runs at once`);
      for (const line of session.notes?.() ?? []) note(line);
      return session;
    };
    const population = populations.get(hash) ?? openPopulation({ openRuns, most });
    populations.set(hash, population);
    const session = population.join();
    return { session, release: () => session.close() };
  };
}
