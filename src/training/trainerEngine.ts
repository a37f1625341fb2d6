import { canonicalHash } from '../common/canonical.ts';
import { openEngine } from '../engine/openEngine.ts';
import type { Engine, EngineName, EngineSession, SessionDefinition } from '../engine/types.ts';

let opened: Promise<Engine> | undefined;

/** The process's one engine. Throws when a run asks for another engine than the one before. */
export async function openTrainerEngine(name: EngineName): Promise<Engine> {
  opened ??= openEngine(name).then(({ engine }) => engine);
  const engine = await opened;
  if (engine.name !== name) throw new Error(`this trainer runs ${engine.name}, the run asks for ${name}`);
  return engine;
}

/**
 * Keeps the last session: the runs of one model size share shapes, so that a trainer that takes them one after the
 * other traces and builds the graph once. Only one is kept, for the sake of device memory.
 */
export function sessionCache(): (
  engine: Engine,
  key: unknown,
  definition: () => SessionDefinition,
) => Promise<EngineSession> {
  let last: { key: string; session: EngineSession } | undefined;
  return async (engine, key, definition) => {
    const hash = canonicalHash(key);
    if (last?.key !== hash) {
      await last?.session.close();
      last = undefined;
      last = { key: hash, session: await engine.open(definition()) };
    }
    return last.session;
  };
}
