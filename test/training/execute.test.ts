import { expect, it } from 'vitest';
import { canonicalHash } from '../../src/common/canonical.ts';
import type { SessionDefinition } from '../../src/engine/types.ts';
import { executeRun } from '../../src/training/execute.ts';
import type { RunSpec } from '../../src/training/runSpec.ts';
import { tinySpec } from './tinySpec.ts';

/** The session that a run asks for, and the key under which it may share one. */
async function sessionOf(spec: RunSpec): Promise<{ key: string; definition: SessionDefinition }> {
  let asked: { key: string; definition: SessionDefinition } | undefined;
  const task = {
    spec,
    shards: {},
    parent: null,
    workFolder: '',
    checkpointSeconds: 20,
    keepCheckpoint: false,
  };
  const running = executeRun(task, {
    openSession: async (key, definition) => {
      asked = { key: canonicalHash(key), definition: definition() };
      throw new Error('seen enough');
    },
    emit: () => {},
    note: () => {},
    signal: new AbortController().signal,
    nowMs: () => 0,
  });
  await expect(running).rejects.toThrow('seen enough');
  return asked!;
}

it('runs of another precision get a session of their own, in theirs', async () => {
  const single = await sessionOf(tinySpec());
  const half = await sessionOf({ ...tinySpec(), precision: 'float16' });
  expect([single.definition.precision, half.definition.precision]).toEqual(['float32', 'float16']);
  expect(half.key).not.toBe(single.key);
  // Another seed is no reason for another session.
  expect((await sessionOf({ ...tinySpec(), seed: 2 })).key).toBe(single.key);
});
